# test_tools.sh: collapse-table, collapse-diff, collapse-report, and the readers in other languages. Oracle: h5dump, and the
# readers' own arithmetic, which must give the numbers of the file.
. "$ROOT/tests/lib.sh"
tiny 301
train 1 "$work/a" --steps=12 --geometry-steps=6
train 1 "$work/b" --steps=12 --seed=43
for run in a b; do
    "$collapse" geometry "$work/$run/model.h5" --text="$work/text.txt" --words="$work/words.txt" --max-length=32 --output="$work/$run.h5" > /dev/null 2>&1
done
table=$bin/collapse-table diff=$bin/collapse-diff report=$bin/collapse-report

[ "$("$table" "$work/a.h5" /class/count | paste -sd+ | bc 2> /dev/null || "$table" "$work/a.h5" /class/count | awk '{ s += $1 } END { print s }')" = "$("$table" "$work/a.h5" /metric/states)" ]; ok $? "table: counts add up to the states"
h5dump -y -w 1 -m %.17g -d /class/variance "$work/a.h5" | sed -n '1,/ATTRIBUTE/s/^ *\([0-9][-0-9.e+]*\),*$/\1/p' > "$work/dumped"
"$table" "$work/a.h5" /class/variance | cmp -s - "$work/dumped"; ok $? "table: the numbers of h5dump, digit by digit"
"$table" "$work/a.h5" /class/mean | awk -F'\t' '{ if (NF != 32) bad = 1 } END { exit bad || NR < 5 }'; ok $? "table: a matrix has a row per class"
"$table" "$work/a.h5" /class | head -n 1 | grep -q "count.*dual_cosine.*word"; ok $? "table: a group of columns with their names"
"$table" "$work/a/model.h5" /tokenizer/vocab --csv | grep -q '^""""$\|^","$\|^\[PAD\]$'; ok $? "table: strings"
[ "$("$table" "$work/a/step-00000012.h5" /history/step | tail -n 1)" = 12 ]; ok $? "table: history"
fails 64 "holds no /nothing" "$table" "$work/a.h5" /nothing
fails 64 "does not begin with /" "$table" "$work/a.h5" class
fails 64 "needs a file and a path" "$table" "$work/a.h5"
fails 74 "none.h5" "$table" "$work/none.h5" /x

for file in a.h5 a/model.h5 a/step-00000012.h5; do
    n=$(h5dump -n "$work/$file" | grep -c '^ *dataset ')
    [ "$n" -gt 5 ] && "$bin/collapse-check" "$work/$file" | grep -q ", $n datasets, all hashes match"; ok $? "check: sees the $n datasets h5dump sees in $file"
    "$diff" "$work/$file" "$work/$file" | grep -q "^$n datasets equal, 0 differ"; ok $? "diff: compares all of them"
done

"$diff" "$work/a.h5" "$work/a.h5" > "$work/out"; ok $? "diff: a file and itself: $(grep equal "$work/out")"
"$diff" "$work/a.h5" "$work/b.h5" > "$work/out"; [ $? = 1 ] && grep -q "^unc3 " "$work/out" && grep -q "/class/mean .*e" "$work/out"; ok $? "diff: two models: exit 1, measures side by side, datasets by size"
cp "$work/a/step-00000012.h5" "$work/changed.h5"; "$tamper" "$work/changed.h5" /model/weights/bert.encoder.layer.1.output.dense.bias +0.25 > /dev/null
"$diff" "$work/a/step-00000012.h5" "$work/changed.h5" > "$work/out"; [ $? = 1 ] && grep -q ", 1 differ" "$work/out" && grep -q "output.dense.bias .* 2.50e-01" "$work/out" && grep -q "the same run" "$work/out"
ok $? "diff: the one tensor that was changed, by how much, and that it is the same run"
"$diff" "$work/a/step-00000012.h5" "$work/b/step-00000012.h5" | grep -q "seed = 42.*|.*seed = 43"; ok $? "diff: the settings that differ"
"$diff" "$work/a/step-00000012.h5" "$work/changed.h5" --tolerance=1e9 > /dev/null; ok $? "diff: --tolerance"
for change in "/tokenizer/vocab lower_case 0 1" "/model num_attention_heads 2 4" "/model layer_norm_eps 0.5 1e-12"; do
    set -- $change; cp "$work/a/model.h5" "$work/changed.h5"; "$tamper" "$work/changed.h5" "$1" "$2" "$3"
    "$diff" "$work/a/model.h5" "$work/changed.h5" > "$work/out"; [ $? = 1 ] && grep -q ", 0 differ$" "$work/out" && grep -q "^$1 *$2 *$4 | $3$" "$work/out"
    ok $? "diff: the same numbers, another configuration: $(grep "$2" "$work/out")"
