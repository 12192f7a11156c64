# test_geometry.sh: collapse geometry from end to end. Oracles: one rank; numpy in fp64 (tests/golden/geometry.tsv, made by
# tests/oracle/geometry.py from the real model of ../shared); the measures themselves are test_geometry_f64's.
. "$ROOT/tests/lib.sh"
tiny 401
table=$bin/collapse-table
train 1 "$work/run" --steps=30 --nc-weight=0
model=$work/run/model.h5
geometry() { # ranks output flags...
    local ranks=$1 output=$2; shift 2
    mpirun -n "$ranks" "$collapse" geometry "$model" --text="$work/text.txt" --max-length=32 --output="$output" "$@" > "$output.out" 2> "$output.err"
}
# alike TOLERANCE A B: all metrics of both files, the same names; those that are empty (not measured) must be so in both
alike() {
    paste <("$table" "$2" /metric) <("$table" "$3" /metric) | awk -F'\t' -v t="$1" 'NR > 1 {
        if ($1 != $3) bad = 1
        if ($2 == "" || $4 == "") { if ($4 != $2) bad = 1; next }
        d = $2 - $4; if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2; r = s > 1e-9 ? d / s : d
        if (r > worst) { worst = r; where = $1 } n++ }
        END { printf "%d measures, largest difference %.1e %s", n, worst, where; exit bad || n < 40 || worst > t }'
}

for setting in "words --words=$work/words.txt --nc-align=shift" "corpus --classes=corpus --min-count=3 --nc-space=hidden" \
    "vocabulary --classes=vocabulary --nc-align=masked" "weighted --words=$work/words.txt --centre=weighted --nc-space=hidden"; do
    set -- $setting; name=$1; shift
    geometry 1 "$work/$name-1.h5" "$@"
    [ $? = 0 ] && "$bin/collapse-check" --quiet "$work/$name-1.h5"
    ok $? "$name: $("$table" "$work/$name-1.h5" /metric/classes) classes, hashes are right $(tail -n 1 "$work/$name-1.h5.err" | cut -c1-100)"
    for ranks in 2 3 4; do
        geometry $ranks "$work/$name-$ranks.h5" "$@"
        found=$(alike 1e-10 "$work/$name-1.h5" "$work/$name-$ranks.h5"); code=$?
        cmp -s <("$table" "$work/$name-1.h5" /class/count) <("$table" "$work/$name-$ranks.h5" /class/count) || code=1
        ok $code "$name: $ranks ranks = 1 rank, counts equal: $found"
    done
