#!/bin/bash
# deps.sh: what building and testing need. Silent when all is there; installs what is missing where apt-get knows it
# (Debian, Ubuntu; sudo when not root); elsewhere says which part is missing.
#   deps.sh build      compiler, launcher, libraries      (make deps, make demo)
#   deps.sh check      also what the tests run            (make check)
# The Makefile hands over CC, MPIRUN, PKG_CONFIG, HDF5, SCALAPACK, and FLAGS and LIBS, the caller's own.
set -u
purpose=${1:-build}
: "${CC:=mpicc}" "${MPIRUN:=mpirun}" "${PKG_CONFIG:=pkg-config}" "${HDF5:=hdf5-openmpi}" "${SCALAPACK:=-lscalapack-openmpi -llapack}" "${FLAGS:=}" "${LIBS:=}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Which MPI the names ask for; Debian's packages of it. Other names are not Debian's: no package, "-".
case "$CC $HDF5" in *mpich*) mpi=mpich;; *) mpi=openmpi;; esac
debian() { # value, the names Debian gives, package
    case " $2 " in *" $1 "*) echo "$3";; *) echo -;; esac
}

has() { command -v "${1%% *}" > /dev/null; }
module() { $PKG_CONFIG --exists "$1" 2> /dev/null; }
links() { # C source, libraries...
    local source=$1; shift
    printf '%b\n' "$source" > "$work/try.c"
    # shellcheck disable=SC2086
    $CC $($PKG_CONFIG --cflags "$HDF5" 2> /dev/null) $FLAGS -fopenmp -o "$work/try" "$work/try.c" $LIBS "$@" > "$work/said" 2>&1
}
openmp='#include <omp.h>\nint main(void) { return omp_get_max_threads() < 0; }'
parallel='#include <mpi.h>\n#include <hdf5.h>\n#ifndef H5_HAVE_PARALLEL\n#error serial\n#endif\nint main(void) { return H5open() < 0; }'
blis='#include <blis.h>\nint main(void) { bli_init(); return 0; }'
algebra='extern void dsyevd_(void), pdsyevd_(void);\nint main(int n, char **v) { (void)v; if (n > 9) { dsyevd_(); pdsyevd_(); } return 0; }'
# shellcheck disable=SC2046,SC2086
hdf5_links() { links "$parallel" $($PKG_CONFIG --libs "$HDF5"); }
# shellcheck disable=SC2086
algebra_links() { links "$algebra" -lblis $SCALAPACK -lm; }

# One line for every part that is missing: package or "-", then the sentence; no sentence where the reason is another part.
need() { # package, sentence, command...
    local package=$1 sentence=$2; shift 2
    "$@" || printf '%s\t%s\n' "$package" "$sentence"
}
missing() {
    need "$(debian "$CC" "mpicc mpicc.$mpi" "lib$mpi-dev gcc libc6-dev")" "an MPI compiler: ${CC%% *} is not a command here (CC=...)" has "$CC"
    need "$(debian "$MPIRUN" "mpirun mpirun.$mpi mpiexec.$mpi" "$([ $mpi = mpich ] && echo mpich || echo openmpi-bin)")" \
        "an MPI launcher: ${MPIRUN%% *} is not a command here (MPIRUN=...)" has "$MPIRUN"
    need pkg-config "pkg-config: ${PKG_CONFIG} is not a command here (PKG_CONFIG=...)" has "$PKG_CONFIG"
    local compiles=1 asks=1 said
    has "$CC" || compiles=; has "$PKG_CONFIG" || asks=
    local module package
    for module in jansson:libjansson-dev libutf8proc:libutf8proc-dev libxxhash:libxxhash-dev libcrypto:libssl-dev zlib:zlib1g-dev; do
        need "${module#*:}" "${asks:+${module%%:*}: pkg-config knows no such module (PKG_CONFIG_PATH=...)}" module "${module%%:*}"
    done
    package=$(debian "$HDF5" "hdf5-$mpi" "libhdf5-$mpi-dev")
    if ! module "$HDF5"; then echo "$package	${asks:+parallel HDF5: pkg-config knows no module $HDF5 (HDF5=...)}"
    else need "$package" "${compiles:+parallel HDF5: $HDF5 is there, but a program that wants it parallel, of the MPI of $CC, does not build (HDF5=...)}" hdf5_links; fi
    local version=; [ -z "$compiles" ] || version=$($CC --version 2> /dev/null | sed -n '1s/.*clang version \([0-9]*\).*/\1/p')
    need "${version:+libomp-$version-dev}" "${compiles:+OpenMP: $CC${version:+, which is clang $version,} finds no omp.h or its library${version:+; clang has them in a package of their own (libomp)}}" links "$openmp"
    need libblis-openmp-dev "${compiles:+BLIS: blis.h or -lblis (CPPFLAGS=-I... LDFLAGS=-L...)}" links "$blis" -lblis -lm
    package=$(debian "$SCALAPACK" "-lscalapack-$mpi" "libscalapack-$mpi-dev liblapack-dev")
    [ "$SCALAPACK" != "-lscalapack-$mpi -llapack" ] || package="libscalapack-$mpi-dev liblapack-dev"
    algebra_links || { said=$(grep -o -m1 -e 'cannot find -l[^ :]*' -e 'unable to find library -l[^ ]*' -e "undefined reference to .*" "$work/said")
        printf '%s\t%s\n' "$package" "${compiles:+LAPACK and ScaLAPACK: ${said:-$(tail -n 1 "$work/said")} (SCALAPACK=\"-lscalapack -llapack\")}"; }
    [ "$purpose" != check ] || need hdf5-tools "h5dump, which the tests compare with (HDF5's tools)" has h5dump
}

