#!/bin/sh
# deps.sh: what building and running needs. Installs missing Debian packages with apt-get (sudo when not
# root); touches nothing when all is there; elsewhere it names what is missing.
#   deps.sh build      compilers and libraries           (make deps)
#   deps.sh check      also what the tests run            (make check)
set -eu
build="gcc make pkg-config mpi-default-bin libopenmpi-dev openmpi-bin libhdf5-openmpi-dev libblis-openmp-dev liblapack-dev libscalapack-openmpi-dev libjansson-dev libutf8proc-dev libxxhash-dev libssl-dev"
check="$build"
eval "packages=\$${1:-build}"

# Everything the Makefile asks for, whoever installed it.
complete() {
    command -v mpicc > /dev/null && command -v mpirun > /dev/null && command -v pkg-config > /dev/null || return 1
    pkg-config --exists hdf5-openmpi jansson libutf8proc libxxhash libcrypto || return 1
    echo '#include <blis.h>
extern void dsyevd_(void), pdsyevd_(void);
int main(int n, char **v) { (void)v; bli_init(); if (n > 9) { dsyevd_(); pdsyevd_(); } return 0; }' > "${TMPDIR:-/tmp}/deps$$.c"
    mpicc -fopenmp -o "${TMPDIR:-/tmp}/deps$$" "${TMPDIR:-/tmp}/deps$$.c" -lblis ${SCALAPACK:--lscalapack-openmpi -llapack} -lm > /dev/null 2>&1
    code=$?
    rm -f "${TMPDIR:-/tmp}/deps$$.c" "${TMPDIR:-/tmp}/deps$$"
    return $code
}
if complete; then exit 0; fi

if ! command -v apt-get > /dev/null; then
    echo "Missing here: some of mpicc, mpirun, pkg-config files of hdf5-openmpi (parallel HDF5 1.10 or newer), jansson, libutf8proc, libxxhash, libcrypto, BLIS (blis.h, -lblis), LAPACK and ScaLAPACK (-lscalapack-openmpi -llapack)." >&2
    echo "On a cluster load the modules of your MPI, parallel HDF5, BLIS, LAPACK and ScaLAPACK; if they have other names: make HDF5=NAME SCALAPACK=\"-lscalapack -llapack\". See docs/cluster.md." >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
echo "installing: $packages"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends $packages > /dev/null
complete || { echo "the packages were installed, but a program that uses them does not link; see docs/cluster.md" >&2; exit 1; }
