# test_ase.sh: pronouns, the gender direction, Fisher numbers and held weights, on any number of ranks: 24 texts, 5 a step,
# the last step of 4. Oracles: one rank; with reproducible = yes its bits; a file of Fisher numbers gives the run that made it.
. "$ROOT/tests/lib.sh"
tiny 101
data=$ROOT/tests/data
sed -i "s/^method = .*/method = ase/; s|^train-data = .*|train-data = $data/pronouns.csv|; s/^batch = .*/batch = 5/" "$work/base.conf"
printf 'ase-neutral = %s\nase-male = %s\nase-female = %s\nase-fisher-data = %s\nase-elastic = 20\nase-fisher-lines = 21\n' "$data/neutral.txt" "$data/male.txt" "$data/female.txt" "$data/lines.txt" >> "$work/base.conf"
mpirun -n 1 "$collapse" train --method=mlm --init=random --layers=2 --hidden=32 --heads=4 --intermediate=48 --positions=40 --initializer-range=0.1 \
    --vocab="$work/vocab.txt" --train-data="$work/text.txt" --max-length=32 --output="$work/start" --steps=20 --batch=32 --learning-rate=1e-3 > "$work/start.log" 2>&1
sed -i "s|^init = .*|init = $work/start/model.h5|" "$work/base.conf"
flags="--steps=10 --dropout=0.1 --learning-rate=1e-4"
last=step-00000010.h5
alike() { "$compare" "$1/$last" "$2/$last" --losses=1e-5 --weights=1e-2 --skip=/collapse --skip=/optimizer --skip=seconds; }
same() { "$compare" "$1/$last" "$2/$last" --bits --skip=seconds; }
train 1 "$work/one" $flags; ok $? "one rank: $(grep -o '[0-9]* pieces of the texts are marked' "$work/one.log"), $(grep -o 'Fisher numbers.*' "$work/one.log")"
for ranks in 2 3 4; do
    train $ranks "$work/r$ranks" $flags; alike "$work/one" "$work/r$ranks" > "$work/found"; ok $? "$ranks ranks: $(tail -n 1 "$work/found")"
done
train 2 "$work/micro" $flags --micro-batch=1; alike "$work/one" "$work/micro" > "$work/found"; ok $? "one sample at a time: $(tail -n 1 "$work/found")"
train 1 "$work/s1" $flags --reproducible=yes
for ranks in 2 3; do
    train $ranks "$work/s$ranks" $flags --reproducible=yes; same "$work/s1" "$work/s$ranks" > "$work/found"; ok $? "reproducible: $ranks ranks have the bits of one: $(cat "$work/found")"
done
train 3 "$work/cut" $flags --reproducible=yes --checkpoint-steps=4; rm -f "$work/cut/model.h5" "$work/cut/$last" "$work/cut/step-00000008.h5"
train 2 "$work/cut" $flags --reproducible=yes --checkpoint-steps=4; same "$work/s1" "$work/cut" > "$work/found"; ok $? "continued from step 4 on other ranks: $(cat "$work/found")"
train 3 "$work/whole" $flags --shard-optimizer=no; same "$work/r3" "$work/whole" > "$work/found"; ok $? "optimizer whole or dealt: the same bits: $(cat "$work/found")"

train 1 "$work/f1" $flags --reproducible=yes --ase-fisher="$work/f1.h5"; train 3 "$work/f3" $flags --reproducible=yes --ase-fisher="$work/f3.h5"
"$compare" "$work/f1.h5" "$work/f3.h5" --bits > "$work/found" && "$bin/collapse-check" "$work/f1.h5" > /dev/null; ok $? "Fisher numbers of 1 and of 3 ranks: the same bits: $(cat "$work/found")"
train 2 "$work/f2" $flags --reproducible=yes --ase-fisher="$work/f1.h5"; same "$work/s1" "$work/f2" > "$work/found" && ! grep -q "Fisher numbers: of" "$work/f2.log"; ok $? "read from the file: the same run: $(cat "$work/found")"
train 2 "$work/c" --steps=1 --ase-fisher-cumulative=yes --ase-fisher="$work/c.h5"; ! "$compare" "$work/f1.h5" "$work/c.h5" --bits > "$work/found"; ok $? "never cleared: other numbers: $(tail -n 1 "$work/found")"
fails 64 "was estimated for other weights" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 --ase-fisher="$work/f1.h5" --init="$work/one/model.h5"

