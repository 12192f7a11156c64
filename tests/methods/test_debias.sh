# test_debias.sh: adept and dpce on any number of ranks: 107 texts of four kinds, draws of 5, 3 a step, the last step of an
# epoch with fewer. Oracles: one rank; with reproducible = yes its bits; a run that nobody killed; rates by hand.
. "$ROOT/tests/lib.sh"
tiny 101
data=$ROOT/tests/data/examples.csv
mpirun -n 1 "$collapse" train --method=mlm --init=random --layers=2 --hidden=32 --heads=4 --intermediate=48 --positions=40 --initializer-range=0.1 \
    --vocab="$work/vocab.txt" --train-data="$work/text.txt" --max-length=32 --output="$work/start" --steps=20 --batch=32 --learning-rate=1e-3 > "$work/start.log" 2>&1
sed -i "s|^init = .*|init = $work/start/model.h5|; s|^train-data = .*|train-data = $data|; s/^batch = .*/batch = 15/; s/^learning-rate = .*/learning-rate = 1e-3/" "$work/base.conf"
adept="--method=adept --adept-draws=3 --adept-held-out=8 --adept-rho=1.5 --check-steps=4"
dpce="--method=dpce --dpce-draws=3 --dpce-held-out=8 --check-steps=4"
legacy="--adept-select=legacy --adept-sampling=fresh --adept-proto-mask=no --adept-mse=all"
prompt="--adept-algorithm=prompt --prefix=5 --prefix-shift=yes --nc-weight=0"
flags="--steps=7 --dropout=0.1"
last=step-00000007.h5
alike() { "$compare" "$1/$last" "$2/$last" --losses=1e-5 --weights=1e-2 --skip=/collapse --skip=/optimizer --skip=seconds; }
same() { "$compare" "$1/$last" "$2/$last" --bits --skip=seconds; }
inside() { "$compare" "$work/s1/step-00000006.h5" "$work/cut/step-00000006.h5" --bits --skip=seconds; } # of the epoch that was broken: its prototypes too
column() { awk -F'\t' -v name="$2" 'NR == 1 { for (c = 1; c <= NF; c++) if ($c == name) k = c } NR > 1 { print $k }' "$1/log.tsv"; }

train 1 "$work/one" $flags $adept; ok $? "one rank: $(grep -o 'town: .*' "$work/one.log"), $(grep -o '7 steps of.*' "$work/one.log")"
head -n 1 "$work/one/log.tsv" | grep -q "task.js.task.distance$"; ok $? "its terms are columns of the log"
# An epoch is 8 draws, steps of 3, 3 and 2 draws, of which 0 to 3 are neutral: the loss says how many. A term without draws is empty.
awk -F'\t' 'NR > 1 { n = $1 % 3 ? 3 : 2; found = 0
    for (k = 0; k <= n; k++) { d = $4 - (0.3 * k * $12 + 0.7 * (n - k) * $13) / n; if (d < 0) d = -d
        if (d < 1e-6 * $4 && (k > 0) == ($12 != "") && (k < n) == ($13 != "")) found = 1 }
    good += found; empty += $12 == "" } END { exit !(NR == 8 && good == 7 && empty > 0) }' "$work/one/log.tsv"
ok $? "task_loss is the mean over the draws of 0.3 task.js and 0.7 task.distance"
for ranks in 2 3 4; do
    train $ranks "$work/r$ranks" $flags $adept; alike "$work/one" "$work/r$ranks" > "$work/found"; ok $? "$ranks ranks: $(tail -n 1 "$work/found")"
done
for more in "$adept --micro-batch=2 --recompute=yes" "$adept $legacy" "$adept $prompt" "$adept --batch=6 --adept-distance=kl --adept-layers=last" "$dpce --nc-grad=both --nc-space=hidden" "$dpce --dpce-product=mean" "$adept --nc-eval=micro" "$adept --nc-eval=micro --micro-batch=2"; do
    rm -rf "$work/m1" "$work/m4"
    train 1 "$work/m1" $flags $more --micro-batch=0; train 4 "$work/m4" $flags $more; alike "$work/m1" "$work/m4" > "$work/found"; ok $? "4 ranks, $more: $(tail -n 1 "$work/found")"
