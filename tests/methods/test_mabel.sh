# test_mabel.sh: contrast over the whole batch on any number of ranks, uneven and empty ones too: 23 items, 5 a step, the
# last step of 3. Oracles: one rank; with reproducible = yes its bits. Controls: what a gradient of each rank's own, as
# published, makes of it.
. "$ROOT/tests/lib.sh"
tiny 60
sed -i "s/^method = .*/method = mabel/; s|^train-data = .*|train-data = $ROOT/tests/data/entailment.csv|; s/^batch = .*/batch = 5/" "$work/base.conf"
flags="--steps=10 --dropout=0.1"
last=step-00000010.h5
alike() { "$compare" "$work/one/$last" "$1/$last" --losses=1e-5 --weights=1e-2 --skip=/collapse --skip=/optimizer --skip=seconds; }
train 1 "$work/one" $flags --learning-rate=1e-4; ok $? "one rank"
head -n 1 "$work/one/log.tsv" | grep -q "task.contrast.task.align.task.mlm$"; ok $? "its terms are columns of the log"
for ranks in 2 3 4; do
    train $ranks "$work/r$ranks" $flags --learning-rate=1e-4; alike "$work/r$ranks" > "$work/found"; ok $? "$ranks ranks: $(tail -n 1 "$work/found")"
done
for more in "--micro-batch=1" "--nc-grad=both --nc-align=masked" "--mabel-tie=no --mabel-vector=pooler --mabel-align=a2"; do
    train 1 "$work/one" $flags --learning-rate=1e-4 $more --resume=never --overwrite=yes
    train 3 "$work/more" $flags --learning-rate=1e-4 $more --resume=never --overwrite=yes; alike "$work/more" > "$work/found"; ok $? "3 ranks, $more: $(tail -n 1 "$work/found")"
done
# a3 has rows of twice the width.
a3="--mabel-align=a3 --mabel-align-weight=1"
train 1 "$work/one" $flags --learning-rate=1e-4 $a3 --resume=never --overwrite=yes
for ranks in 2 3 4; do
    train $ranks "$work/a3-$ranks" $flags --learning-rate=1e-4 $a3; alike "$work/a3-$ranks" > "$work/found"; ok $? "a3, $ranks ranks: $(tail -n 1 "$work/found")"
done
train 1 "$work/s1" $flags $a3 --reproducible=yes; train 3 "$work/s3" $flags $a3 --reproducible=yes
"$compare" "$work/s1/$last" "$work/s3/$last" --bits --skip=seconds > "$work/found"; ok $? "a3, reproducible: 3 ranks have the bits of one: $(cat "$work/found")"
rm -rf "$work/s1" "$work/s3"
train 1 "$work/s1" $flags --reproducible=yes
for ranks in 2 3 4; do
    train $ranks "$work/s$ranks" $flags --reproducible=yes
    "$compare" "$work/s1/$last" "$work/s$ranks/$last" --bits --skip=seconds > "$work/found"; ok $? "reproducible: $ranks ranks have the bits of one: $(cat "$work/found")"
done
train 3 "$work/cut" $flags --reproducible=yes --checkpoint-steps=4; rm -f "$work/cut/model.h5" "$work/cut/$last" "$work/cut/step-00000008.h5"
train 2 "$work/cut" $flags --reproducible=yes --checkpoint-steps=4
"$compare" "$work/s1/$last" "$work/cut/$last" --bits --skip=seconds > "$work/found"; ok $? "continued from step 4 on other ranks: $(cat "$work/found")"

# The gradient of contrast and alignment over the ranks' number: the trap, and published behaviour. One step, no clipping.
norm() { sed -n 2p "$1/log.tsv" | cut -f8; }
plain="--steps=1 --dropout=0 --nc-weight=0 --mabel-mlm-weight=0 --clip=0"
train 1 "$work/n1" $plain; train 3 "$work/n3" $plain; train 3 "$work/l3" $plain --mabel-gradient=local-mean
awk "BEGIN { exit !(($(norm "$work/n3") / $(norm "$work/n1") - 1)^2 < 1e-10) }"; ok $? "3 ranks: the norm of one: $(norm "$work/n1") $(norm "$work/n3")"
awk "BEGIN { exit !(($(norm "$work/l3") * 3 / $(norm "$work/n1") - 1)^2 < 1e-10) }"; ok $? "local-mean: a third of it: $(norm "$work/l3")"
train 1 "$work/u1" $plain $a3; train 3 "$work/u3" $plain $a3; train 3 "$work/v3" $plain $a3 --mabel-gradient=local-mean
awk "BEGIN { exit !(($(norm "$work/u3") / $(norm "$work/u1") - 1)^2 < 1e-10 && ($(norm "$work/v3") * 3 / $(norm "$work/u1") - 1)^2 < 1e-10 && ($(norm "$work/u1") / $(norm "$work/n1") - 1)^2 > 1e-4) }"
ok $? "a3: the norm of one rank and a third of it: $(norm "$work/u1") $(norm "$work/u3") $(norm "$work/v3")"
fails 64 "reproducible = yes does not go with" "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --reproducible=yes --mabel-gradient=local-mean

# Class means: masked copies do not count. The states of one step are four whole texts of each of 5 items.
train 2 "$work/k" --steps=1 --dropout=0 --nc-reset=run
train 2 "$work/km" --steps=1 --dropout=0 --nc-reset=run --mask-rate=0.9
"$compare" "$work/k/step-00000001.h5" "$work/km/step-00000001.h5" --bits --skip=/model --skip=/optimizer --skip=/history --skip=/progress --skip=/training > "$work/found"
ok $? "nine of ten pieces masked: the same class means: $(tail -n 1 "$work/found")"

# A decoder of its own, and the published conversion.
train 2 "$work/u" --steps=4 --compat=fnc --max-length=32 --batch=5
"$bin/collapse-show" --all "$work/u/model.h5" | grep -q "cls.predictions.decoder.weight"; ok $? "compat = fnc has a decoder of its own: $(grep -c . "$work/u/log.tsv") lines of log"
"$bin/collapse-export" "$work/u/model.h5" --output="$work/hf" --decoder=tie 2> "$work/stderr" && grep -q '"tie_word_embeddings": true' "$work/hf/config.json" && grep -q "sentence head was left out" "$work/stderr"
ok $? "exported as published: $(cat "$work/stderr" | head -n 1)"
train 2 "$work/mlm" --init="$work/u/model.h5" --method=mlm --train-data="$work/text.txt" --steps=2; ok $? "masked LM goes on with the model: $(grep -o 'frozen:.*' "$work/mlm.log")"

bad() { fails "$1" "$2" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --train-data="$3"; }
printf 'a,b,c\nx,y,z\n' > "$work/three.csv"; bad 65 "has 3 columns, but 4 are needed" "$work/three.csv"
printf 'a,b,c,d\nx,y,,z\n' > "$work/hole.csv"; bad 65 "record 1, line 2: text 3 of 4 is empty" "$work/hole.csv"
printf 'a,b,c,d\n"x,y,z,w\n' > "$work/quote.csv"; bad 65 "quote.csv" "$work/quote.csv"
bad 65 "is plain text, but 4 texts" "$work/text.txt"
