# test_products.sh: gemm-library in a run: the same training to rounding by BLIS and by oneDNN, the same bits on any ranks
# and threads in reproducible mode, and a sentence where this build has no oneDNN. Oracle: BLIS.
. "$ROOT/tests/lib.sh"
tiny 40
wide="--hidden=64 --intermediate=256 --steps=6 --dropout=0.1"
if "$collapse" --version | grep -q "^oneDNN: not in this build"; then
    train 2 "$work/without" $wide --gemm-library=onednn; code=$?
    [ $code = 64 ] && [ ! -e "$work/without" ] && [ "$(grep -c "libdnnl-dev" "$work/without.log")" = 1 ]
    ok $? "a build without oneDNN: exit $code, one sentence: $(tail -n 1 "$work/without.log")"
    exit 0
fi
train 1 "$work/blis" $wide
train 1 "$work/onednn" $wide --gemm-library=onednn
grep -q "kernels: oneDNN [23].*family [a-z0-9_]*, fp32 [0-9]* GFLOP/s" "$work/onednn.log" && grep -q "kernels: BLIS" "$work/blis.log"
ok $? "the log names the library: $(grep -o "kernels: [^;]*" "$work/onednn.log")"
found=$("$compare" "$work/blis/model.h5" "$work/onednn/model.h5" --losses=1e-4 --weights=1e-3)
ok $? "six steps by BLIS and by oneDNN: the same weights to rounding $(echo "$found" | tail -n 1)"
train 1 "$work/one" $wide --gemm-library=onednn --reproducible=yes --threads=1
train 3 "$work/three" $wide --gemm-library=onednn --reproducible=yes --threads=2
found=$("$compare" "$work/one/step-00000006.h5" "$work/three/step-00000006.h5" --bits --skip=seconds)
ok $? "oneDNN, reproducible = yes: 3 ranks of 2 threads have the bits of 1 rank of 1 $found"

# precision = bf16: what it changes, and what it must not.
if ! "$collapse" --version | grep -q "bf16 [0-9]"; then
    train 2 "$work/refused" $wide --precision=bf16; code=$?
    [ $code = 64 ] && [ ! -e "$work/refused" ] && [ "$(grep -c "precision = bf16 needs a processor" "$work/refused.log")" = 1 ]
    ok $? "no bf16 on this processor: exit $code, one sentence: $(tail -n 1 "$work/refused.log")"
    exit 0
fi
COLLAPSE_ISA=avx2 train 2 "$work/refused" $wide --precision=bf16; code=$?
[ $code = 64 ] && [ ! -e "$work/refused" ] && grep -q "precision = bf16 needs .* [0-9.]* GFLOP/s with gemm-library = blis, [0-9.]* with onednn" "$work/refused.log"
ok $? "bf16 where the instructions may not be used: exit $code, one sentence with two speeds"
train 1 "$work/bf16" $wide --precision=bf16 --checkpoint-steps=3 --keep=9
grep -q "bf16 [0-9]* GFLOP/s" "$work/bf16.log" && grep -q "^precision = bf16" "$work/bf16/run.conf" && "$bin/collapse-show" "$work/bf16/step-00000006.h5" | grep -q "precision"
ok $? "log, run.conf and file name the precision: $(grep -o "kernels: [^;]*" "$work/bf16.log")"
apart=$("$compare" "$work/blis/model.h5" "$work/bf16/model.h5" --losses=1e-3 --weights=0.05)
ok $? "six steps in bf16 and in fp32 stay together: $(echo "$apart" | tail -n 1)"
! "$compare" "$work/blis/model.h5" "$work/bf16/model.h5" --losses=1e-7 --weights=1e-6 > /dev/null
ok $? "and are not the same: something was rounded"
same() { # text, checkpoint, other checkpoint
    local found; found=$("$compare" "$2" "$3" --bits --skip=seconds)
    ok $? "$1 $found"
}
mkdir -p "$work/again"
cp "$work/bf16/step-00000003.h5" "$work/again/"
train 1 "$work/again" $wide --precision=bf16
grep -q "continuing .*step 3" "$work/again.log"; ok $? "a run in bf16 goes on from its checkpoint"
same "and has the bits of the run that was not stopped" "$work/bf16/step-00000006.h5" "$work/again/step-00000006.h5"
train 1 "$work/recomputed" $wide --precision=bf16 --recompute=yes
same "recompute = yes: the same bits in bf16" "$work/bf16/step-00000006.h5" "$work/recomputed/step-00000006.h5"
for ranks in 1 2 3; do
    train $ranks "$work/fixed-$ranks" $wide --precision=bf16 --reproducible=yes --nc-grad=both --threads=$ranks