done
"$bin/collapse-check" "$work/changed.h5" > /dev/null; ok $? "check: it is a whole file all the same"
cp "$work/a/model.h5" "$work/changed.h5"; flip=$(grep -abo num_attention_heads "$work/changed.h5" | head -n 1 | cut -d: -f1)
printf 'N' | dd of="$work/changed.h5" bs=1 seek="$flip" conv=notrunc 2> /dev/null
fails 65 "/model: .*does not match its checksum" "$diff" "$work/a/model.h5" "$work/changed.h5"
cp "$work/a/model.h5" "$work/changed.h5"; "$tamper" "$work/changed.h5" /tokenizer/vocab lower_case 0
fails 65 "lower_case of /tokenizer/vocab contradicts" "$bin/collapse-check" "$work/changed.h5"
for change in "hidden_act relu" "position_embedding_type relative_key" "model_type roberta"; do
    set -- $change; cp "$work/a/model.h5" "$work/changed.h5"; "$tamper" "$work/changed.h5" /model "$1" "$2"
    fails 65 "$1 is '*$2'*, but this program computes only" "$bin/collapse-check" "$work/changed.h5"
    fails 65 "$1 is '*$2'*, but this program computes only" "$collapse" encode "$work/changed.h5" --text="$work/text.txt" --output="$work/e.h5"
done
cp "$work/a/model.h5" "$work/changed.h5"; "$tamper" "$work/changed.h5" /model tie_word_embeddings 0
fails 65 "has no dataset /model/weights/cls.predictions.decoder.weight" "$bin/collapse-check" "$work/changed.h5"
"$diff" "$work/a/model.h5" "$work/a.h5" --most=0 > "$work/out"; [ $? = 1 ] && grep -q "only in the first" "$work/out" && grep -q "only in the second" "$work/out"; ok $? "diff: files of different kinds"

"$report" "$work/a" "$work/b" "$work/a.h5" "$work/b.h5" -o "$work/report.html" 2> /dev/null; ok $? "report: runs and files"
mkdir "$work/cr"; tr '\n' '\r' < "$work/a/log.tsv" > "$work/cr/log.tsv"
"$report" "$work/cr" -o "$work/cr.html" 2> /dev/null && grep -q '<svg' "$work/cr.html"; ok $? "report: a log whose lines end in CR alone"
grep -c "<svg role=\"img\"" "$work/report.html" | awk '{ exit !($1 >= 8) }'; ok $? "report: $(grep -c '<svg role' "$work/report.html") figures"
[ "$(grep -o '<svg' "$work/report.html" | wc -l)" = "$(grep -o '<desc>' "$work/report.html" | wc -l)" ]; ok $? "report: every figure has a description"
! grep -qE "https?://" <(sed 's,http://www.w3.org/2000/svg,,g' "$work/report.html") && ! grep -q "<script" "$work/report.html"; ok $? "report: no network, no script"
! grep -qiE '[^a-z](nan|inf)[^a-z]' <(sed 's/<text[^>]*>[^<]*<\/text>//g; s/<title>[^<]*<\/title>//g' "$work/report.html" | grep '<path\|<rect\|<circle'); ok $? "report: no coordinate that is not a number"
if command -v python3 > /dev/null; then
    python3 - "$work/report.html" <<'P'
import sys
from html.parser import HTMLParser
class Balance(HTMLParser):
    stack, bad = [], 0
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"): self.stack.append(tag)
    def handle_startendtag(self, tag, attributes): pass
    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag: self.bad += 1
b = Balance(); b.feed(open(sys.argv[1], encoding="utf-8").read()); sys.exit(b.bad > 0 or len(b.stack) > 0)
P
    ok $? "report: every element is closed"
