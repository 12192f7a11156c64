# test_no_memory.sh: a run that asks for more than there is ends with 71 and one sentence, on one rank and on two, whether
# the model or a file is too large. (A file that asks for more than it holds is damaged: tests/io/test_h5_form.c.)
. "$ROOT/tests/lib.sh"
if grep -q __asan_init "$collapse"; then skip "the address sanitizer itself takes more than any limit"; exit 0; fi
golden=$ROOT/tests/golden/version-1
limited() { (cd "$golden" && ulimit -v 2000000 && timeout 300 "$@"); }
grep -v "^trace" "$golden/run.conf" > "$work/large.conf"
large="train $work/large.conf --output=$work/out --corpus-cache=no --nc-weight=0 --geometry-steps=0 --layers=100 --hidden=4096 --intermediate=16384"
fails 71 "no memory for [0-9.]* MB more .*lower batch" limited "$collapse" $large
grep -q "internal error\|Aborted" "$work/stderr"; [ $? = 1 ]; ok $? "and nothing of an internal error"
fails 71 "no memory for [0-9.]* MB more .*lower batch" limited mpirun -n 2 "$collapse" $large
truncate -s 3G "$work/large.txt"
fails 71 "large.txt: no memory for" limited "$collapse" encode "$golden/model.h5" --text="$work/large.txt" --output="$work/e.h5"