done
same "reproducible = yes in bf16: 2 ranks of 2 threads as 1 of 1" "$work/fixed-1/step-00000006.h5" "$work/fixed-2/step-00000006.h5"
same "3 ranks of 3 threads as 1 of 1" "$work/fixed-1/step-00000006.h5" "$work/fixed-3/step-00000006.h5"
train 2 "$work/plain-2" $wide --precision=bf16 --shard-optimizer=no
train 2 "$work/dealt-2" $wide --precision=bf16 --shard-optimizer=yes --overlap-sums=yes
same "2 ranks, optimizer dealt and sums behind the backward pass: the same bits" "$work/plain-2/step-00000006.h5" "$work/dealt-2/step-00000006.h5"
found=$("$compare" "$work/bf16/step-00000006.h5" "$work/plain-2/step-00000006.h5" --losses=3e-3 --weights=0.05)
ok $? "2 ranks as 1, to the rounding of bf16: $(echo "$found" | tail -n 1)"

# By oneDNN, where our own kernels are taken else; and more labelled rows in a step than the head takes at once.
train 1 "$work/bf16-onednn" $wide --precision=bf16 --gemm-library=onednn
found=$("$compare" "$work/bf16/step-00000006.h5" "$work/bf16-onednn/step-00000006.h5" --losses=3e-3 --weights=0.05)
ok $? "bf16 by oneDNN, to the rounding of bf16: $(echo "$found" | tail -n 1)"
grep -q "kernels: oneDNN .*bf16 [0-9]* GFLOP/s" "$work/bf16-onednn.log"; ok $? "and its log says so"
for ranks in 1 2; do train $ranks "$work/fixed-onednn-$ranks" $wide --precision=bf16 --gemm-library=onednn --reproducible=yes --threads=$ranks; done
same "reproducible = yes in bf16 by oneDNN: 2 ranks of 2 threads as 1 of 1" "$work/fixed-onednn-1/step-00000006.h5" "$work/fixed-onednn-2/step-00000006.h5"
many="--hidden=64 --intermediate=256 --steps=4 --dropout=0.1 --batch=40 --mask-rate=0.9"
for precision in fp32 bf16; do train 1 "$work/many-$precision" $many --precision=$precision; done
found=$("$compare" "$work/many-fp32/model.h5" "$work/many-bf16/model.h5" --losses=1e-3 --weights=0.01)
ok $? "steps with 90 % of 40 sentences labelled, in bf16 and in fp32: $(echo "$found" | tail -n 1)"

# The other precision goes on from a checkpoint only if it is asked for.
mkdir -p "$work/other"
cp "$work/bf16/step-00000003.h5" "$work/other/"
fails 64 "was written with precision = bf16, this run has fp32; .*change-precision = yes" "$collapse" train "$work/base.conf" --output="$work/other" $wide
train 1 "$work/other" $wide --change-precision=yes
grep -q "continuing .*step 3" "$work/other.log"; ok $? "with change-precision = yes it does"

# Commands that compute with a model and do not train it.
model=$work/blis/model.h5
echo "he is here she is there" > "$work/odd.txt"; cat "$work/text.txt" >> "$work/odd.txt"
encode() { mpirun -n "$1" "$collapse" encode "$model" --text="$work/odd.txt" --output="$work/e$2.h5" --overwrite --logits "${@:3}" > "$work/log" 2>&1; }
score() { mpirun -n "$1" "$collapse" evaluate "$model" --task=perplexity --data="$work/odd.txt" --output="$work/s$2.h5" --overwrite "${@:3}" > "$work/log" 2>&1; }
measure() { mpirun -n "$1" "$collapse" geometry "$model" --text="$work/odd.txt" --words="$work/words.txt" --output="$work/g$2.h5" --overwrite "${@:3}" > "$work/log" 2>&1; }
for command in encode score measure; do
    letter=${command:0:1}; [ $command = measure ] && letter=g; [ $command = score ] && letter=s
    $command 1 32; $command 1 16 --precision=bf16 --threads=1
    ok $? "$command in bf16: $(grep "matrix products" "$work/log")"
    ranks=3; [ $command = measure ] && ranks=1 # whose sums over ranks are in fp64, in their order
    $command $ranks 16b --precision=bf16 --threads=2
    same "$ranks ranks of 2 threads as 1 of 1" "$work/${letter}16.h5" "$work/${letter}16b.h5"
    ! "$compare" "$work/${letter}32.h5" "$work/${letter}16.h5" --bits > "$work/found" && grep -aq 'bf16' "$work/${letter}16.h5"
    ok $? "its file names the precision, and is not that of fp32: $(tail -n 1 "$work/found")"
done
pll() { "$collapse" evaluate "$model" --task=perplexity --data="$work/odd.txt" --json "$@" 2> /dev/null | grep -o '"pll": *[-0-9.e]*' | sed 's/.*: *//'; }
a=$(pll) b=$(pll --precision=bf16)
awk "BEGIN { d = ($a - $b) / $a; exit !(d != 0 && d < 0.01 && d > -0.01) }"; ok $? "a score in fp32 and in bf16: $a, $b"
COLLAPSE_ISA=avx2 fails 64 "precision = bf16 needs" "$collapse" encode "$model" --text="$work/odd.txt" --output="$work/no.h5" --precision=bf16
[ ! -e "$work/no.h5" ]; ok $? "a refused precision writes nothing"
