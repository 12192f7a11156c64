# test_report_scores.sh: collapse-report of scores files: models side by side, differences, nothing on top of another. Oracle: the numbers of
# collapse-table; the coordinates in the page.
. "$ROOT/tests/lib.sh"
tiny 101
here=$ROOT/tests/evaluate
table=$bin/collapse-table report=$bin/collapse-report
train 1 "$work/before" --steps=1
train 1 "$work/after" --steps=12
for task in crows-pairs:crows.csv stereoset:stereoset.json pronoun-gap:text.txt; do
    IFS=: read -r name file <<< "$task"; [ -e "$here/$file" ] && data=$here/$file || data=$work/$file
    "$collapse" evaluate "$work/before/model.h5" --task="$name" --data="$data" --output="$work/before-$name.h5" > /dev/null 2>&1
    "$collapse" evaluate "$work/after/model.h5" --task="$name" --data="$data" --output="$work/after-$name.h5" --compare="$work/before-$name.h5" > /dev/null 2>&1
done
# Scores on the way: a panel for each score, a point where the log has a value; two runs, and the same from their checkpoints.
for run in x y; do train 1 "$work/$run" --steps=6 --evaluate-steps=2 --evaluate-tasks="crows-pairs=$here/crows.csv,perplexity=$here/lines.txt" --seed="$(printf %d "'$run")"; done
"$report" "$work/x" "$work/y" -o "$work/curves.html" 2> /dev/null; ok $? "a page of two runs with scores"
panels() { sed -n '/class="panels"/,/^<\/div>/p' "$1"; }
[ "$(panels "$work/curves.html" | grep -o '<figcaption>[^<]*' | cut -d'>' -f2 | paste -sd' ')" = "crows-pairs.all.b.score crows-pairs.all.a.score perplexity.pppl" ]; ok $? "a panel for each score: $(panels "$work/curves.html" | grep -o '<figcaption>[^<]*' | cut -d'>' -f2 | paste -sd' ')"
points=$(awk -F'\t' 'FNR == 1 { for (i = 1; i <= NF; i++) if ($i ~ /[.]/) at[i]; next } { for (i in at) n += $i != "" } END { print n }' "$work/x/log.tsv" "$work/y/log.tsv")
[ "$(panels "$work/curves.html" | grep -c '<circle')" = "$points" ] && [ "$points" = 24 ]; ok $? "a point for every value of the logs: $points"
[ "$(panels "$work/curves.html" | grep -o '<path fill="none"[^>]*d="[^"]*"' | grep -c 'd="M[^ML]* [^ML]*L.*L.*L[^L]*"')" = 6 ]; ok $? "lines go through the steps without a value"
"$report" "$work/x/step-00000006.h5" "$work/y/step-00000006.h5" -o "$work/checkpoints.html" 2> /dev/null
cmp -s <(panels "$work/curves.html" | grep '<path fill\|<circle' | sort) <(panels "$work/checkpoints.html" | grep '<path fill\|<circle' | sort); ok $? "the same curves from the checkpoints' history"
[ "$(grep -o 'class="legend"><span>.*' "$work/curves.html" | grep -c 'work/x</span>.*work/y</span>')" -ge 2 ]; ok $? "a legend with both runs"

"$report" "$work"/before-*.h5 "$work"/after-*.h5 -o "$work/report.html" 2> /dev/null; ok $? "a page of six scores files"
[ "$(grep -o '<h2>Scores: [^<]*' "$work/report.html" | paste -sd';')" = "<h2>Scores: crows-pairs on crows.csv;<h2>Scores: pronoun-gap on text.txt;<h2>Scores: stereoset on stereoset.json" ]; ok $? "files of one task and text are one section"
for f in before after; do
    value=$("$table" "$work/$f-pronoun-gap.h5" /metric | awk '$1 == "gap.abs" { printf "%.4g", $2 }')
    grep -q "class=\"tick\"[^>]*>$value</text>" "$work/report.html"; ok $? "gap.abs of $f stands beside its interval: $value"
done
p=$("$table" "$work/after-pronoun-gap.h5" /compare | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } { print $at["metric"], $at["difference"], $at["p"] }' | awk '$1 == "gap.abs" { printf "%+.4g %d", $2, $3 < 0.05 }')
bold=$(grep -o '<tr><td>gap.abs</td>.*' "$work/report.html" | grep -c "<strong>${p% *} \[" ); [ "$bold" = "${p#* }" ] && grep -q "<tr><td>gap.abs</td>.*${p% *} \[" "$work/report.html"; ok $? "the difference with its interval, bold below 0.05: $p"
! grep -qiE '="[^"]*[^a-z](nan|inf)[^a-z]' "$work/report.html"; ok $? "no coordinate that is not a number"
# Labels of one figure are a line apart; values of one column 12 pixels; nothing leaves its figure.
awk '/<svg role/ { split("", seen); match($0, /viewBox="0 0 [0-9]+ [0-9]+/); split(substr($0, RSTART, RLENGTH), box, " "); high = box[4]; figures++ }
    /<text class="(label|tick)" x="/ { match($0, /class="[a-z]*" x="[0-9.]*" y="[0-9.]*"/); s = substr($0, RSTART, RLENGTH); gsub(/[a-z]*="|"/, "", s); split(s, a, " ")
        if (a[3] > high) { bad = 1; print "out of its figure:", $0 }
        key = a[1] "-" a[2]; if ((key in seen) && a[3] - seen[key] < 11 && a[3] >= seen[key]) { bad = 1; print "too near:", $0 } seen[key] = a[3]; n++ }
    END { print figures, "figures,", n, "labels"; exit bad || n < 40 }' "$work/report.html" > "$work/found"; ok $? "no label covers another: $(tail -n 1 "$work/found")"
[ "$(grep -o '<svg' "$work/report.html" | wc -l)" = "$(grep -o '<desc>' "$work/report.html" | wc -l)" ]; ok $? "every figure has a description"
if command -v python3 > /dev/null; then
    python3 - "$work/report.html" <<'P'
import sys, html.parser
class Check(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "path", "rect", "circle", "br"): self.open.append(tag)
    def handle_endtag(self, tag):
        if tag not in ("meta", "path", "rect", "circle", "br"): assert self.open.pop() == tag, tag
c = Check(); c.feed(open(sys.argv[1], encoding="utf-8").read()); assert not c.open, c.open
P
    ok $? "every element is closed"
else skip "no python3 to check the elements"; fi