done
for more in "$adept" "$adept $legacy" "$adept $prompt" "$dpce --nc-eval=micro"; do
    rm -rf "$work/s1" "$work/s3" "$work/cut"
    train 1 "$work/s1" $flags $more --reproducible=yes --checkpoint-steps=2 --keep=9; train 3 "$work/s3" $flags $more --reproducible=yes; same "$work/s1" "$work/s3" > "$work/found"
    ok $? "reproducible, $more: 3 ranks have the bits of one: $(cat "$work/found")"
    train 3 "$work/cut" $flags $more --reproducible=yes --checkpoint-steps=2 --keep=9; rm -f "$work/cut/model.h5" "$work"/cut/step-0000000[67].h5
    train 2 "$work/cut" $flags $more --reproducible=yes --checkpoint-steps=2; same "$work/s1" "$work/cut" > "$work/found" && inside > "$work/found" && grep -q "continuing.*step 4" "$work/cut.log"
    ok $? "continued inside an epoch on other ranks: $(cat "$work/found")"
done

# Killed at any moment: the checkpoints behind it go on to the same bits.
for seconds in 0.5 0.8; do
    rm -rf "$work/kill"
    mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/kill" $adept --steps=300 --dropout=0.1 --checkpoint-steps=5 --reproducible=yes > "$work/kill.log" 2>&1 &
    while ! ls "$work"/kill/step-* > /dev/null 2>&1 && kill -0 $! 2> /dev/null; do sleep 0.05; done
    sleep $seconds; slay "$work/kill"; wait $! 2> /dev/null
    step=$(ls "$work/kill" | sed -n 's/^step-0*\([0-9]*\).h5$/\1/p' | sort -n | tail -n 1)
    train 2 "$work/kill" $adept --steps=300 --dropout=0.1 --checkpoint-steps=300 --reproducible=yes
    [ -d "$work/unkilled" ] || train 3 "$work/unkilled" $adept --steps=300 --dropout=0.1 --checkpoint-steps=300 --reproducible=yes
    "$compare" "$work/unkilled/step-00000300.h5" "$work/kill/step-00000300.h5" --bits --skip=seconds > "$work/found"; ok $? "killed after step $step of 300: $(cat "$work/found")"
done

# The original: hashed, not stored; one copy in memory.
! "$bin/collapse-show" --all "$work/one/$last" | grep -q "original" && "$bin/collapse-show" --all "$work/one/$last" | grep -q "/prototypes/vector"; ok $? "a checkpoint holds prototypes, and no second model"
cp -r "$work/one" "$work/moved"; rm "$work/moved/model.h5"
fails 64 "the run began with another model than init" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/moved" $adept --dropout=0.1 --steps=9 --init="$work/one/model.h5"
sed '0,/,female,/s//,male,/' "$data" > "$work/other.csv"
fails 65 "was written while training on another text" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/moved" $adept --dropout=0.1 --steps=9 --train-data="$work/other.csv"
for rate in 0 0.3; do train 1 "$work/d$rate" $adept --dropout=$rate --steps=1; done
"$compare" "$work/d0/step-00000001.h5" "$work/d0.3/step-00000001.h5" --bits --skip=/model --skip=/optimizer --skip=/history --skip=/progress --skip=/best --skip=/collapse --skip=/training > "$work/found"; ok $? "prototypes are made without dropout: $(tail -n 1 "$work/found")"
large="--init=random --layers=3 --hidden=768 --heads=12 --intermediate=3072 --vocab=$work/vocab.txt --dry-run --nc-weight=0 --batch=6"
mb() { grep -o 'memory of rank 0: [0-9]*' "$1" | grep -o '[0-9]*$'; }
train 1 "$work/m" $large --method=mlm --train-data="$work/text.txt" --checkpoint-behind=no; train 1 "$work/a" $large $adept --adept-held-out=0 --checkpoint-behind=no
weights=$(awk "BEGIN { print 4e-6 * $(grep -o '[0-9.]* M parameters' "$work/a.log" | head -n 1 | cut -d' ' -f1) * 1e6 }")
awk "BEGIN { more = $(mb "$work/a.log") - $(mb "$work/m.log"); exit !(more >= $weights - 1 && more <= 1.25 * $weights) }"; ok $? "memory: $(mb "$work/a.log") MB instead of $(mb "$work/m.log"); the weights are $weights MB"

# Keys do what they say.
for more in --adept-select=legacy --adept-sampling=fresh --adept-proto-mask=no --adept-mse=all --adept-distance=kl --adept-layers=first --adept-rho=3 --adept-alpha=1 --adept-beta=0 --nc-eval=micro; do
    rm -rf "$work/key"; train 1 "$work/key" $flags $adept $more; ! alike "$work/one" "$work/key" > "$work/found"; ok $? "$more: another run: $(tail -n 1 "$work/found")"
