# launcher.sh: everything the demo, the tests and the benchmarks must tell an MPI launcher, in one place; sourced.
# By environment only: flags such as --oversubscribe are one launcher's own. Not for real jobs, which want their ranks
# bound to cores and refused when there are too many.
#   MPIRUN    the launcher, with its words if it needs any (mpirun; mpiexec.mpich; ...)
: "${MPIRUN:=mpirun}"
export MPIRUN
# Open MPI up to 4 reads OMPI_MCA_, from 5 on its launcher reads PRTE_MCA_. MPICH neither counts cores nor binds.
if [ "$(id -u)" = 0 ]; then # containers
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# More ranks than cores, none bound to a core.
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none
# A rank that waits sleeps if its core is shared (src/parallel/comm_wait.c). Open MPI's own way, yielding, which it takes
# when there are more ranks than cores, puts a rank behind other programs each time on Linux 6.18.
export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-0}
# Containers forbid one process to read another's memory.
export OMPI_MCA_btl_vader_single_copy_mechanism=none
# All ranks are on this machine and talk through its memory: no network is looked for (nor complained of). Open MPI 4's
# libfabric sleeps a second at every end; a start takes 0.3 s without, 1.6 s with it.
export OMPI_MCA_pml=${OMPI_MCA_pml:-ob1} OMPI_MCA_btl=${OMPI_MCA_btl:-^tcp,ofi}
