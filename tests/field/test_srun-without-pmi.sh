# test_srun-without-pmi.sh: the field's command: four tasks that MPI does not see together are refused, each with one
# sentence, and nothing is written. A script inside the same job is not.
. "$ROOT/tests/lib.sh"
field srun-without-pmi
B=$bin
four() {
    codes= pids=
    for r in 0 1 2 3; do SLURM_NTASKS=4 SLURM_PROCID=$r $B/collapse train ../base/run.conf --steps=200 --checkpoint-steps=20 2> $r.log & pids="$pids $!"; done
    for p in $pids; do wait "$p"; codes="$codes $?"; done
}
four
for i in 1 2; do # on a busy machine MPI itself may fail to begin, with words of its own
    [ "$(grep -l '^collapse:' ?.log | wc -l)" = 4 ] || four
done
[ "$codes" = " 64 64 64 64" ] && [ "$(cat ?.log | wc -l)" = 4 ] && [ "$(grep -h -c 'as task . of 4, but MPI sees one rank.*srun --mpi=pmix' ?.log | sort -u)" = 1 ] && [ ! -e out ]
ok $? "exit codes$codes: $(cat 2.log)"
SLURM_NTASKS=4 SLURM_PROCID=1 "$B/collapse" encode ../base.h5 --text=../base/text.txt --output=e.h5 2> e.log
[ $? = 64 ] && [ ! -e e.h5 ]; ok $? "encode too"
SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_PROCID=0 $B/collapse train ../base/run.conf --steps=2 2> script.log
ok $? "one process in a batch script of a job of four tasks runs"
SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 mpirun -n 1 "$B/collapse" train ../base/run.conf --steps=2 --output=out2 2> mpirun.log
ok $? "mpirun -n 1 runs"