done
# 40, 21, 24 and 22 texts in draws of 5: 16 draws an epoch, of which 15 make 5 steps; published, 8 + 5 + 5 + 5 loaders' lengths make 7.
train 2 "$work/rate" --method=adept --adept-draws=3 --adept-held-out=0 --adept-sampling=fresh --adept-schedule=legacy --epochs=2
column "$work/rate" learning_rate | awk '{ d = $1 / 1e-3 - (15 - NR) / 14; if (d < 0) d = -d; if (d > 1e-6) bad = 1 } END { exit bad || NR != 10 }'; ok $? "legacy schedule: 10 steps, rates to $(column "$work/rate" learning_rate | tail -n 1)"
train 2 "$work/rate6" --method=adept --adept-draws=3 --adept-held-out=0 --epochs=2
[ "$(column "$work/rate6" epoch | tr '\n' ' ')" = "1 1 1 1 1 1 2 2 2 2 2 2 " ]; ok $? "an epoch is 16 draws, 6 steps: $(column "$work/rate6" epoch | tr '\n' ' ')"
train 2 "$work/fnc" --method=adept --compat=fnc --max-length=32 --batch=12 --adept-held-out=8 --steps=4; ok $? "compat = fnc: $(grep -o 'adept-[a-z-]* = [a-z0-9.]*' "$work/fnc/run.conf" | tr '\n' ' ')"

# Training makes the losses small; the held-out texts choose the model.
mean() { column "$1" "$2" | sed -n "$3" | awk '{ sum += $1; n += $1 != "" } END { print n ? sum / n : 0 }'; }
train 2 "$work/long" $adept --steps=120 --dropout=0 --schedule=constant --nc-weight=0 --check-steps=20 --adept-beta=0.01
awk "BEGIN { exit !($(mean "$work/long" task.js '109,120p') < 0.7 * $(mean "$work/long" task.js '1,12p')) }"; ok $? "divergence falls: $(mean "$work/long" task.js '1,12p') to $(mean "$work/long" task.js '109,120p'); $(grep 'the model is that' "$work/long.log")"
train 2 "$work/longd" $dpce --steps=120 --dropout=0 --schedule=constant --nc-weight=0 --check-steps=20
awk "BEGIN { exit !($(mean "$work/longd" task.product '109,120p') < 0.5 * $(mean "$work/longd" task.product '1,12p')) }"; ok $? "products fall: $(mean "$work/longd" task.product '1,12p') to $(mean "$work/longd" task.product '109,120p')"

# Prompts: the prefix alone is trained, kept, and read by whatever measures the model.
train 2 "$work/p" $adept $prompt --steps=80 --dropout=0 --learning-rate=0.05 --schedule=constant --adept-held-out=0 --adept-beta=0.001 --adept-layers=last --adept-rho=3
awk "BEGIN { exit !($(mean "$work/p" task.js '63,80p') < 0.5 * $(mean "$work/p" task.js '1,18p')) }"; ok $? "prompts: divergence falls: $(mean "$work/p" task.js '1,18p') to $(mean "$work/p" task.js '63,80p'); $(grep -o 'frozen:.*' "$work/p.log")"
"$bin/collapse-diff" "$work/start/model.h5" "$work/p/model.h5" --most=0 > "$work/found" 2>&1
! grep "weights" "$work/found" | grep -v "only in" | grep -q "e[-+][0-9]" && [ "$(grep -c "self.prefix.*only in the second" "$work/found")" = 2 ]; ok $? "nothing but the prefix is new"
head -n 9 "$work/text.txt" > "$work/nine.txt"
for m in start p; do
    "$collapse" encode "$work/$m/model.h5" --text="$work/nine.txt" --output="$work/$m-e.h5" > /dev/null 2> "$work/err" || cat "$work/err"
    "$collapse" evaluate "$work/$m/model.h5" --task=perplexity --data="$work/nine.txt" --json > "$work/$m-p.json" 2> "$work/err" || cat "$work/err"
    "$collapse" geometry "$work/$m/model.h5" --text="$work/text.txt" --words="$work/words.txt" --output="$work/$m-g.h5" --json > "$work/$m-g.json" 2> "$work/err" || cat "$work/err"
