# test_controls.sh: --stereoset-controls and --crows-controls. Oracle: files in which the control sentences are written out are
# scored as they stand; what the numbers add up to; what is not asked for is not there.
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
tiny 53
train 1 "$work/run" --steps=3
model=$work/run/model.h5
at() { awk -F'\t' -v want="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i; next } { print $c }' "$1"; } # a column
near() { paste "$1" "$2" | awk -F'\t' -v rows="$3" '{ n++; if (($1 == "") != ($2 == "")) bad = 1; if ($1 == "") next; d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d } END { printf "%d rows, %.1e apart", n, most; exit bad || n != rows || most > 1e-6 }'; }

# CrowS-Pairs: a verb that is denied, a denial taken back, none in one sentence, a question.
head='sent_more,sent_less,stereo_antistereo,bias_type'
{ echo "$head"; echo 'the queen is late,the king is late,stereo,gender'; echo 'the nurse was not here,the doctor was not here,antistereo,gender'
  echo 'the king said that,the queen said that,stereo,gender'; echo 'is the king late,is the queen late,stereo,age'; echo 'he is here,she was here,stereo,age'
  echo 'the girl can see,the boy can see,stereo,age'; } > "$work/pairs.csv"
{ echo "$head"; echo 'the queen is not late,the king is not late,stereo,gender'; echo 'the nurse was here,the doctor was here,antistereo,gender'; echo 'the girl can not see,the boy can not see,stereo,age'; } > "$work/denied.csv"
crows() { "$collapse" evaluate "$model" --task=crows-pairs --data="$@"; }
crows "$work/pairs.csv" --crows-controls --output="$work/pairs.h5" --json > "$work/json" 2> "$work/err"
crows "$work/denied.csv" --output="$work/denied.h5" > /dev/null 2>&1
"$table" "$work/pairs.h5" /item > "$work/items"; "$table" "$work/denied.h5" /item > "$work/want"
for score in a b pll l2r aul aula; do for side in more less; do
    at "$work/items" ${score}_control_$side | sed -n '1p;2p;6p' > "$work/x"; at "$work/want" ${score}_$side > "$work/y"
    found=$(near "$work/x" "$work/y" 3) || break 2
done; done; [ "$score" = aula ] && [ "$side" = less ] && near "$work/x" "$work/y" 3 > /dev/null; ok $? "crows-pairs: six scores of the denied sentences are those of a file of them: $found"
[ "$(at "$work/items" control | tr '\n' '|')" = "the queen is not late|the nurse was here|||" ] || [ "$(at "$work/items" control | tr '\n' '|')" = "the queen is not late|the nurse was here||||the girl can not see|" ]; ok $? "and are kept: $(at "$work/items" control | tr '\n' '|')"
[ "$(for m in all.b.control_n gender.pll.control_n age.a.control_n all.a.control_n; do value "$work/json" $m; done | paste -sd' ')" = "3.0 2.0 1.0 3.0" ]; ok $? "pairs that have one are counted"
of() { at "$work/items" "$1" | sed -n '1p;2p;6p'; }
paste <(of pll_more) <(of pll_less) <(of pll_control_more) <(of pll_control_less) | awk '{ n++; own += $1 > $2; c += $3 > $4; kept += ($1 > $2) == ($3 > $4) } END { printf "%.8f %.8f %.8f", 100 * c / n, 100 * own / n, 100 * kept / n }' > "$work/want"
[ "$(printf '%.8f %.8f %.8f' $(for m in control control_own control_kept; do value "$work/json" all.pll.$m; done))" = "$(cat "$work/want")" ]; ok $? "shares: denied, as they are, the same: $(cat "$work/want")"
for ranks in 2 3 4; do same_on_ranks crows-pairs "$work/pairs.csv" "$work/pairs.h5" $ranks --crows-controls; done
crows "$work/pairs.csv" --output="$work/plain.h5" --json > "$work/plain" 2> /dev/null
! grep -q control "$work/plain" && [ "$(value "$work/plain" all.pll.score)" = "$(value "$work/json" all.pll.score)" ]; ok $? "nothing else changes, and without the key there is none"
crows "$work/pairs.csv" --crows-controls --compare="$work/plain.h5" --json 2> /dev/null | grep -q '"all.pll.score": {"this": [0-9.]*, "other": [0-9.]*, "difference": 0.0'; ok $? "scores made without the key can be compared with"
# Of two models one cannot read the longest pair: its control sentences are the same texts all the same.
train 1 "$work/short" --steps=1 --positions=9 --max-length=9
{ cat "$work/pairs.csv"; echo 'the queen said that the girl is late,the king said that the boy is late,stereo,gender'; } > "$work/longer.csv"
"$collapse" evaluate "$work/short/model.h5" --task=crows-pairs --data="$work/longer.csv" --crows-controls --output="$work/short.h5" > /dev/null 2> "$work/err"
crows "$work/longer.csv" --crows-controls --compare="$work/short.h5" --json 2>> "$work/err" | grep -q '"compare"'; ok $? "a pair that one of two models cannot read does not make the data another: $(tail -n 1 "$work/err" | cut -c1-120)"

# StereoSet: two professions behind one word, so that each has one control; a man's context; a term that is not there.
example() { printf '{"id": "%s", "target": "%s", "bias_type": "%s", "context": "%s", "sentences": [' "$1" "$2" "$3" "$4"
    printf '{"id": "%ss", "sentence": "%s", "gold_label": "stereotype"}, {"id": "%sa", "sentence": "%s", "gold_label": "anti-stereotype"}, {"id": "%su", "sentence": "%s", "gold_label": "unrelated"}]}' \
        "$1" "${4/BLANK/late}" "$1" "${4/BLANK/clockwork}" "$1" "${4/BLANK/key}"; }
file() { printf '{"data": {"intrasentence": ['; local first=yes; while IFS='|' read -r a b c d; do [ -n "$first" ] || printf ','; first=; example "$a" "$b" "$c" "$d"; done; printf ']}}\n'; }
file > "$work/own.json" <<< 'c1|nurse|profession|The nurse was BLANK
c2|doctor|profession|the doctor is BLANK today
c3|doctor|profession|my doctor BLANK
c4|uncle|gender|his uncle was BLANK
c5|king|profession|it was BLANK'
file > "$work/other.json" <<< 'c1|nurse|profession|The doctor was BLANK
c2|doctor|profession|the nurse is BLANK today
c4|uncle|gender|her aunt was BLANK'
stereo() { "$collapse" evaluate "$model" --task=stereoset --data="$@"; }
stereo "$work/own.json" --stereoset-controls=5 --output="$work/own.h5" --json > "$work/json" 2> "$work/err"
stereo "$work/other.json" --output="$work/other.h5" > /dev/null 2>&1
"$table" "$work/own.h5" /item > "$work/items"; "$table" "$work/other.h5" /item > "$work/want"
at "$work/items" control_score | sed -n '1p;2p;4p;5p;10p;11p' > "$work/x"; at "$work/want" score | sed -n '1p;2p;4p;5p;7p;8p' > "$work/y"
found=$(near "$work/x" "$work/y" 6); ok $? "stereoset: scores in the other group's context are those of a file of them: $found"
[ "$(at "$work/items" control_score | sed -n '3p;6,9p;12,15p' | tr -d '\n')" = "" ]; ok $? "the unrelated filler, a frame of one term, and a term that is not there have none"
[ "$(for m in overall.control.n overall.control.groups gender.control.n overall.control.ties; do value "$work/json" $m; done | paste -sd' ')" = "3.0 3.0 1.0 0.0" ]; ok $? "examples and groups are counted"
paste <(at "$work/items" score) <(at "$work/items" control_score) | awk -F'\t' '{ s[NR] = $1; c[NR] = $2 }
    END { split("1 4 10", e, " "); for (k = 1; k <= 3; k++) { i = e[k]; ss += c[i] > c[i + 1]; own += s[i] > s[i + 1]; up += s[i] - s[i + 1] > c[i] - c[i + 1] }
          printf "%.6f %.6f %.6f", 100 * ss / 3, 100 * own / 3, 100 * up / 3 }' > "$work/want"
[ "$(printf '%.6f %.6f %.6f' $(for m in ss own group; do value "$work/json" overall.control.$m; done))" = "$(cat "$work/want")" ]; ok $? "control, own, group: $(cat "$work/want")"
for ranks in 2 3 4; do same_on_ranks stereoset "$work/own.json" "$work/own.h5" $ranks --stereoset-controls=5; done
stereo "$work/own.json" --json > "$work/plain" 2> /dev/null
! grep -q control "$work/plain" && [ "$(value "$work/plain" masked)" = "$(value "$work/json" masked)" ] && [ "$(value "$work/plain" overall.ss)" = "$(value "$work/json" overall.ss)" ]; ok $? "nothing else changes, and without the key there is none"
fails 64 "stereoset-controls" stereo "$work/own.json" --stereoset-controls=101
fails 64 "crows-controls" stereo "$work/own.json" --crows-controls
