# test_resume.sh: a run that is killed and continued ends with the bits of one that was not. Oracle:
# the unbroken run. KILLS moments (20 by default): kill -9 of launcher and ranks, and of the launcher alone.
. "$ROOT/tests/lib.sh"
tiny 101
kills=${KILLS:-20}
flags="--steps=30 --checkpoint-steps=3 --dropout=0.1 --nc-reset=run --trace=$work/trace.h5"
began=$(date +%s%N)
train 2 "$work/whole" $flags
ok $? "the unbroken run"
length=$(($(date +%s%N) - began)) # nanoseconds: kills fall anywhere in it
cp "$work/trace.h5" "$work/trace-whole.h5"

seed=7
random() { seed=$(((seed * 1103515245 + 12345) % 2147483648)); echo $((seed / 65536 % $1)); }

# The launcher alone: its ranks notice, and end a little later; who starts the run again at once finds them writing.
killed=0
tries=0
mkdir -p "$work/broken"
rm -f "$work/trace.h5"
while [ $killed -lt $kills ] && [ $tries -lt 80 ]; do
    tries=$((tries + 1))
    mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/broken" $flags > "$work/broken.log" 2>&1 &
    pid=$!
    disown # or bash tells of every kill
    sleep "$(awk "BEGIN { print $length * 1e-9 * (0.2 + 0.75 * $(random 1000) / 1000) }")"
    if [ $((tries % 4)) = 0 ]; then
        kill -9 $pid 2> /dev/null && killed=$((killed + 1))
        ended "--output=$work/broken"
    else
        kill -0 $pid 2> /dev/null && killed=$((killed + 1))
        slay "--output=$work/broken"
    fi
    echo "# killed $killed of $kills"
    if [ -f "$work/broken/model.h5" ]; then # it was done: begin the rest of the kills anew
        "$compare" "$work/whole/model.h5" "$work/broken/model.h5" --bits > "$work/found" || break
        rm -rf "$work/broken" "$work/trace.h5"
        mkdir -p "$work/broken"
        length=$((length * 9 / 10)) # the machine has become quicker since the unbroken run
    fi
done
train 2 "$work/broken" $flags
ok $? "the run that was killed $killed times ends"
[ $killed -ge $kills ]
ok $? "it was killed $killed times in $tries starts"
found=$("$compare" "$work/whole/step-00000030.h5" "$work/broken/step-00000030.h5" --bits --skip=seconds)
ok $? "weights, moments, class means, progress and log have the same bits: $found"
cut -f1-10 "$work/whole/log.tsv" | cmp -s - <(cut -f1-10 "$work/broken/log.tsv")
ok $? "log.tsv is the same but for the seconds"
[ -z "$(find "$work/broken" -name '*.partial')" ]
ok $? "nothing half-written is left"

# 3 ranks can continue what 2 began, to rounding.
train 2 "$work/begun" --steps=30 --checkpoint-steps=10 --dropout=0.1 --nc-reset=run --max-time=0.001
[ $? = 75 ] && grep -q "run the same line again" "$work/begun.log"
ok $? "max-time: exit 75 with a checkpoint: $(tail -n 20 "$work/begun.log" | grep -m1 'stopped by')"
train 3 "$work/begun" --steps=30 --checkpoint-steps=10 --dropout=0.1 --nc-reset=run
found=$("$compare" "$work/whole/model.h5" "$work/begun/model.h5" --losses=1e-5 --weights=1e-3)
ok $? "begun on 2 ranks, ended on 3: $found"