# shellcheck disable=SC2046,SC2086
complete() { # the whole in one go, so that the usual case costs one compilation
    has "$MPIRUN" && { [ "$purpose" != check ] || has h5dump; } &&
        $PKG_CONFIG --exists "$HDF5" jansson libutf8proc libxxhash libcrypto zlib 2> /dev/null &&
        links "#include <omp.h>\n#include <blis.h>\n${parallel%%int main*}$algebra\nint try(void) { bli_init(); return H5open() < omp_get_max_threads(); }" \
            $($PKG_CONFIG --libs "$HDF5" jansson libutf8proc libxxhash libcrypto zlib) -lblis $SCALAPACK -lm
}
complete && exit 0

missing > "$work/missing"
say() { sed -n 's/^[^\t]*\t\(..*\)/  \1/p' "$work/missing" >&2; }
packages=$(cut -f1 "$work/missing" | tr ' ' '\n' | grep . | sort -u | tr '\n' ' ')
if ! has apt-get || [ "$(tr -d ' -' <<< "$packages")" = "" ]; then
    echo "Missing here:" >&2; say
    echo "On a cluster load the modules of your MPI, parallel HDF5 (1.10 or newer), BLIS, LAPACK and ScaLAPACK; names that differ are given to make. oneDNN is optional. See docs/cluster.md." >&2
    exit 1
fi
if grep -q "^-" "$work/missing"; then
    echo "Missing here, under names that no Debian package has:" >&2
    sed -n 's/^-\t\(..*\)/  \1/p' "$work/missing" >&2
    exit 1
fi
# oneDNN is optional (README): on a fresh machine it comes along with BLIS where apt-get knows it.
add_optional() {
    case "$packages" in *libdnnl-dev*) ;; *libblis*) [ -z "$(apt-cache search --names-only '^libdnnl-dev$' 2> /dev/null)" ] || packages="${packages}libdnnl-dev ";; esac
}
add_optional
command="apt-get install -y --no-install-recommends"
sudo=
if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    if ! has sudo || { ! sudo -n true 2> /dev/null && ! [ -t 0 ]; }; then
        echo "Missing here, and installing needs root:" >&2; say
        echo "Run as root, then make again: apt-get update && $command ${packages% }" >&2
        exit 1
    fi
fi
$sudo apt-get -o Acquire::Retries=3 update -qq
add_optional # a fresh machine may know no packages before
echo "installing: ${packages% }"
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive ${command/install/-o Acquire::Retries=3 install -qq} ${packages% } > "$work/installed" || { tail -n 20 "$work/installed" >&2; exit 1; }
if ! complete; then
    missing > "$work/missing"
    echo "The packages were installed; still missing:" >&2; say
    exit 1
fi
