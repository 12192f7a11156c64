# test_make.sh: what make does with other compilers, other flags and other folders than its author's. Mostly dry runs
# (make -n), with compilers that only say who they are.
. "$ROOT/tests/lib.sh"
cd "$ROOT" || exit 1
unset MAKEFLAGS MFLAGS MAKEOVERRIDES CFLAGS CPPFLAGS LDFLAGS LDLIBS
dry() { make -n "BUILD=$work/none" "$@" 2>&1; }
compiler() { # name, target, first line of --version
    printf '#!/bin/sh\ncase "$*" in *-dumpmachine*) echo "%s";; *--version*) echo "%s";; *) exit 1;; esac\n' "$2" "$3" > "$work/$1"
    chmod +x "$work/$1"
    echo "$work/$1"
}
gcc64=$(compiler gcc64 x86_64-linux-gnu "gcc (Debian 14.2.0) 14.2.0")
arm=$(compiler arm aarch64-linux-gnu "aarch64-linux-gnu-gcc (Debian 12.2.0) 12.2.0")
icx=$(compiler icx x86_64-unknown-linux-gnu "Intel(R) oneAPI DPC++/C++ Compiler 2024.1.0 (2024.1.0.20240308)")

# Cross compilers: the compiler's machine decides, not this one.
dry CC="$gcc64" all | grep -q -e '-mavx512f .*vector_'; ok $? "a compiler for x86-64 builds the kernels for AVX-512"
dry CC="$arm" all > "$work/said"; ! grep -q -e '-mavx' -e 'HAVE_X86' "$work/said" && grep -q -e '-DISA=plain' "$work/said"
ok $? "a compiler for aarch64 gets no flag of x86, wherever make runs"
dry CC="$icx" all | grep -q -e '-fp-model=precise .*vector_'; ok $? "icx is told that there are NaNs"
! dry CC="$gcc64" all | grep -q -e '-fp-model'; ok $? "gcc is not"

# And if a real one is here: the vector kernels, built by the Makefile for aarch64, are right.
if command -v aarch64-linux-gnu-gcc > /dev/null && emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64); then
    objects=$(for file in base/random kernels/vector; do echo "$work/cross/$file.o"; done; for file in src/kernels/vector_*.c; do echo "$work/cross/kernels/$(basename "$file" .c).plain.o"; done)
    # shellcheck disable=SC2086
    make -s CC=aarch64-linux-gnu-gcc "BUILD=$work/cross" $objects "$work/cross/tests/kernels/test_vector.o" > "$work/said" 2>&1 &&
        aarch64-linux-gnu-gcc -static -fopenmp -o "$work/vector" $objects "$work/cross/tests/kernels/test_vector.o" -lm 2>> "$work/said" &&
        "$emulator" "$work/vector" > "$work/vector.out" && ! grep -q "^not ok" "$work/vector.out"
    ok $? "aarch64: $(grep -c "^ok" "$work/vector.out") cases of the vector kernels hold under qemu $(grep -m1 -e error -e "undefined" "$work/said")"
else skip "aarch64: no cross compiler and qemu-user-static here"; fi

# Flags of the caller are added and win; they cancel nothing.
line=$(dry CC="$gcc64" CFLAGS=-O1 CPPFLAGS=-I/somewhere all | grep -m1 -e '-o .*base/text.o')
case $line in *" -Iinclude"*" -I/somewhere"*" -std=c11"*" -fopenmp"*" -O2"*" -O1"*) ok 0 "CFLAGS and CPPFLAGS on the command line stand behind ours";; *) ok 1 "flags: $line";; esac
dry CC="$gcc64" LDFLAGS=-L/somewhere LDLIBS=-lmine all | grep 'none/collapse ' | grep -q -e ' -L/somewhere .* -lmine .* -lblis .* -lm'; ok $? "LDFLAGS and LDLIBS too"
CFLAGS=-O1 dry CC="$gcc64" all | grep -m1 -e '-o .*base/text.o' | grep -q -e '-std=c11 .* -O1 '; ok $? "and when they come from the environment"

