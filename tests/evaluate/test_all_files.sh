# test_all_files.sh: evaluate --task=all: scores files of all tasks, comparisons, packed files, options, evaluations that fail, what is left
# out. Oracle: the tasks one by one.
. "$ROOT/tests/lib.sh"
tiny 203
here=$ROOT/tests/evaluate
train 1 "$work/one" --steps=1
train 1 "$work/two" --steps=8
data=$work/data
mkdir -p "$data/deep" "$data/seat"
cp "$here/crows.csv" "$data/pairs.csv"; cp "$here/bec_pro.tsv" "$data/deep/"; cp "$here"/seat/* "$data/seat/"; cp -r "$here/winobias" "$data/wino"
head -n 30 "$work/text.txt" > "$data/perplexity.txt"
one=$work/one/model.h5 two=$work/two/model.h5
all() { "$collapse" evaluate "$@" --task=all --data="$data"; }

# Outputs and comparisons, file by file as the tasks alone make them.
names="deep-bec_pro.tsv.bec-pro.h5 pairs.csv.crows-pairs.h5 perplexity.txt.perplexity.h5 seat.seat.h5 wino.winobias-mlm.h5"
all "$two" --output="$work/scores" > "$work/table" 2> "$work/err"; ok $? "with --output"
[ "$(ls "$work/scores" | paste -sd' ')" = "$names" ]; ok $? "a scores file of each: $(ls "$work/scores" | paste -sd' ')"
all "$two" --output="$work/scores" > "$work/again" 2> /dev/null && cmp -s "$work/table" "$work/again"; ok $? "the same line twice"
mpirun -n 3 "$collapse" evaluate "$two" --task=all --data="$data" --output="$work/scores-3" > "$work/again" 2> /dev/null; cmp -s "$work/table" "$work/again"; ok $? "3 ranks print the same bytes"
all "$one" --compare="$work/scores" --json > "$work/json" 2> /dev/null; ok $? "with --compare and --json"
[ "$(wc -l < "$work/json")" = 1 ]; ok $? "exactly one object"
all "$one" --compare="$work/scores" > "$work/compared" 2> /dev/null
for task in bec-pro:deep/bec_pro.tsv crows-pairs:pairs.csv perplexity:perplexity.txt seat:seat winobias-mlm:wino; do
    IFS=: read -r name file <<< "$task"
    "$collapse" evaluate "$two" --task="$name" --data="$data/$file" --output="$work/$name.h5" > /dev/null 2>&1
    made=$(basename "${file//\//-}").$name.h5; [ "$name" = bec-pro ] && made=deep-bec_pro.tsv.bec-pro.h5
    found=$("$compare" "$work/$name.h5" "$work/scores/$made" --bits) && "$compare" "$work/$name.h5" "$work/scores-3/$made" --bits > /dev/null; ok $? "$name: the file of the task alone, on 1 and 3 ranks: $found"
    "$collapse" evaluate "$one" --task="$name" --data="$data/$file" --compare="$work/$name.h5" --json 2> /dev/null | sed 's/.*"unit":/"unit":/; s/}*$//' > "$work/alone"
    grep -qFf "$work/alone" "$work/json" && [ "$(wc -c < "$work/alone")" -gt 100 ]; ok $? "$name: its differences too"
    grep -q "^$file .*$name" <(sed '1,/^compare/d' "$work/compared"); ok $? "$name: they are in the table"
done
rm "$work/scores/seat.seat.h5"
all "$one" --compare="$work/scores" --json > "$work/json" 2> "$work/err"; ok $? "scores that --compare lacks are no failure"
grep -q "data/seat: there is no .*scores/seat.seat.h5 to compare with: measured, not compared" "$work/err" && [ "$(grep -o '"compare":' "$work/json" | wc -l)" = 4 ]; ok $? "they are named: $(grep -m1 "to compare with" "$work/err" | cut -c1-120)"

# Refused before work starts: nothing is written.
refused() { local code=$1 pattern=$2; shift 2; fails "$code" "$pattern" mpirun -n 2 "$collapse" evaluate "$one" --task=all --data="$data" "$@"; [ ! -s "$work/stdout" ]; ok $? "    and nothing is measured"; }
mkdir "$work/linked"; ln "$one" "$work/linked/pairs.csv.crows-pairs.h5"; refused 64 "and the model .*are the same file" --output="$work/linked" --overwrite
rm "$work/linked/pairs.csv.crows-pairs.h5"; ln -s "$data/perplexity.txt" "$work/linked/perplexity.txt.perplexity.h5"; refused 64 "and --data .*are the same file" --output="$work/linked" --overwrite
rm "$work/linked/perplexity.txt.perplexity.h5"; ln -s "$data/wino/pro_stereotyped_type1.txt.dev" "$work/linked/wino.winobias-mlm.h5"; refused 64 "is a file of --data" --output="$work/linked" --overwrite
[ "$(ls "$work/linked")" = wino.winobias-mlm.h5 ]; ok $? "no other file was written"
refused 64 "and --compare .*are the same file" --output="$work/scores" --compare="$work/scores"
ln -s scores "$work/scores-link"; refused 64 "and --compare .*are the same file" --output="$work/scores-link" --compare="$work/scores"
mkdir "$work/theirs"; echo notes > "$work/theirs/pairs.csv.crows-pairs.h5"; refused 64 "exists and is not a file of collapse evaluate" --output="$work/theirs"
refused 64 "--output = .* is no folder" --output="$data/pairs.csv"
refused 64 "--compare = .* is no folder" --compare="$work/perplexity.h5"
refused 74 "--compare = .*nowhere: cannot be read" --compare="$work/nowhere"
mkdir "$work/nothing"; refused 65 "holds no scores of any file" --compare="$work/nothing"
fails 74 "cannot be written\|cannot be made" mpirun -n 2 "$collapse" evaluate "$one" --task=all --data="$data" --output=/proc/none
fails 64 "go with one model" all "$one" "$two" --output="$work/x"
mkdir "$work/clash"; cp "$here/crows.csv" "$work/clash/a-b.csv"; mkdir "$work/clash/a"; cp "$here/crows.csv" "$work/clash/a/b.csv"
fails 64 "would both be .*a-b.csv.crows-pairs.h5" "$collapse" evaluate "$one" --task=all --data="$work/clash" --output="$work/x"
[ ! -e "$work/x" ]; ok $? "no folder was made"
fails 74 "nowhere.h5" all "$work/nowhere.h5"

# Options: of the tasks that are there.
all "$one" --seat-state=cls --json 2> /dev/null | grep -o '"task": "seat".*' > "$work/cls"; grep -q '"keys": "seat-state = cls' "$work/cls"; ok $? "--seat-state holds for seat"
value=$("$collapse" evaluate "$one" --task=seat --data="$data/seat" --seat-state=cls --json 2> /dev/null | grep -o '"mean_abs_effect": [0-9.]*'); grep -qF "$value" "$work/cls"; ok $? "as for the task alone: $value"
refused 64 "pair is a key of task pronoun-gap, but .* holds no file of it" --pair=him,her
refused 64 "format does not go with task = all" --format=csv

# Packed files.
cp -r "$data" "$work/packed"; find "$work/packed" -type f -exec gzip -n {} +
"$collapse" evaluate "$two" --task=all --data="$work/packed" > "$work/gz" 2> "$work/err"; ok $? "every file packed"
cmp -s <(awk 'NR > 1 { $1 = ""; print }' "$work/gz" | sort) <(awk 'NR > 1 { $1 = ""; print }' "$work/table" | sort); ok $? "the values of the plain files"

# What is no file, cannot be read, or is damaged.
odd=$work/odd; mkdir -p "$odd/deep"; cp "$here/crows.csv" "$odd/pairs.csv"; mkfifo "$odd/pipe.csv"; ln -s nowhere "$odd/link.csv"; ln -s .. "$odd/deep/loop"
iconv -f UTF-8 -t UTF-16 "$here/crows.csv" > "$odd/wide.csv"; gzip -c "$here/stereoset.json" | head -c 400 > "$odd/cut.json.gz"; : > "$odd/none.json"
"$collapse" evaluate "$one" --task=all --data="$odd" > "$work/stdout" 2> "$work/err"; ok $? "they do not disturb the others"
for what in "pipe.csv: is a pipe or a device" "link.csv: cannot be read: No such file" "loop: is a link to a folder that it lies in" "wide.csv: is UTF-16" "cut.json.gz: its gzip data end too early" "none.json: is empty"; do
    grep -q "$what" "$work/err"; ok $? "named with the reason: $what"
done

# Evaluations that fail leave the others.
cp "$here/crows.csv" "$data/a-bad.csv"; printf 'x,y,neither,age\n' >> "$data/a-bad.csv"; sed '3s/\tmale\t/\tnobody\t/' "$here/bec_pro.tsv" > "$data/deep/bad.tsv"
for ranks in 1 3; do
    mpirun -n $ranks "$collapse" evaluate "$one" --task=all --data="$data" --json --output="$work/failing-$ranks" > "$work/json-$ranks" 2> "$work/err"; code=$?
    [ $code = 65 ]; ok $? "$ranks ranks: exit $code: $(grep '^collapse:' "$work/err" | cut -c1-120)"
    [ "$(grep -c "failed: .*a-bad.csv: line" "$work/err")" = 1 ] && [ "$(grep -c '^collapse: ' "$work/err")" = 1 ] && grep -q "evaluations failed; the first: crows-pairs on .*a-bad.csv" "$work/err"; ok $? "each in one sentence"
    [ "$(wc -l < "$work/json-$ranks")" = 1 ] && [ "$(grep -o '"error":' "$work/json-$ranks" | wc -l)" = 2 ] && [ "$(ls "$work/failing-$ranks" | paste -sd' ')" = "$names" ]; ok $? "the others are measured and written"
done
cmp -s "$work/json-1" "$work/json-3"; ok $? "the same object"
all "$one" 2> /dev/null | grep -q "^a-bad.csv *crows-pairs *- *failed *- *-$"; ok $? "the table says failed"
"$bin/collapse-export" "$one" --output="$work/hf" > /dev/null 2>&1; mv "$work/hf/model.safetensors" "$work/whole"
"$bin/tests/tools/variant" "$work/whole" "$work/hf/model.safetensors" nohead; "$bin/collapse-import" "$work/hf" --output="$work/headless.h5" > /dev/null 2>&1
all "$work/headless.h5" "$one" > "$work/headless" 2> "$work/err"; code=$?; [ $code = 65 ] && awk '$2 == "seat" && $4 ~ /^[0-9]/ { seat = 1 } $2 == "perplexity" && $4 == "failed" && $5 ~ /^[0-9]/ { fails = 1 } END { exit !(seat && fails) }' "$work/headless"
ok $? "a model without a head: seat is measured, the others fail on it and not on the other model: exit $code"
