#!/bin/bash
# slurm-array.sh: the ladder on a cluster, a task per model, then the table.
#   cd collapse; job=$(sbatch --parsable jobs/ladder/slurm-array.sh)
#   sbatch --dependency=afterok:$job --export=ALL,PART=table --array=0 jobs/ladder/slurm-array.sh
# Submitted again, it goes on: a model that is measured takes a second, one whose time was up continues from its last
# checkpoint. LEVELS and SEEDS must be the same for all tasks and the table; sbatch hands them on.
#SBATCH --job-name=ladder
#SBATCH --array=0-219                 # SIZE=full: 11 levels x 20 seeds; as many as LEVELS and SEEDS give
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem-per-cpu=1G
#SBATCH --time=04:00:00
#SBATCH --output=ladder-%A-%a.log

module load openmpi hdf5-parallel blis   # your site's names

export SIZE=${SIZE:-full} OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
exec jobs/ladder/ladder.sh "${BIN:-build}" "${OUT:-build/ladder-full}" "${PART:-$SLURM_ARRAY_TASK_ID}"
