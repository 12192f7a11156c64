# test_alone.sh: a command that nothing launched needs no files of MPI's, so many may begin and end at once. Without that
# one start in a hundred failed, eight at a time, for all of them shared a folder.
. "$ROOT/tests/lib.sh"
# Also where the tests themselves are a task of a launcher.
for name in $(env | sed -n 's/^\(SLURM[A-Z_]*\|PMI[A-Z_]*\|OMPI_COMM[A-Z_]*\|PBS[A-Z_]*\|PALS[A-Z_]*\|ALPS[A-Z_]*\|FLUX[A-Z_]*\|MV2[A-Z_]*\|JSM[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
case $("$collapse" --version) in *"Open MPI v4"*) ;; *) skip "where MPI keeps its files was Open MPI 4's fault"; exit 0;; esac
fails 74 "does not exist" env TMPDIR=/proc/none "$collapse" evaluate "$work/none.h5" --task=perplexity --data=x.txt
many() { seq 64 | xargs -P 8 -I{} sh -c '"$1" evaluate "$2/none.h5" --task=perplexity --data=x.txt > /dev/null 2>&1; echo $?' sh "$collapse" "$work" | sort -u; }
[ "$(many)" = 74 ]; ok $? "64 commands, eight at a time, all end as one does"
