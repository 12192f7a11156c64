# test_resume_other.sh: a run that goes on with other inputs or another length: what differs is named, what the schedule
# becomes is said.
. "$ROOT/tests/lib.sh"
tiny 60
run() { "$collapse" train "$work/base.conf" --output="$work/run" --threads=1 "$@"; }
run --steps=6 > "$work/log" 2>&1
ok $? "six steps"
rm -f "$work/run/model.h5" # as after a kill
cp "$work/run/run.conf" "$work/before.conf"
head -n 5 "$work/words.txt" > "$work/few.txt"
(cat "$work/words.txt"; echo late) > "$work/more.txt"
sed '10s/.*/zzz/' "$work/vocab.txt" > "$work/vocab2.txt"
fails 64 "other words in nc-words: '.*' (id .*) is missing from .*few.txt" run --steps=9 --nc-words="$work/few.txt"
fails 64 "other words in nc-words: 'late' (id .*) is new in .*more.txt" run --steps=9 --nc-words="$work/more.txt"
fails 64 "another vocabulary than that of vocab = .*vocab2.txt: piece 9 is '.*' there, 'zzz' here" run --steps=9 --vocab="$work/vocab2.txt"
fails 64 "was written with layers = 2, this run has 3" run --steps=9 --layers=3
fails 64 "was written with dropout = -1, this run has 0" run --steps=9 --dropout=0
cp "$work/words.txt" "$work/moved.txt"
cp "$work/vocab.txt" "$work/moved-vocab.txt"
run --steps=9 --nc-words="$work/moved.txt" --vocab="$work/moved-vocab.txt" --learning-rate=0.003 > "$work/log" 2>&1
ok $? "the same files in another place, the same rate in other words"
grep -q "the run was made longer, 9 steps instead of 6, .* the rate of step 7 is 0.001, it would have been 0" "$work/log"
ok $? "longer: $(grep -m1 "made longer" "$work/log")"
[ "$(awk -F'\t' '$1 == 7 { print $7 }' "$work/run/log.tsv")" = 0.001 ]
ok $? "and the log has that rate: $(awk -F'\t' '$1 == 7 { print $7 }' "$work/run/log.tsv")"

# Another init of the same shape and vocabulary.
"$collapse" train "$work/base.conf" --output="$work/other" --steps=2 --seed=7 > "$work/log" 2>&1
run2() { "$collapse" train "$work/base.conf" --output="$work/run2" --threads=1 "$@"; }
run2 --init="$work/run/model.h5" --steps=2 > "$work/log" 2>&1
rm -f "$work/run2/model.h5"
fails 64 "the run began with another model than init = .*other/model.h5" run2 --init="$work/other/model.h5" --steps=4
cp "$work/run/model.h5" "$work/moved.h5"
run2 --init="$work/moved.h5" --steps=4 > "$work/log" 2>&1
ok $? "the same model in another place: $(grep -m1 '^collapse:' "$work/log")"

# A warm-up that the run does not outlast is no fault, but hardly meant.
for warmup in 3 4; do train 1 "$work/warm-$warmup" --steps=4 --warmup=$warmup; done
grep -q "^warning: warmup = 4 is the whole run of 4 steps or more: the rate does not reach learning-rate" "$work/warm-4.log" && ! grep -q "warmup" "$work/warm-3.log"; ok $? "a warm-up of the whole run is warned of"
