#!/bin/bash
# pbs.sh: one or more nodes under PBS Pro or OpenPBS.
#   qsub -v CONF=run.conf pbs.sh
#PBS -N collapse
#PBS -l select=1:ncpus=32:mpiprocs=2:ompthreads=16
#     select=NODES; ncpus: cores per node; mpiprocs: ranks per node (one per socket); ompthreads: threads per rank.
#     Many nodes: select=4:ncpus=32:mpiprocs=2:ompthreads=16
#PBS -l place=scatter:excl            # whole nodes, one chunk on each
#PBS -l walltime=04:00:00
#PBS -j oe                            # one file for output and errors

cd "$PBS_O_WORKDIR" || exit 1
module load openmpi hdf5-parallel blis

# PBS lists one line per rank in $PBS_NODEFILE and sets OMP_NUM_THREADS from ompthreads.
ranks=$(wc -l < "$PBS_NODEFILE")
mpirun -n "$ranks" --hostfile "$PBS_NODEFILE" --map-by slot:PE="${OMP_NUM_THREADS:-1}" --bind-to core \
    collapse train "$CONF" --max-time=3:50:00
code=$?

# 75: time is up, not finished: submit the same job again; it continues. Any other code ends here: 77 is somebody's wish
# (a file named `stop` in the output folder, or a signal TERM).
if [ $code = 75 ]; then qsub -v CONF="$CONF" pbs.sh; fi
exit $code