else skip "report: no python3 to check the elements"; fi
printf 'he\t<b>&"x"\nshe\tother\n' > "$work/odd.txt"
"$collapse" geometry "$work/a/model.h5" --text="$work/text.txt" --words="$work/odd.txt" --max-length=32 --output="$work/odd.h5" > /dev/null 2>&1 &&
    "$report" "$work/odd.h5" -o "$work/odd.html" 2> /dev/null && ! grep -q '<b>' "$work/odd.html" && grep -q '&lt;b&gt;&amp;&quot;x' "$work/odd.html"
ok $? "report: names are escaped"
fails 64 "report.html is missing" "$report" "$work/a"
fails 65 "neither a history nor metrics" "$report" "$work/a/model.h5" -o "$work/x.html"
fails 65 "not the output of a run" "$report" "$work" -o "$work/x.html"
fails 74 "cannot be" "$report" "$work/a" -o /nonexistent/x.html

# What was not measured: an empty field, a dash, a gap; twice is no difference, once is.
word=$("$table" "$work/a.h5" /class/id | sed -n 3p)
cp "$work/a/model.h5" "$work/hole.model.h5"; "$tamper" "$work/hole.model.h5" /model/weights/bert.embeddings.word_embeddings.weight 0 $((word * 32)) 32
geometry_of() { "$collapse" geometry "$1" --text="$work/text.txt" --max-length=32 --output="$2" "${@:3}" > "$2.out" 2>&1; }
geometry_of "$work/hole.model.h5" "$work/hole.h5" --words="$work/words.txt"
printf 'he\tM\nshe\tF\n' > "$work/two.txt"; geometry_of "$work/a/model.h5" "$work/two.h5" --words="$work/two.txt" --nc4=no
[ "$("$table" "$work/hole.h5" /metric/zero_directions) $("$table" "$work/hole.h5" /class/dual_cosine | grep -c '^$')" = "1 1" ]; ok $? "table: the cosine of an embedding of 0 is an empty field"
[ "$("$table" "$work/two.h5" /metric | awk -F'\t' '$1 == "cos_var" || $1 == "group.F.unc3" { printf "%s=%s;", $1, $2 }')" = "cos_var=;group.F.unc3=;" ] && "$table" "$work/two.h5" /metric --csv | grep -qx "cos_var,"
ok $? "table: no variance of one pair, no deviation of one word"
"$bin/collapse-show" "$work/two.h5" --all > "$work/out"; grep -qE "^  cos_var  *-" "$work/out" && grep -qE "^  unc3  *[0-9.]*  *-$" "$work/out" && ! grep -qi "nan" "$work/out"; ok $? "show: dashes"
geometry_of "$work/a/model.h5" "$work/two-again.h5" --words="$work/two.txt" --nc4=no
"$diff" "$work/two.h5" "$work/two-again.h5" > "$work/out"; [ $? = 0 ] && grep -qE "^cos_var +- +- +-$" "$work/out"; ok $? "diff: not measured twice is no difference"
cp "$work/two.h5" "$work/one.h5"; "$tamper" "$work/one.h5" /metric/cos_var 0; "$diff" "$work/two.h5" "$work/one.h5" > "$work/out"
[ $? = 1 ] && grep -qE "^cos_var +- +0 +-$" "$work/out" && grep -q "/metric/cos_var .*1 are not finite in one file only" "$work/out"; ok $? "diff: not measured and 0 differ"
"$report" "$work/two.h5" "$work/hole.h5" "$work/a.h5" "$work/b.h5" "$work/one.h5" -o "$work/holes.html" 2> /dev/null
grep -q "<td>cos_var</td><td>-</td>" "$work/holes.html" && grep -q "<td>unc3</td><td>[0-9.]* \[-\]</td>" "$work/holes.html" && grep -q '#cccccc\|<td>zero_directions</td>' "$work/holes.html" &&
    ! grep -qi '[" >]-\?nan[" <]' "$work/holes.html"