done
# Every state but a sample's last is paired with the next id, [SEP] among them; with its own id, all are.
geometry 2 "$work/shift.h5" --classes=vocabulary --nc4=no --nc-align=shift
geometry 2 "$work/same.h5" --classes=vocabulary --nc4=no
read -r samples pieces < <(sed -n 's/.*: \([0-9]*\) samples, \([0-9]*\) pieces$/\1 \2/p' "$work/shift.h5.err")
[ "$("$table" "$work/shift.h5" /metric/states)" = $((pieces - samples)) ] && [ "$("$table" "$work/same.h5" /metric/states)" = "$pieces" ]
ok $? "states: $pieces pieces, and $((pieces - samples)) with a next one"
geometry 3 "$work/once.h5" --words="$work/words.txt" --nc-align=shift --passes=1
found=$(alike 1e-9 "$work/words-1.h5" "$work/once.h5"); ok $? "one pass over the text, 3 ranks: $found"
geometry 1 "$work/once-all.h5" --classes=vocabulary --nc-align=masked --passes=1
found=$(alike 1e-9 "$work/vocabulary-1.h5" "$work/once-all.h5"); ok $? "one pass, the whole vocabulary: $found"
for grid in 1x1 1x2 2x1 1x3 2x2; do
    geometry $((${grid%x*} * ${grid#*x})) "$work/grid.h5" --words="$work/words.txt" --nc-align=shift --road=scalapack --grid=$grid
    found=$(alike 1e-9 "$work/words-1.h5" "$work/grid.h5"); ok $? "ScaLAPACK on a grid of $grid = LAPACK: $found"
done
geometry 5 "$work/five.h5" --words="$work/words.txt" --nc-align=shift --road=scalapack
found=$(alike 1e-9 "$work/words-1.h5" "$work/five.h5"); ok $? "ScaLAPACK on 5 ranks: $found"
geometry 1 "$work/seed.h5" --words="$work/words.txt" --nc-align=shift --calibration=0 --seed=7
cmp -s <("$table" "$work/words-1.h5" /interval/unc3) <("$table" "$work/seed.h5" /interval/unc3)
[ $? = 1 ]; ok $? "control: another seed, another interval"
! alike 1e-3 "$work/words-1.h5" "$work/weighted-1.h5" > /dev/null; ok $? "control: another centre and space are seen"
"$table" "$work/words-1.h5" /class | awk -F'\t' 'NR > 1 { n[$0 ~ /female|male/]++ } END { exit !(n[1] > 5) }'; ok $? "classes carry word and group"
awk -F'[][,:]' '1' "$work/words-1.h5.out" | grep -q "unc3 .* to "; ok $? "the table has intervals"
"$collapse" geometry "$model" --text="$work/text.txt" --words="$work/words.txt" --max-length=32 --json 2> /dev/null > "$work/json"
[ "$(wc -l < "$work/json")" = 1 ] && grep -q '"task": "geometry"' "$work/json" && grep -q '"nc1_pinv": [0-9]' "$work/json" && grep -q '"interval": {.*"unc3": \[' "$work/json"
ok $? "--json prints one object with metrics and intervals"

# BLIS is the BLAS that LAPACK and ScaLAPACK call: it stands before theirs among the libraries.
ldd "$collapse" | awk '/libblis/ { blis = NR } /libblas|liblapack|libscalapack/ { if (!blis) bad = 1 } END { exit bad || !blis }'
ok $? "BLIS stands before LAPACK, ScaLAPACK and any other BLAS among the libraries"

refused() { fails "$1" "$2" mpirun -n 2 "$collapse" geometry "$model" --text="$work/text.txt" --max-length=32 --output="$work/no.h5" "${@:3}"; }
echo he > "$work/one.txt"; refused 65 "1 of the classes is met" --words="$work/one.txt"
echo "he said that" > "$work/short.txt"
fails 65 "no class is met twice" "$collapse" geometry "$model" --text="$work/short.txt" --classes=corpus --max-length=32
echo '{"female": {"she": 1}}' > "$work/other.json"; refused 65 "made for another vocabulary" --words="$work/other.json"
refused 64 "needs --words" ; refused 64 "goes with --classes=words" --words="$work/words.txt" --classes=corpus
refused 64 "needs the classes beforehand" --classes=corpus --passes=1
refused 64 "needs 9 ranks" --words="$work/words.txt" --road=scalapack --grid=3x3
refused 74 "cannot be opened" --words="$work/none.txt"
fails 74 "/nonexistent/x.h5: cannot be written" mpirun -n 2 "$collapse" geometry "$model" --text="$work/text.txt" --words="$work/words.txt" --output=/nonexistent/x.h5
! grep -q "samples" "$work/stderr"; ok $? "that is said before the work, not after it"
cp "$model" "$work/nan.h5"; "$tamper" "$work/nan.h5" /model/weights/bert.encoder.layer.1.output.dense.bias nan > /dev/null
fails 65 "not finite" mpirun -n 2 "$collapse" geometry "$work/nan.h5" --text="$work/text.txt" --words="$work/words.txt" --max-length=32
[ ! -e "$work/no.h5" ]; ok $? "a refused run leaves no file"

# Snapshots during training.
train 2 "$work/snap" --steps=12 --geometry-steps=4 --checkpoint-steps=4
[ "$(ls "$work/snap" | grep -c '^geometry-')" = 3 ] && "$bin/collapse-check" --quiet "$work/snap/geometry-00000012.h5"; ok $? "geometry-steps = 4: three snapshots in 12 steps"
"$table" "$work/snap/geometry-00000012.h5" /metric/unc3 > "$work/a"; tail -n 1 "$work/snap/log.tsv" | cut -f5 > "$work/b"
paste "$work/a" "$work/b" | awk '{ exit !($1 > 0 && $2 > 0 && $1 / $2 < 1.2 && $2 / $1 < 1.2) }'; ok $? "its unc3 $(cat "$work/a") is near the log's $(cat "$work/b") (before the step's update)"
train 1 "$work/snap1" --steps=12 --geometry-steps=4
found=$(paste <("$table" "$work/snap/geometry-00000008.h5" /metric) <("$table" "$work/snap1/geometry-00000008.h5" /metric) | awk -F'\t' 'NR > 1 && $2 + 0 == $2 { d = $2 - $4; if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2; if (s > 1e-6 && d / s > worst) worst = d / s } END { printf "%.1e", worst; exit worst > 1e-3 }')
ok $? "2 ranks and 1 rank: the same snapshots: $found"
train 1 "$work/free" --steps=8 --geometry-steps=4 --nc-weight=0; train 1 "$work/none" --steps=8 --nc-weight=0
found=$("$compare" "$work/none/model.h5" "$work/free/model.h5" --bits); ok $? "with nc-weight = 0 snapshots change nothing: $found"
fails 64 "geometry-steps needs nc-sync" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/x" --steps=2 --geometry-steps=1 --nc-sync=none

if [ -z "$SHARED" ]; then skip "numpy on the real model: no ../shared"; exit; fi
"$bin/collapse-import" "$SHARED/models/minilm-mlm" --output="$work/mini.h5" 2> /dev/null
(tail -n +2 "$SHARED/data/eval/glue/SST-2/dev.tsv" | cut -f1 | head -n 400; cut -f4 "$SHARED/data/eval/glue/CoLA/dev.tsv" | head -n 400) > "$work/glue.txt"
n=0
while read -r space align centre; do
    mpirun -n 2 "$collapse" geometry "$work/mini.h5" --text="$work/glue.txt" --words="$SHARED/data/methods/adept/adept_word_indices_gender_1.json" --nc-pieces=first \
        --nc-space=$space --nc-align=$align --centre=$centre --bootstrap=0 --calibration=0 --output="$work/mini-g.h5" > /dev/null 2>&1
    found=$(join -t "$(printf '\t')" <("$table" "$work/mini-g.h5" /metric | sort) <(grep "^$space	$align	$centre	" "$ROOT/tests/golden/geometry.tsv" | cut -f4,5 | sort) |
        awk -F'\t' '{ d = $2 - $3; if (d < 0) d = -d; s = $3 < 0 ? -$3 : $3; if (s > 0 && d / s > worst) { worst = d / s; where = $1 } n++ } END { printf "%d measures, %.1e %s", n, worst, where; exit n < 40 || worst > 1e-6 }')
    ok $? "MiniLM on GLUE, $space, $align, $centre: numpy's numbers: $found"
done < <(cut -f1-3 "$ROOT/tests/golden/geometry.tsv" | sort -u | tr '\t' ' ')
