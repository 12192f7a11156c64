# test_pairing.sh: nc-pieces, nc-align, nc-space and nc-ids mean the same and have one default in train, geometry and evaluate; a model carries
# those it was trained with. Oracle: the two programs that compute nc3 and unc3 over a text, one by running class sums with the
# regularizer's functions, one by two passes.
. "$ROOT/tests/lib.sh"
tiny 101
table=$bin/collapse-table
printf 'he\nshe\nking\nnurse\nman\nwoman\nunknowable\n' > "$work/words.txt"
train 1 "$work/plain" --steps=6
train 1 "$work/fnc" --steps=6 --nc-align=shift --nc-space=hidden --nc-pieces=first --nc-ids=masked
plain=$work/plain/model.h5 fnc=$work/fnc/model.h5
geometry() { "$collapse" geometry "$@" --text="$work/text.txt" --words="$work/words.txt" --bootstrap=0 --calibration=0 --nc4=no --output="$work/g.h5" > "$work/out" 2> "$work/err"; }
evaluate() { "$collapse" evaluate "$@" --task=pronoun-gap --data="$work/text.txt" --words="$work/words.txt" > "$work/out" 2> "$work/err"; }
attribute() { h5dump -a "$2" "$1" | sed -n 's/.*(0): "\([a-z]*\).*/\1/p'; }
said() { grep -qF "$1" "$work/err"; }

for command in train geometry evaluate; do "$collapse" $command --help | grep -A2 -e "^  --nc-\(pieces\|align\|space\|ids\) " > "$work/help.$command"; done
[ "$(wc -l < "$work/help.train")" -ge 12 ] && cmp -s "$work/help.train" "$work/help.geometry" && cmp -s "$work/help.train" "$work/help.evaluate"; ok $? "one description and one default in train, geometry and evaluate"
code=0
for pair in pieces:first align:shift space:hidden ids:masked; do
    [ "$(attribute "$fnc" "/training/nc-${pair%:*}")" = "${pair#*:}" ] && [ "$(attribute "$work/fnc/step-00000006.h5" "/training/nc-${pair%:*}")" = "${pair#*:}" ] || code=1
done
ok $code "model and checkpoint carry what they were trained with"
"$bin/collapse-show" "$fnc" | grep -q "^nc-align  *shift" && "$bin/collapse-diff" "$fnc" "$plain" | grep -q "^/training  *nc-align  *shift | same"; ok $? "collapse-show and -diff show it"

geometry "$plain"; said "nc-pieces = whole (the model's own), nc-align = same (the model's own), nc-space = transform (the model's own), nc-ids = true (the model's own)"; ok $? "geometry says what it takes, and where from: $(grep -o 'nc-pieces.*' "$work/err" | cut -c1-90)"
cp "$work/g.h5" "$work/plain.h5"
geometry "$fnc"; said "nc-pieces = first (the model's own), nc-align = shift (the model's own), nc-space = hidden (the model's own), nc-ids = masked (the model's own)"
[ $? = 0 ] && [ "$(attribute "$work/g.h5" /nc-align) $(attribute "$work/g.h5" /nc-space) $(attribute "$work/g.h5" /nc-pieces) $(attribute "$work/g.h5" /nc-ids)" = "shift hidden first masked" ]
ok $? "a model trained with others is measured with them, and the file says so"
geometry "$fnc" --nc-align=same --nc-space=transform --nc-pieces=whole --nc-ids=true; said "nc-pieces = whole (given), nc-align = same (given)"; ok $? "a flag wins"
geometry "$fnc" --compat=fnc --nc-pieces=whole; said "nc-pieces = whole (given), nc-align = shift (compat = fnc), nc-space = transform (compat = fnc)"; ok $? "compat = fnc wins over the model's own, a flag over it"
"$table" "$work/g.h5" /metric > "$work/a"; geometry "$fnc" --nc-align=shift --nc-space=transform --nc-pieces=whole; "$table" "$work/g.h5" /metric | cmp -s - "$work/a"; ok $? "compat = fnc is the published pairing: next id, output of the transform"
"$bin/collapse-export" "$fnc" --output="$work/hf" 2> /dev/null; "$bin/collapse-import" "$work/hf" --output="$work/back.h5" 2> /dev/null
geometry "$work/back.h5"; said "nc-align = same (default), nc-space = transform (default)"; ok $? "an exported model carries nothing: the default"
geometry "$plain" --nc-align=shift; ! cmp -s <("$table" "$work/g.h5" /metric) <("$table" "$work/plain.h5" /metric); ok $? "control: another pairing, other numbers"

# Train and measure: the log's measure, geometry's and evaluate's are one.
for align in same shift; do
    for space in transform hidden; do
        geometry "$plain" --nc-align=$align --nc-space=$space; evaluate "$plain" --nc-align=$align --nc-space=$space --json
        found=$(for name in nc3 unc3; do "$table" "$work/g.h5" /metric/$name; sed "s/.*\"$name\": \([-0-9.e]*\).*/\1/" "$work/out"; done | paste -sd' ' |
            awk '{ for (i = 1; i < NF; i += 2) { d = ($i - $(i + 1)) / $i; if (d < 0) d = -d; if (d > worst) worst = d } printf "nc3 %.6f unc3 %.6f, %.1e apart", $1, $3, worst; exit NF != 4 || worst > 2e-5 }')
        ok $? "$align, $space: evaluate's $found from geometry's"
    done
done
evaluate "$plain" "$fnc"
[ "$(grep -c "nc-align = same (the model's own)" "$work/err") $(grep -c "nc-align = shift (the model's own)" "$work/err") $(awk 'NR > 1 { print $7 }' "$work/out" | sort -u | wc -l)" = "1 1 2" ]
ok $? "two models in one table: each by its own"
evaluate "$plain" --nc-align=masked --json; grep -q '"nc3": -*0\.[0-9]' "$work/out"; ok $? "nc-align = masked: the positions masked for the loss"
train 1 "$work/next" --init="$fnc" --steps=1; grep -q "fnc/model.h5 was trained with nc-align = shift, this run has same" "$work/next.log"; ok $? "a run that starts from such a model says what it changes"
cp "$fnc" "$work/odd.h5"; "$tamper" "$work/odd.h5" /training nc-align sideways; fails 65 "nc-align = 'sideways'.*does not know" "$collapse" geometry "$work/odd.h5" --text="$work/text.txt" --words="$work/words.txt"
