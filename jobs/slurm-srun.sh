#!/bin/bash
# slurm-srun.sh: many nodes under Slurm, ranks started by srun (Open MPI built with PMIx).
#   sbatch slurm-srun.sh run.conf
#SBATCH --job-name=collapse
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=4           # one rank per NUMA domain: few ranks mean little memory and little traffic
#SBATCH --cpus-per-task=16            # threads per rank
#SBATCH --hint=nomultithread          # one thread per physical core: BLIS gains nothing from hyper-threads
#SBATCH --mem=0
#SBATCH --time=24:00:00
#SBATCH --output=collapse-%j.log
#SBATCH --signal=USR1@300             # five minutes before the limit the ranks get SIGUSR1 (second safety beside max-time)

module load openmpi hdf5-parallel blis

export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
export OMP_PLACES=cores OMP_PROC_BIND=close

# --cpu-bind=cores: the cores of a rank are its own. --mpi=pmix: how the ranks find each other (MPICH: pmi2).
# -K: when one rank ends with an error, the others are ended too.
srun --mpi=pmix --cpu-bind=cores -K \
    collapse train "$1" --max-time=23:45:00
code=$?

# 75: time is up, not finished: go on in a new job. Any other code ends here: 77 is somebody's wish (a file named `stop`
# in the output folder, or scancel).
if [ $code = 75 ]; then exec sbatch "$0" "$1"; fi
exit $code
