#!/bin/bash
# slurm-mpirun.sh: one or more nodes under Slurm, ranks started by Open MPI's mpirun.
#   sbatch slurm-mpirun.sh run.conf
#SBATCH --job-name=collapse
#SBATCH --nodes=1                     # more nodes: nothing else changes
#SBATCH --ntasks-per-node=2           # ranks per node: one per socket or NUMA domain is a good start
#SBATCH --cpus-per-task=16            # cores per rank = threads per rank
#SBATCH --mem=0                       # all memory of the node: each rank holds a replica (--dry-run prints it)
#SBATCH --time=04:00:00               # the limit of the queue
#SBATCH --output=collapse-%j.log
#SBATCH --signal=B:USR1@300           # five minutes before the limit the shell gets SIGUSR1 (second safety beside max-time)

module load openmpi hdf5-parallel blis   # your site's names

export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK

# mpirun learns nodes and ranks from Slurm. Each rank is bound to its own cores. The words are Open MPI's, 4 and 5;
# MPICH: mpiexec -bind-to core:$SLURM_CPUS_PER_TASK, or slurm-srun.sh.
# max-time: stop, with a checkpoint, before the queue kills the job.
mpirun --map-by slot:PE="$SLURM_CPUS_PER_TASK" --bind-to core \
    collapse train "$1" --max-time=3:50:00 &
pid=$!
trap 'kill -USR1 $pid' USR1             # mpirun passes it on to the ranks; they write a checkpoint and end with 75
wait $pid; code=$?
while kill -0 $pid 2> /dev/null; do wait $pid; code=$?; done

# 75: time is up, not finished. The same command continues, so the job submits itself again. Any other code ends here:
# 77 is somebody's wish (a file named `stop` in the output folder, or a signal TERM).
if [ $code = 75 ]; then exec sbatch "$0" "$1"; fi
exit $code