# Held weights: without the term the run goes further from where it began.
train 2 "$work/free" $flags --ase-elastic=0 --nc-weight=0 --ase-orthogonal=0; train 2 "$work/held" $flags --ase-elastic=2000 --nc-weight=0 --ase-orthogonal=0
elastic() { tail -n 1 "$work/held/log.tsv" | cut -f14; }
far() { "$compare" "$work/start/model.h5" "$1/model.h5" --weights=1e9 | grep -o 'weights [^ ]*\|[0-9.e+-]*' | head -n 3 | tr '\n' ' '; }
awk "BEGIN { exit !($(elastic) > 0) }"; ok $? "the term is measured: $(elastic); $(far "$work/free")| $(far "$work/held")"
along() { sed -n "$2p" "$1/log.tsv" | cut -f13; }
train 2 "$work/off" --steps=60 --dropout=0 --learning-rate=1e-3 --nc-weight=0 --ase-elastic=0 --batch=24
awk "BEGIN { exit !($(along "$work/off" 61) < 0.5 * $(along "$work/off" 2)) }"; ok $? "neutral words leave the direction: $(along "$work/off" 2) to $(along "$work/off" 61)"

# The direction is that of the lists alone, however long the texts are: of five items one is drawn, and another is made longer.
for k in 1 2 3; do cat "$data/male.txt"; done > "$work/male.txt"; for k in 1 2 3; do cat "$data/female.txt"; done > "$work/female.txt"
{ echo text,pronouns; for k in 1 2 3 4 5; do echo "the nurse took [MASK] map .,her"; done; } > "$work/short.csv"
first() { train 1 "$work/d$1" --steps=1 --batch=1 --dropout=0 --nc-weight=0 --ase-elastic=0 --ase-male="$work/male.txt" --ase-female="$work/female.txt" --train-data="$2"; along "$work/d$1" 2; }
short=$(first 0 "$work/short.csv") equal=0
for k in 2 3 4 5 6; do
    sed "${k}s/^[^,]*/the very quiet nurse took [MASK] map to kyoto because the baker was very busy/" "$work/short.csv" > "$work/long.csv"
    [ "$(first $k "$work/long.csv")" = "$short" ] && equal=$((equal + 1))
done
[ $equal = 4 ] && [ -n "$short" ]; ok $? "the direction does not depend on the longest text: $short, $equal of 5"

bad() { fails "$1" "$2" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=1 "${@:3}"; }
printf 'text,pronouns\nthe baker said [MASK] .,unaffordable\n' > "$work/long.csv"; bad 65 "record 1: the pronoun has [0-9]* pieces" --train-data="$work/long.csv"
printf 'text,pronouns\nthe baker said so .,he\n' > "$work/none.csv"; bad 65 "no text holds a \[MASK\]" --train-data="$work/none.csv"
sed "/^ase-male/d" "$work/base.conf" > "$work/nomale.conf"; fails 64 "needs ase-neutral, ase-male and ase-female" "$collapse" train "$work/nomale.conf" --output="$work/x" --steps=1
printf 'zzz\n' > "$work/zzz.txt"; bad 65 "none of its words stands in the texts" --ase-neutral="$work/zzz.txt"
: > "$work/empty.txt"; bad 65 "empty.txt" --ase-male="$work/empty.txt"
bad 74 "nowhere.txt" --ase-female="$work/nowhere.txt"