done
! "$compare" "$work/start-e.h5" "$work/p-e.h5" --bits > "$work/found"; ok $? "encode reads the prompts: $(tail -n 1 "$work/found")"
value() { grep -o "\"$2\": [-0-9.e]*" "$1" | head -n 1 | grep -o '[-0-9.e]*$'; }
[ -n "$(value "$work/p-p.json" pll)$(grep -o '"metric".*' "$work/p-p.json")" ] && [ "$(grep -o '"metric".*' "$work/start-p.json")" != "$(grep -o '"metric".*' "$work/p-p.json")" ]; ok $? "evaluate reads the prompts"
[ -n "$(value "$work/p-g.json" unc3)" ] && [ "$(value "$work/start-g.json" unc3)" != "$(value "$work/p-g.json" unc3)" ]; ok $? "geometry reads the prompts: unc3 $(value "$work/start-g.json" unc3), $(value "$work/p-g.json" unc3)"
train 2 "$work/more" $adept --adept-algorithm=prompt --nc-weight=0 --steps=2 --init="$work/p/model.h5"; ok $? "prompts of a model are trained on"

bad() { local file="$3"; fails "$1" "$2" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 $adept --train-data="$file" "${@:4}"; }
bad 64 "puts 40 positions before a sample, but the model has 40" "$data" --adept-algorithm=prompt --nc-weight=0
bad 64 "leaves less than 3 of the model's 40 positions" "$data" --adept-algorithm=prompt --nc-weight=0 --prefix=38 --prefix-shift=yes
bad 64 "nc-eval = micro has a gradient to the rows alone" "$data" --nc-eval=micro --nc-grad=both
fails 64 "nc-eval = micro takes the measure after every draw of a step, but method = mlm has no draws" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --train-data="$work/text.txt" --nc-eval=micro
bad 64 "nc-grad = rows trains the rows of the decoder alone, but they are frozen" "$data" --adept-algorithm=prompt --prefix=4
grep -v ",male,\|,town," "$data" > "$work/alone.csv"; bad 65 "holds the one attribute group 'female', but method = adept compares at least two" "$work/alone.csv"
grep -v ",neutral," "$data" > "$work/none.csv"; bad 65 "holds no text of the group neutral" "$work/none.csv"
grep ",neutral,\|^word" "$data" > "$work/neutral.csv"; bad 65 "holds no attribute group" "$work/neutral.csv"
{ head -n 3 "$data"; echo 'zzz,male,the zzz came home .'; sed -n '4,$p' "$data"; } > "$work/zzz.csv"; bad 65 "record 3: the vocabulary of the model has no pieces for the word 'zzz'" "$work/zzz.csv"
{ head -n 2 "$data"; echo 'king,male,the queen came home .'; sed -n '3,$p' "$data"; } > "$work/away.csv"; bad 65 "record 2: the word 'king' does not stand in its text" "$work/away.csv"
sed 's/^word,/term,/' "$data" > "$work/term.csv"; bad 65 "no column 'word'\|word" "$work/term.csv"
cut -d, -f1,3- "$data" > "$work/two.csv"; bad 65 "group" "$work/two.csv"
{ head -n 2 "$data"; echo 'king,,the king came home .'; sed -n '3,$p' "$data"; } > "$work/empty.csv"; bad 65 "record 2, line 3: the group '' is empty" "$work/empty.csv"
bad 65 "is plain text" "$work/text.txt"
bad 65 "group neutral has 40 texts, but 36 are held out and 5 make a draw" "$data" --adept-held-out=36
bad 64 "adept-held-out = 5 is less than the 8 texts" "$data" --adept-held-out=5
bad 64 "batch = 16 is not a multiple of adept-draws = 3" "$data" --batch=16
bad 64 "dpce-alpha = 0.5 is a key of method dpce" "$data" --dpce-alpha=0.5
sed 's/$/ and the quiet baker came home and the quiet baker came home and the quiet baker came home and the quiet baker came home and so on ./' "$work/nine.txt" | sed 's/.*/king,male,"& then the king came home ."/' > "$work/tail.csv"
{ cat "$data"; head -n 2 "$work/tail.csv"; } > "$work/cut.csv"; train 1 "$work/cutrun" $adept --steps=1 --train-data="$work/cut.csv" && grep -q "2 texts are left out: their words stand behind the cut" "$work/cutrun.log"; ok $? "words behind the cut: $(grep -o '2 texts are left out.*' "$work/cutrun.log")"
