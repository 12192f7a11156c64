# test_bad_input.sh: what users get wrong: one sentence, the right exit code on every rank, no hang,
# earlier files untouched.
. "$ROOT/tests/lib.sh"
tiny 60
train 2 "$work/good" --steps=4 --checkpoint-steps=2
ok $? "the good run"
sha256sum "$work/good"/step-*.h5 "$work/good/model.h5" > "$work/sums"
run() { mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/bad" --steps=4 "$@"; }

fails 64 "unknown key 'nc-wieght'; did you mean 'nc-weight'" run --nc-wieght=3
fails 64 "unknown command 'trian'; did you mean 'train'" "$collapse" trian
fails 64 "method = 'bce' is not one of" run --method=bce
fails 64 "both steps and epochs" run --epochs=2
fails 64 "nc-reset = 'ema:2'" run --nc-reset=ema:2
fails 64 "nc-words has no value" run --nc-words=
fails 64 "needs nc-words" "$collapse" train --init="$work/good/model.h5" --train-data="$work/text.txt" --output="$work/bad" --nc-weight=5
fails 64 "trace needs a value, but --steps=3 follows" run --trace --steps=3
fails 64 "trace = yes: the name of a file" run --trace=yes
fails 64 "adam-epsilon = 1e-46 is outside 1.2e-38 to 1" run --adam-epsilon=1e-46
fails 64 "adam-epsilon = 0 is outside" run --adam-epsilon=0
fails 64 "learning-rate = 1e+39 is outside" run --learning-rate=1e39
fails 64 "learning-rate = 1e-46 is beyond single" run --learning-rate=1e-46
fails 64 "dropout = 1 is outside" run --dropout=1.0
fails 64 "dropout = -0.5 is not a rate" run --dropout -0.5
fails 64 "mask-rate = 1e-09 leaves nothing" run --mask-rate=1e-9
fails 64 "did you mean 'gap.abs'" "$collapse" evaluate "$work/good/model.h5" --task=pronoun-gap --data="$work/text.txt" --metrics=gap.bas
fails 64 "did you mean /history/loss" "$bin/collapse-table" "$work/good/step-00000004.h5" /history/los
fails 64 "more than 2^31 samples" "$collapse" bench --model=tiny --batch=65536 --steps=100000
fails 64 "'-json' has one dash too few" "$collapse" evaluate "$work/good/model.h5" -json
fails 64 "mask-rate = 0 leaves nothing" run --mask-rate=0
fails 64 "reads at most 40 positions" run --max-length=100
fails 64 "no published code" run --compat=fnc
fails 74 "/nonexistent.txt: cannot be opened" run --train-data=/nonexistent.txt
fails 74 "/nonexistent.h5: does not exist" run --init=/nonexistent.h5
deep=$work; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do deep=$deep/$(printf 'd%.0s' $(seq 200)); done; mkdir -p "$deep"
fails 74 "ddd/none.h5: does not exist" run --init="$deep/none.h5"
train 2 "$deep/run" --steps=2 && rm "$deep/run/model.h5" && train 2 "$deep/run" --steps=3 && grep -q "continuing .*ddd/run/step-00000002.h5: step 2" "$deep/run.log"
ok $? "a path of 2,400 bytes: the sentence is whole, a checkpoint is found again"
fails 74 "is a folder" run --train-data="$work"
fails 74 "cannot be opened" run --nc-words=/nonexistent
: > "$work/empty.txt"; fails 65 "holds no text" run --train-data="$work/empty.txt"
printf '\n \n\t\n' > "$work/blank.txt"; fails 65 "holds no text" run --train-data="$work/blank.txt"
printf 'good line\nbad \377 byte\n' > "$work/latin.txt"; fails 65 "line 2: byte 0xff at offset 14 is not valid UTF-8" run --train-data="$work/latin.txt"
printf 'good line\nnul \000 byte\n' > "$work/nul.txt"; fails 65 "line 2: a NUL byte" run --train-data="$work/nul.txt"
printf 'ID\tText\n1\ta b\n2\n' > "$work/ragged.tsv"; fails 65 "line 3 has 1 fields, the header has 2" run --train-data="$work/ragged.tsv"
printf 'ID\tBody\n1\ta b\n' > "$work/column.tsv"; fails 65 "no column 'Text'" run --train-data="$work/column.tsv"
echo zebra > "$work/zebra.txt"; fails 65 "none of its 1 words is usable" run --nc-words="$work/zebra.txt"
printf '{"f": {"she": 99999}}' > "$work/ids.json"; fails 65 "made for another vocabulary" run --nc-words="$work/ids.json"
grep -v '\[MASK\]' "$work/vocab.txt" > "$work/vocab2.txt"; fails 65 "no piece \[MASK\]" run --vocab="$work/vocab2.txt"
cp "$work/good/model.h5" "$work/huge.h5"
"$tamper" "$work/huge.h5" /model/weights/bert.embeddings.word_embeddings.weight 3e38
fails 76 "step 1: loss .* has diverged" run --init="$work/huge.h5"

for at in 20 3000 60000; do # a flipped bit in the file the run starts from
    cp "$work/good/model.h5" "$work/flip.h5"
    printf '\252' | dd of="$work/flip.h5" bs=1 seek=$at conv=notrunc 2> /dev/null
    fails 65 "flip.h5" run --init="$work/flip.h5"
    fails 65 "flip.h5" "$bin/collapse-check" "$work/flip.h5"
done
head -c 50000 "$work/good/model.h5" > "$work/cut.h5"
fails 65 "is truncated: 50000 of" run --init="$work/cut.h5"
fails 65 "is truncated: 50000 of" "$bin/collapse-check" "$work/cut.h5"
fails 65 "is truncated: 50000 of" "$collapse" encode "$work/cut.h5" --text="$work/text.txt" --output="$work/e.h5"
fails 65 "not valid UTF-8" mpirun -n 2 "$collapse" encode "$work/good/model.h5" --text="$work/latin.txt" --output="$work/e.h5"
fails 64 "unknown key" "$collapse" encode "$work/good/model.h5" --txt=a
fails 64 "one operand too many" "$collapse" encode "$work/good/model.h5" "$work/good/model.h5" --text=a --output=b
fails 74 "cannot be created" mpirun -n 2 "$collapse" encode "$work/good/model.h5" --text="$work/text.txt" --output=/nonexistent/e.h5
fails 65 "line 2: byte 0xff" sh -c "'$collapse' tokenize --vocab='$work/vocab.txt' < '$work/latin.txt'"
COLLAPSE_ISA=avx3 fails 64 "COLLAPSE_ISA = .avx3. is not one of: plain avx2 avx512" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/isa"
fails 64 "output = ~/out: ~ is not replaced" "$collapse" train "$work/base.conf" --output='~/out'
fails 64 "train-data = .HOME/text: variables are not replaced" "$collapse" train "$work/base.conf" --output="$work/x" --train-data='$HOME/text'
fails 64 "output = -: - does not stand for standard" "$collapse" train "$work/base.conf" --output=-
fails 64 "is the name of a file that the run itself writes or heeds" "$collapse" train "$work/base.conf" --output="$work/x" --trace="$work/x/stop"
fails 64 "is too small" sh -c "'$collapse' vocab --size=8 --output='$work/v.txt' < '$work/text.txt'"
fails 64 "one of: pronoun-gap" "$collapse" evaluate "$work/good/model.h5" --task=sentiment --data=x
[ ! -e "$work/e.h5" ] && [ ! -e "$work/v.txt" ] && [ -z "$(find "$work" -name '*.partial')" ]
ok $? "no failed command left a file"

# One line of 20 MB, as a corpus and for the tokenizer.
head -c 20000000 /dev/zero | tr '\0' 'a' > "$work/long.txt"
echo >> "$work/long.txt"
[ "$("$collapse" tokenize --vocab="$work/vocab.txt" < "$work/long.txt")" = 1 ]
ok $? "a word of 20 MB is one [UNK]"
yes 'the king said that he was late .' | tr '\n' ' ' | head -c 20000000 > "$work/long.txt"
n=$("$collapse" tokenize --vocab="$work/vocab.txt" < "$work/long.txt" | wc -w)
[ "$n" -gt 4000000 ]
ok $? "a line of 20 MB of words: $n pieces"
mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/long" --steps=2 --batch=1 --nc-weight=0 --train-data="$work/long.txt" > "$work/long.log" 2>&1
ok $? "it can be trained on: $(grep -m1 'samples were longer' "$work/long.log")"
rm -f "$work/long.txt"

# A full disk: a file system of 600 kB, where one checkpoint fits and two do not.
mkdir -p "$work/small"
if mount -t tmpfs -o size=600k tmpfs "$work/small" 2> /dev/null; then
    mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/small/run" --steps=6 --checkpoint-steps=2 > "$work/small.log" 2>&1
    code=$?
    [ $code = 74 ]; ok $? "full disk: exit $code: $(grep -m1 '^collapse:' "$work/small.log" | cut -c1-160)"
    "$bin/collapse-check" "$work/small/run/step-00000002.h5" > /dev/null
    ok $? "full disk: the earlier checkpoint is whole"
    [ -z "$(find "$work/small" -name '*.partial')" ]
    ok $? "full disk: nothing half-written stays"
    umount "$work/small"
else
    skip "full disk: a small file system cannot be mounted here"
fi
sha256sum -c --quiet "$work/sums"
ok $? "the good run's files were not touched"
