# test_true_zeros.sh: a walk over all metrics of geometry, evaluate, train, its snapshots and bench, with inputs that leave nothing to
# measure. Whatever is 0, 1 or -1 to rounding must stand in true_zeros.txt; what is not measured must be so in every form alike.
. "$ROOT/tests/lib.sh"
tiny 101
table=$bin/collapse-table zeros=$ROOT/tests/evaluate/true_zeros.txt
met=$work/met; : > "$met"

# walk CASE: `metric value` lines on standard input; those at 0, 1 or -1 that the list does not have are printed.
walk() {
    awk -v case="$1" -v met="$met" 'function fits(text, pattern) { n = index(pattern, "*"); if (!n) return text == pattern
            if (substr(text, 1, n - 1) != substr(pattern, 1, n - 1)) return 0
            rest = substr(pattern, n + 1); return rest == "" || substr(text, length(text) - length(rest) + 1) == rest }
        FNR == NR { if ($1 !~ /^#/ && NF == 3) { c[++k] = $1; m[k] = $2; v[k] = $3 } next }
        NF == 2 && $2 + 0 == $2 { values++; d = $2 < 0 ? -$2 : $2; x = d < 1e-12 ? 0 : d - 1 < 1e-12 && 1 - d < 1e-12 ? ($2 < 0 ? -1 : 1) : ""
            if (x == "") next
            for (i = 1; i <= k; i++) if (fits(case, c[i]) && fits($1, m[i]) && index("," v[i] ",", "," x ",")) { print c[i], m[i] >> met; next }
            print $1 "=" $2; bad = 1 }
        END { if (!values) print "nothing was walked over"; exit bad || !values }' "$zeros" -
}
# measured CASE FILE.h5 JSON TABLE: the walk, and that file, JSON and table do not measure the same values.
measured() {
    "$table" "$2" /metric --no-header | tr '\t' ' ' > "$work/values"
    found=$(walk "$1" < "$work/values"); code=$?
    local none; none=$(grep -c ' $' "$work/values")
    [ "$(sed 's/"interval": .*//; s/.*"metric": //' "$3" | grep -o ': null' | wc -l)" = "$none" ] || { code=1; found="$found; JSON has other nulls"; }
    [ "$(grep -cE '^[^ ]+ +-( |$)' "$4")" = "$none" ] || [ -n "${5:-}" ] || { code=1; found="$found; the table has other dashes"; }
    ! grep -qiE '(^|[^a-z])(nan|inf)([^a-z]|$)' "$3" "$4" || { code=1; found="$found; nan or inf in text"; }
    ok $code "$1: $none not measured, $(grep -vc ' $' "$work/values") measured $found"
}
geometry() { # case model text flags...
    local case=$1 model=$2 text=$3; shift 3
    "$collapse" geometry "$model" --text="$text" --max-length=32 --output="$work/g.h5" "$@" > "$work/g.table" 2> "$work/g.err"
    local code=$?
    "$collapse" geometry "$model" --text="$text" --max-length=32 --json "$@" > "$work/g.json" 2> /dev/null
    if [ $code = 0 ]; then measured "$case" "$work/g.h5" "$work/g.json" "$work/g.table"; else ok 1 "$case: $(tail -n 1 "$work/g.err")"; fi
}
evaluate() { # case model text flags...
    local case=$1 model=$2 text=$3; shift 3
    "$collapse" evaluate "$model" --task=pronoun-gap --data="$text" --json --output="$work/e.h5" "$@" > "$work/e.json" 2> /dev/null &&
        "$collapse" evaluate "$model" --task=pronoun-gap --data="$text" "$@" > "$work/e.table" 2> /dev/null || { ok 1 "$case: evaluate failed"; return; }
    measured "$case" "$work/e.h5" "$work/e.json" "$work/e.table" columns
}

train 1 "$work/run" --steps=4 --nc-weight=0
model=$work/run/model.h5 text=$work/text.txt
printf 'he\nshe\n' > "$work/two.txt"; printf 'he\tM\nshe\tF\n' > "$work/groups.txt"; printf 'he\tM\nshe\tF\nhis\tM\nher\tF\nprince\tM\n' > "$work/five.txt"
for i in 1 2 3; do echo "he said that"; echo "she said that"; echo "his left"; done > "$work/alike-text.txt"; printf 'he\tM\nshe\tF\nhis\tM\n' > "$work/three.txt"
printf 'he said that he\nshe said his\n' > "$work/once.txt"
geometry two "$model" "$text" --words="$work/two.txt"
geometry two-groups "$model" "$text" --words="$work/groups.txt" --passes=1
geometry five "$model" "$text" --words="$work/five.txt" --bootstrap=200
geometry once "$model" "$work/once.txt" --words="$work/three.txt"
geometry alike "$model" "$work/alike-text.txt" --words="$work/three.txt"
echo "the king" > "$work/other.txt"; geometry nc4-none "$model" "$text" --words="$work/five.txt" --nc4-text="$work/other.txt" --calibration=0 --bootstrap=0
geometry corpus "$model" "$text" --classes=corpus --bootstrap=50
geometry masked "$model" "$text" --words="$work/five.txt" --nc-align=masked --nc4=no
cp "$model" "$work/hole.h5"; "$tamper" "$work/hole.h5" /model/weights/bert.embeddings.word_embeddings.weight 0 $(($("$table" "$work/g.h5" /class/id | sed -n 2p) * 32)) 32
geometry hole "$work/hole.h5" "$text" --words="$work/five.txt"
cp "$model" "$work/zero.h5"; "$tamper" "$work/zero.h5" /model/weights/bert.embeddings.word_embeddings.weight 0
geometry zero "$work/zero.h5" "$text" --words="$work/five.txt"
train 1 "$work/narrow" --steps=2 --nc-weight=0 --hidden=2 --heads=1 --intermediate=3
geometry line "$work/narrow/model.h5" "$text" --words="$work/five.txt" --nc-space=hidden
cp "$model" "$work/flat.h5"; "$tamper" "$work/flat.h5" /model/weights/cls.predictions.transform.LayerNorm.weight 0; "$tamper" "$work/flat.h5" /model/weights/cls.predictions.transform.LayerNorm.bias 0.1
fails 65 "one point" "$collapse" geometry "$work/flat.h5" --text="$text" --words="$work/five.txt" --max-length=32
fails 65 "1 of the classes is met" "$collapse" geometry "$model" --text="$text" --words="$work/two.txt" --max-length=32 --most=1

evaluate five "$model" "$text" --words="$work/five.txt"
evaluate two "$model" "$work/once.txt" --words="$work/two.txt"
head -n 1 "$work/alike-text.txt" > "$work/line.txt"; evaluate line "$model" "$work/line.txt" --words="$work/two.txt"
printf 'his\nher\n' > "$work/absent.txt"; evaluate absent "$model" "$work/line.txt" --words="$work/absent.txt"
"$tamper" "$work/zero.h5" /model/weights/cls.predictions.bias 0; evaluate flat "$work/zero.h5" "$text" --words="$work/five.txt"
evaluate point "$work/flat.h5" "$text" --words="$work/five.txt"

# train: every line of the log as `column value`, and its snapshots
log() { awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next } { for (i = 3; i <= NF; i++) if (name[i] !~ /^(nc_classes|tokens|seconds)$/) print name[i], $i }' "$1/log.tsv"; }
train 1 "$work/gaps" --steps=24 --batch=2 --mask-rate=0.03 --nc-reset=step --nc-words="$work/two.txt" --geometry-steps=8
found=$(log "$work/gaps" | walk train); ok $? "train: $(log "$work/gaps" | grep -c ' $') of $(log "$work/gaps" | wc -l) values of the log not measured $found"
train 1 "$work/late" --steps=6 --batch=1 --nc-reset=epoch --nc-words="$work/two.txt" --geometry-steps=2
found=$(log "$work/late" | walk train); ok $? "train: two classes are met late: $(cut -f5 "$work/late/log.tsv" | tail -n +2 | paste -sd' ') $found"
found=$(log "$work/run" | walk train); ok $? "train without a regularizer $found"
found=$(for f in "$work"/late/geometry-*.h5; do "$table" "$f" /metric --no-header | tr '\t' ' '; done | walk two-snapshots); ok $? "snapshots of two classes: $(ls "$work/late" | grep -c '^geometry-') $found"
found=$("$collapse" bench --model=tiny --batch=2 --length=16 --steps=1 --threads=1 2> /dev/null | tail -n 1 | tr ',{}' '\n\n\n' | sed -n 's/^ *"\([a-z_]*\)": \([-0-9.e+]*\)$/\1 \2/p' | walk bench); ok $? "bench $found"

# The list is short because all of it is met.
sort -u "$met" > "$work/used"; awk '$1 !~ /^#/ && NF == 3 { print $1, $2 }' "$zeros" | sort -u > "$work/listed"
found=$(comm -13 "$work/used" "$work/listed" | paste -sd';'); [ -z "$found" ]; ok $? "every line of true_zeros.txt was met: $found"
