# test_deps.sh: deps.sh is silent where all is there, and says which part is missing where it is not: with names given to
# make, without root, without apt-get. What is there, it is told not to find.
. "$ROOT/tests/lib.sh"
cd "$ROOT" || exit 1
# A PATH that has all commands but those that install.
mkdir "$work/bin"
for folder in /usr/local/bin /usr/bin /bin; do ln -s "$folder"/* "$work/bin/" 2> /dev/null; done
case $(command -v mpirun) in "${TMP%/*}"/bin/*) cp "${TMP%/*}/bin/mpirun" "$work/bin/";; esac
rm -f "$work/bin/apt-get" "$work/bin/sudo"
# What make hands over, in the order of use: the Makefile's values of this build.
eval "$(make -s -p -n -f Makefile BUILD="$work/none" MPI="${MPI:-openmpi}" all 2> /dev/null | sed -n "s/^\(CC\|HDF5\|SCALAPACK\|PKG_CONFIG\) [:?]*= \(.*\)/export \1='\2'/p")"
deps() { PATH=$work/bin env "$@" tests/deps.sh check; }

deps > "$work/said" 2>&1; code=$?; [ $code = 0 ] && [ ! -s "$work/said" ]; ok $? "all there: not a word $(cat "$work/said")"
names() { # pattern, settings...
    local pattern=$1; shift
    deps "$@" > "$work/said" 2>&1
    local code=$?
    [ $code != 0 ] && grep -q -e "$pattern" "$work/said" && [ "$(grep -c '^  ' "$work/said")" = 1 ]
    ok $? "$*: $(grep -m1 '^  ' "$work/said" | cut -c3-170)"
}
names "parallel HDF5: pkg-config knows no module hdf5-none" HDF5=hdf5-none
names "ScaLAPACK: .*lscalapack-none" SCALAPACK="-lscalapack-none -llapack"
names "compiler: mpicc-none is not a command" CC=mpicc-none
names "launcher: mpirun-none is not a command" MPIRUN="mpirun-none --word"
printf '#!/bin/sh\nfor a; do case $a in *.c) grep -q blis.h "$a" && exit 1;; esac; done\nexec %s "$@"\n' "$CC" > "$work/bin/no-blis"
printf '#!/bin/sh\nfor a; do case $a in --version) echo "Debian clang version 14.0.6"; exit;; *.c) grep -q omp.h "$a" && exit 1;; esac; done\nexec %s "$@"\n' "$CC" > "$work/bin/no-omp"
printf '#!/bin/sh\nfor a; do case $a in *.c) grep -q H5_HAVE_PARALLEL "$a" && exit 1;; esac; done\nexec %s "$@"\n' "$CC" > "$work/bin/no-parallel"
chmod +x "$work"/bin/no-*
names "BLIS: blis.h or -lblis" CC=no-blis
names "OpenMP: no-omp, which is clang 14, finds no omp.h.*libomp" CC=no-omp
names "wants it parallel" CC=no-parallel
rm "$work/bin/h5dump"
names "h5dump" CC="$CC"
PATH=$work/bin tests/deps.sh build > "$work/said" 2>&1; ok $? "building does not ask for h5dump: $(cat "$work/said")"

# apt-get without root: the line for root, and nothing is tried.
printf '#!/bin/sh\ntouch "%s/tried"\n' "$work" > "$work/bin/apt-get"; rm "$work/bin/id"; printf '#!/bin/sh\necho 1000\n' > "$work/bin/id"; chmod +x "$work/bin/apt-get" "$work/bin/id"
deps > "$work/said" 2>&1 < /dev/null; [ $? = 1 ] && grep -q "as root.*apt-get update && apt-get install -y .*hdf5-tools$" "$work/said" && [ ! -e "$work/tried" ]; ok $? "no sudo: $(tail -n 1 "$work/said")"
printf '#!/bin/sh\n[ "$1" = -n ] && exit 1\ntouch "%s/tried"\n' "$work" > "$work/bin/sudo"; chmod +x "$work/bin/sudo"
deps > "$work/said" 2>&1 < /dev/null; [ $? = 1 ] && grep -q "as root" "$work/said" && [ ! -e "$work/tried" ]; ok $? "sudo that would ask for a password nobody types: the same"
printf '#!/bin/sh\nexit 0\n' > "$work/bin/sudo"
deps > "$work/said" 2>&1; [ $? = 1 ] && grep -q "installed; still missing" "$work/said" && grep -q "^  h5dump" "$work/said"; ok $? "installed without effect: what is still missing"
deps HDF5=hdf5-none > "$work/said" 2>&1; [ $? = 1 ] && grep -q "no Debian package" "$work/said" && grep -q "hdf5-none" "$work/said"; ok $? "a name that is not Debian's: nothing is installed in its place"

# oneDNN comes along with BLIS where apt-get knows it, which a fresh machine does only after the update.
rm -f "$work/bin/apt-get" "$work/bin/apt-cache" "$work/bin/sudo"
printf '#!/bin/sh\n[ "$1" = -n ] || exec "$@"\n' > "$work/bin/sudo"
printf '#!/bin/sh\ncase "$*" in *update*) touch "%s/updated";; *install*) echo "$*" > "%s/asked";; esac\n' "$work" "$work" > "$work/bin/apt-get"
printf '#!/bin/sh\nif [ -e "%s/updated" ]; then echo "libdnnl-dev - oneDNN"; fi\n' "$work" > "$work/bin/apt-cache"
chmod +x "$work/bin/sudo" "$work/bin/apt-get" "$work/bin/apt-cache"
for fresh in yes no; do
    rm -f "$work/asked"; [ $fresh = no ] || rm -f "$work/updated"
    deps CC=no-blis > "$work/said" 2>&1
    grep -q "install .*libblis-openmp-dev .*libdnnl-dev" "$work/asked" && [ "$(grep -o libdnnl-dev "$work/asked" | wc -l)" = 1 ] && grep -q "^installing: .*libdnnl-dev" "$work/said"
    ok $? "BLIS is missing, apt-get knows no package before its update: $fresh: $(cat "$work/asked")"
done
printf '#!/bin/sh\n' > "$work/bin/apt-cache"; rm -f "$work/asked"
deps CC=no-blis > "$work/said" 2>&1; grep -q "install .*libblis-openmp-dev" "$work/asked" && ! grep -q libdnnl-dev "$work/asked"; ok $? "a release without oneDNN: BLIS alone"
