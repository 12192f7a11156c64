# test_output-is-input.sh: the field's command: the model and the text are still there.
. "$ROOT/tests/lib.sh"
field output-is-input
B=$bin
cp ../base.h5 m.h5; cp ../base/text.txt t.txt
fails 64 "are the same file" $B/collapse encode m.h5 --text=t.txt --output=m.h5
fails 64 "are the same file" $B/collapse train ../base/run.conf --train-data=t.txt --trace=t.txt --steps=1
cmp -s ../base.h5 m.h5 && cmp -s ../base/text.txt t.txt; ok $? "model and text are as they were"