ok $? "report: dashes, no nan, in figures too"
grep -q "Figures show the first 4 files" "$work/holes.html" && grep -q "<td>group.F.unc3</td><td>-</td><td>-</td>" "$work/holes.html"; ok $? "report: says which files have no figures, and shows the measures of every file"
mkdir "$work/many"; awk 'BEGIN { printf "step"; for (i = 0; i < 40; i++) printf "\ttask.t%d", i; print "\tloss\ttask_loss\tnc_loss"; for (s = 1; s < 4; s++) { printf "%d", s; for (i = 0; i < 40; i++) printf "\t"; printf "\t7.25\t%s\t\n", s == 2 ? "" : "6.125" } }' > "$work/many/log.tsv"
"$report" "$work/many" -o "$work/many.html" 2> /dev/null && grep -q "<td>7.25</td><td>6.125</td><td>-</td>" "$work/many.html" && ! grep -q "Collapse measure" "$work/many.html"; ok $? "report: a log of 44 columns, with empty fields"
awk 'BEGIN { n = split("he she his her", a, " "); g = ""; for (i = 0; i < 120; i++) g = g "x"; for (i = 1; i <= n; i++) print a[i] "\t" (i <= 2 ? g "/one" : i == 3 ? g "_one" : "other") }' > "$work/groups.txt"
geometry_of "$work/a/model.h5" "$work/groups.h5" --words="$work/groups.txt" --nc4=no
[ "$("$table" "$work/groups.h5" /metric | awk -F'\t' '$1 ~ /^group\..*x_one(_[0-9])?\.classes$/ { print $2 }' | sort | paste -sd' ')" = "1 2" ]; ok $? "groups with names of 124 letters that differ in a slash are two groups"
name=$(printf 'g%.0s' $(seq 200)); printf "he\t$name\nshe\tother\nhis\t$name\nher\tother\n" > "$work/groups.txt"
geometry_of "$work/a/model.h5" "$work/groups.h5" --words="$work/groups.txt" --nc4=no && "$bin/collapse-check" --quiet "$work/groups.h5" && "$table" "$work/groups.h5" /metric | grep -q "^group.$name.variance_mean"; ok $? "a group with a name of 200 bytes is measured and read back"
printf "he\tg$name\nshe\tother\n" > "$work/groups.txt"
fails 65 "the group of 'he' has a name of 201 bytes.*at most 200" "$collapse" geometry "$work/a/model.h5" --text="$work/text.txt" --words="$work/groups.txt" --max-length=32

# Readers: they print the file's numbers, and their own from the arrays; also of a file with a class without a direction.
reader() { # name command...
    for file in "$work/a.h5" "$work/hole.h5"; do read_with "$file" "$@"; done
}
read_with() { # file name command...
    local file=$1 name=$2; shift 2
    "$@" "$file" > "$work/read" 2> "$work/read.err"
    local stored; stored=$("$table" "$file" /metric/unc3)
    local least; least=$("$table" "$file" /class | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["dual_cosine"] != "" && (w == "" || $at["dual_cosine"] < m) { m = $at["dual_cosine"]; w = $at["word"] } END { printf "least aligned %s %.10f", w, m }')
    grep -q "^unc3 $(printf %.10f "$stored")$" "$work/read" && grep -q "^recomputed $(printf %.10f "$stored")$" "$work/read" && grep -qF "$least" "$work/read"
    ok $? "reader: $name, $(basename "$file" .h5): $(tr '\n' ';' < "$work/read" | cut -c1-140)$(head -n 1 "$work/read.err" | cut -c1-120)"
}
readers=$ROOT/hdf5-tools/readers
reader shell sh "$readers/geometry.sh"
python=${PYTHON:-python3}
if "$python" -c 'import h5py' 2> /dev/null; then reader Python "$python" "$readers/geometry.py"; else skip "Python: no h5py"; fi
if command -v octave-cli > /dev/null; then reader Octave octave-cli -qf "$readers/geometry.m"; else skip "Octave is not here"; fi
if command -v Rscript > /dev/null && Rscript -e 'library(hdf5r)' > /dev/null 2>&1; then reader R Rscript "$readers/geometry.R"; else skip "R with hdf5r is not here"; fi
if command -v julia > /dev/null && julia -e 'using HDF5' > /dev/null 2>&1; then reader Julia julia "$readers/geometry.jl"; else skip "Julia with HDF5 is not here"; fi