# Other flags: compiled anew. The same: not.
one() { make CC="$1" CFLAGS="$2" BUILD="$work/objects" "$work/objects/base/text.o" 2>&1 | grep -c "cc .*text.c"; }
cc=$(command -v gcc || command -v cc)
[ "$(one "$cc" -O1)$(one "$cc" -O1)$(one "$cc" "-O1 -DX='a b'")$(one "$cc" "-O1 -DX='a b'")" = 1010 ]; ok $? "objects are compiled anew exactly when the flags are others"

# MPI=
line=$(dry MPI=mpich all | grep -m1 -e '-o .*base/text.o'); case $line in mpicc.mpich\ *) ok 0 "MPI=mpich compiles with mpicc.mpich";; *) ok 1 "MPI=mpich: $line";; esac
dry MPI=mpich all | grep 'none/collapse ' | grep -q -e '-lblis -lscalapack-mpich'; ok $? "and links the ScaLAPACK of MPICH, behind BLIS"
dry MPI=mpich check | grep -q "^tests/deps.sh check"; ok $? "check asks for what the tests need"
dry MPI=lam all | grep -q "MPI=lam: openmpi or mpich"; ok $? "an unknown MPI is refused: $(dry MPI=lam all | grep -m1 -o 'MPI=lam.*')"

# A compiler is called by its name.
named() { # macros, name
    local said
    printf 'const char *version_compiler(void);\n#include <stdio.h>\nint main(void) { puts(version_compiler()); return 0; }\n' > "$work/who.c"
    # shellcheck disable=SC2086
    "$cc" -w -Iinclude $1 -o "$work/who" src/base/version.c "$work/who.c" && said=$("$work/who")
    case $said in "$2"*) ok 0 "a compiler's name: $said";; *) ok 1 "$1: $said";; esac
}
named "" "$("$cc" --version | grep -qi clang && echo clang || echo gcc) $("$cc" -dumpversion | cut -d. -f1)"
named "-D__clang__ -D__clang_version__=\"17.0.1\"" "clang 17.0.1"
named "-D__clang__ -D__clang_version__=\"18\" -D__INTEL_LLVM_COMPILER=20240100" "icx 2024.1.0"
named "-D__NVCOMPILER=1 -D__NVCOMPILER_MAJOR__=24 -D__NVCOMPILER_MINOR__=3" "nvc 24.3"
named "-D__clang__ -D__clang_version__=\"17\" -D__cray__=1 -D__cray_major__=17 -D__cray_minor__=0" "Cray clang 17.0"
named "-D__INTEL_COMPILER=2021" "icc 2021"

# Installing, and a folder that belongs to somebody else.
make -o all install "BUILD=$BUILD" PREFIX=/usr "DESTDIR=$work/root" > "$work/said" 2>&1
at=$work/root/usr/share/collapse
[ -x "$work/root/usr/bin/collapse-check" ] && [ -f "$at/readers/geometry.py" ] && [ -f "$at/CITATION.cff" ] && [ -f "$at/jobs/launcher.sh" ] && [ -f "$at/docs/cluster.md" ]
ok $? "install: programs, readers, jobs, docs, CITATION.cff: $(tail -n 1 "$work/said")"
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null && command -v git > /dev/null && [ -e .git ]; then
    mkdir "$work/theirs"; cp -R Makefile src include hdf5-tools "$work/theirs/"; (cd "$work/theirs" && git init -q . 2> /dev/null); chmod -R a+rX "$work" "$TMP"
    setpriv --reuid=65534 --clear-groups make -n -C "$work/theirs" BUILD="$work/none" all 2>&1 | grep -i -e dubious -e fatal
    [ $? = 1 ]; ok $? "a folder of another user: make says nothing of git's doubts"
else skip "not root, or no git: whose folder it is cannot be changed"; fi