# Negative controls: drop one part of the state, and the end must differ.
train 2 "$work/half" --steps=30 --checkpoint-steps=10 --dropout=0.1 --nc-reset=run --keep=9
control() { # name dataset value...
    local name=$1; shift
    rm -rf "$work/part"
    mkdir -p "$work/part"
    cp "$work/half/step-00000010.h5" "$work/part/"
    while [ $# -gt 0 ]; do "$tamper" "$work/part/step-00000010.h5" "$1" "$2" || ok 1 "tamper $1"; shift 2; done
    train 2 "$work/part" --steps=30 --checkpoint-steps=15 --dropout=0.1 --nc-reset=run
    "$compare" "$work/whole/model.h5" "$work/part/model.h5" --bits > "$work/found"
}
control none
ok $? "control: an untouched checkpoint of step 10 leads to the same bits: $(cat "$work/found")"
word=bert.embeddings.word_embeddings.weight
control "first moments" /optimizer/first/$word 0; [ $? = 1 ]; ok $? "control: without the first moments of one tensor it differs"
control "second moments" /optimizer/second/$word 0; [ $? = 1 ]; ok $? "control: without the second moments it differs"
control "step" /progress/step +-1; [ ! -e "$work/part/model.h5" ] && grep -q "holds step 9, not the step of its name" "$work/part.log"; ok $? "control: the step off by one is refused"
mv "$work/part/step-00000010.h5" "$work/part/step-00000009.h5"; train 2 "$work/part" --steps=30 --checkpoint-steps=15 --dropout=0.1 --nc-reset=run
"$compare" "$work/whole/model.h5" "$work/part/model.h5" --bits > "$work/found"; [ $? = 1 ]; ok $? "control: in a file of that step's name it differs"
control "class sums" /collapse/sum 0; [ $? = 1 ]; ok $? "control: without the class sums it differs"
control "class counts" /collapse/weight +1; [ $? = 1 ]; ok $? "control: with other class weights it differs"
control "data position" /progress/next_sample 0; [ $? = 1 ]; ok $? "control: with the position in the data lost it differs"
control "epoch" /progress/epoch +1; [ $? = 1 ]; ok $? "control: in another epoch it differs"

# nc-sync = none: every rank's own means are restored.
train 2 "$work/own" --steps=20 --checkpoint-steps=10 --nc-sync=none --nc-reset=run --keep=9
mkdir -p "$work/own-half"
cp "$work/own/step-00000010.h5" "$work/own-half/"
train 2 "$work/own-half" --steps=20 --checkpoint-steps=10 --nc-sync=none --nc-reset=run
found=$("$compare" "$work/own/model.h5" "$work/own-half/model.h5" --bits)
ok $? "nc-sync = none continues with the same bits: $found"
fails 64 "continue with as many" mpirun -n 3 "$collapse" train "$work/base.conf" --output="$work/own" --steps=30 --nc-sync=none --nc-reset=run

# Damaged checkpoints and changed settings.
cp -r "$work/half" "$work/damaged"
printf 'X' | dd of="$work/damaged/step-00000030.h5" bs=1 seek=40000 conv=notrunc 2> /dev/null
train 2 "$work/damaged" --steps=30 --checkpoint-steps=15 --dropout=0.1 --nc-reset=run
grep -q "looking for an older checkpoint" "$work/damaged.log" && grep -q "continuing .*step-00000020.h5" "$work/damaged.log" && [ -f "$work/damaged/step-00000030.h5.old" ]
ok $? "a damaged newest checkpoint: the one before is taken, the damaged one set aside"
found=$("$compare" "$work/whole/model.h5" "$work/damaged/model.h5" --bits)
ok $? "and the end is the same: $found"
cp -r "$work/half" "$work/kept"
printf 'X' | dd of="$work/kept/step-00000030.h5" bs=1 seek=40000 conv=notrunc 2> /dev/null
train 2 "$work/kept" --steps=30 --checkpoint-steps=15 --dropout=0.1 --nc-reset=run --keep=1 --max-time=0.001
grep -q "continuing .*step-00000020.h5" "$work/kept.log" && [ -n "$(find "$work/kept" -name 'step-*.h5')" ] && train 2 "$work/kept" --steps=30 --checkpoint-steps=15 --dropout=0.1 --nc-reset=run --keep=1 && grep -q "continuing" "$work/kept.log"
ok $? "keep = 1 beside a damaged newer one: the checkpoint that was read is not what is removed"
cp -r "$work/half" "$work/kind" # whole files, and none of them a checkpoint
for step in 10 20 30; do cp "$work/half/model.h5" "$work/kind/step-000000$step.h5"; done
before=$(cd "$work/kind" && sha256sum *)
fails 64 "no whole checkpoint from which to go on to step 40" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/kind" --steps=40 --dropout=0.1 --nc-reset=run --keep=9
[ "$before" = "$(cd "$work/kind" && sha256sum *)" ]
ok $? "a model in a checkpoint's place is none, and the finished model stays"
fails 64 "was written with batch = 7" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/half" --steps=30 --dropout=0.1 --nc-reset=run --batch=8
head -n 50 "$work/text.txt" > "$work/other.txt"
fails 65 "another text" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/half" --steps=30 --dropout=0.1 --nc-reset=run --train-data="$work/other.txt"
train 2 "$work/half" --steps=4 --resume=never
[ $? = 0 ] && [ -f "$work/half/step-00000030.h5.old" ] && [ -f "$work/half/step-00000004.h5" ]
ok $? "resume = never begins anew and loses nothing"
