# test_all.sh: evaluate --task=all: which files of a folder are whose, one table; and, task by task, that the metrics --compare makes of
# the items are those the task itself reports (oracle: both numbers of one JSON).
. "$ROOT/tests/lib.sh"
tiny 203
here=$ROOT/tests/evaluate
train 1 "$work/one" --steps=1
train 1 "$work/two" --steps=8
data=$work/data
mkdir -p "$data/seat" "$data/deep/er" "$data/mixed"
cp "$here/crows.csv" "$data/pairs.csv"
cp "$here/bec_pro.tsv" "$here/stereoset.json" "$data/deep/er/"
cp "$here"/seat/* "$data/seat/"
cp -r "$here/winobias" "$data/wino"
cp "$here/seat/small.jsonl" "$here/seat/sent-ten.json" "$data/mixed/"; echo '{"a": 1}' > "$data/mixed/other.json"
head -n 30 "$work/text.txt" > "$data/pronouns-1.txt"; cp "$data/pronouns-1.txt" "$data/deep/perplexity.txt"; cp "$data/pronouns-1.txt" "$data/words.txt"
printf 'sent_more,sent_less\na,b\n' > "$data/half.csv"; : > "$data/empty.csv"; cp "$data/pairs.csv" "$data/.hidden.csv"
all() { "$collapse" evaluate "$@" --task=all --data="$data"; }

all "$work/one/model.h5" > "$work/table" 2> "$work/err"; ok $? "one table of a folder"
[ "$(awk 'NR > 1 { print $1, $2 }' "$work/table" | uniq | paste -sd';')" = "pairs.csv crows-pairs;pronouns-1.txt pronoun-gap;deep/perplexity.txt perplexity;deep/er/bec_pro.tsv bec-pro;deep/er/stereoset.json stereoset;mixed/sent-ten.json seat;mixed/small.jsonl seat;seat seat;wino winobias-mlm" ]
ok $? "every file has its task, a folder of seat files is one: $(awk 'NR > 1 { print $1, $2 }' "$work/table" | uniq | paste -sd';')"
[ "$(grep -c "no task recognises it" "$work/err")" = 3 ] && grep -q "empty.csv: is empty" "$work/err" && ! grep -q hidden "$work/err"; ok $? "the others are named: $(grep "no task recognises" "$work/err" | sed 's/.*data.//;s/:.*//' | paste -sd' ')"
all "$work/one/model.h5" --json > "$work/json" 2> /dev/null
[ "$(wc -l < "$work/json")" = 1 ] && [ "$(grep -o '"task": "[a-z-]*"' "$work/json" | cut -d'"' -f4 | paste -sd' ')" = "all crows-pairs pronoun-gap perplexity bec-pro stereoset seat seat seat winobias-mlm" ]
ok $? "one JSON object with a result each"
all "$work/one/model.h5" "$work/two/model.h5" > "$work/both" 2> /dev/null; awk 'NR == FNR { value[$1, $2, $3] = $4; next } FNR > 1 && value[$1, $2, $3] != $4 { bad = 1 } END { exit bad || !NR }' "$work/table" "$work/both" && head -n 1 "$work/both" | grep -q "two/model.h5"
ok $? "two models: a column each"
mpirun -n 3 "$collapse" evaluate "$work/one/model.h5" --task=all --data="$data" 2> /dev/null | cmp -s - "$work/table"; ok $? "3 ranks print the same bytes"
gap=$("$collapse" evaluate "$work/one/model.h5" --task=pronoun-gap --data="$data/pronouns-1.txt" 2> /dev/null | awk 'NR == 2 { print $2 }')
awk -v g="$gap" '$3 == "gap.abs" { found = $4 == g } END { exit !found }' "$work/table"; ok $? "the value of the task alone: $gap"

fails 64 "needs --data=FOLDER" "$collapse" evaluate "$work/one/model.h5" --task=all
fails 64 "is no folder" "$collapse" evaluate "$work/one/model.h5" --task=all --data="$data/pairs.csv"
mkdir "$work/none"; echo x > "$work/none/x.txt"; fails 65 "no task recognises any of its 1 files" mpirun -n 2 "$collapse" evaluate "$work/one/model.h5" --task=all --data="$work/none"
mkdir "$work/wrong"; printf 'sent_more,sent_less,stereo_antistereo,bias_type\na,b,c,d\n' > "$work/wrong/x.csv"; fails 65 "x.csv: line 2" "$collapse" evaluate "$work/one/model.h5" --task=all --data="$work/wrong"

# numbers PART FILE: `name value` of a JSON's metrics, or of compare's this
numbers() {
    if [ "$1" = metric ]; then sed 's/.*"n_skipped".*, "metric": {\([^{}]*\)}, "interval".*/\1/' "$2" | tr ',' '\n' | sed -n 's/^ *"\(.*\)": \(.*\)/\1 \2/p'
    else sed 's/.*"compare": //' "$2" | grep -o '"[^"]*": {"this": [-0-9.e]*, "other": [-0-9.e]*' | sed 's/"\(.*\)": {"this": \(.*\), "other": \(.*\)/\1 \2 \3/'; fi
}
for task in crows-pairs:crows.csv:5 stereoset:stereoset.json:8 bec-pro:bec_pro.tsv:4 seat:seat:1 perplexity:lines.txt:6; do
    IFS=: read -r name file least <<< "$task"
    "$collapse" evaluate "$work/one/model.h5" --task="$name" --data="$here/$file" --output="$work/$name.h5" --json > "$work/other" 2> /dev/null
    "$collapse" evaluate "$work/two/model.h5" --task="$name" --data="$here/$file" --compare="$work/$name.h5" --json > "$work/this" 2> /dev/null
    numbers metric "$work/this" > "$work/mine"; numbers metric "$work/other" > "$work/theirs"; numbers compare "$work/this" > "$work/both"
    found=$(awk -v least="$least" 'FILENAME ~ /mine$/ { a[$1] = $2; next } FILENAME ~ /theirs$/ { b[$1] = $2; next }
        { n++; if (!($1 in a)) { bad = 1; print "unknown", $1 } d = a[$1] - $2; e = b[$1] - $3; if (d < 0) d = -d; if (e < 0) e = -e; if (d > most) most = d; if (e > most) most = e; differ += $2 != $3 }
        END { printf "%d metrics, %.1e apart, %d differ", n, most, differ; exit bad || n < least || most > 1e-9 || !differ }' "$work/mine" "$work/theirs" "$work/both")
    ok $? "$name: what --compare makes of the items is what the task reports, for both models: $found"
done
