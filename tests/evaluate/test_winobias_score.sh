# test_winobias_score.sh: evaluate --task=winobias-score, without a model: documents counted by hand, and MABEL's published hits, F1 and
# gaps from its published predictions.
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
wino() { "$collapse" evaluate --task=winobias-score --data="$@"; }
wino "$here/clusters" --output="$work/one.h5" --json > "$work/json" 2> "$work/err"
# pro: of 8 with one gold cluster. Published: 0 1 2 5 8 begin as they should, 9 has [0,0] before; linked: 0 1 4 5 9; exact: 0 1 4.
[ "$(for m in n hits accuracy linked exact none several; do value "$work/json" a-type1_pro.$m; done | paste -sd' ')" = "8.0 5.0 62.5 62.5 37.5 1.0 1.0" ]; ok $? "documents counted by hand: order, ends, second cluster, further mentions"
[ "$(printf '%.10f' "$(value "$work/json" a-type1_pro.f1)") $(printf '%.10f' "$(value "$work/json" a-type1.f1_gap)") $(value "$work/json" a-type1.accuracy_gap)" = "76.9230769231 30.7692307692 32.5" ]; ok $? "F = 2 a / (1 + a), gaps of both files"
grep -q "2 skipped: a document without, or with more than one, gold cluster" "$work/err" && grep -q '"model": null, .*"n_items": 18, "n_skipped": 2' "$work/json"; ok $? "two documents are skipped; there is no model"
"$table" "$work/one.h5" /item | awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["test"] == "a-type1_pro" { s = s $at["hit"] $at["linked"] $at["exact"] " " } END { print s; exit s != "111 111 100 000 011 110   100 010 " }' > "$work/found"; ok $? "items: $(cat "$work/found")"
for ranks in 2 3 4; do
    mpirun -n $ranks "$collapse" evaluate --task=winobias-score --data="$here/clusters" --output="$work/ranks.h5" --overwrite > /dev/null 2>&1
    found=$("$compare" "$work/one.h5" "$work/ranks.h5" --bits); ok $? "$ranks ranks write the bits of one: $found"
done
"$bin/collapse-check" "$work/one.h5" > /dev/null; ok $? "the file is whole"
wino "$here/clusters/a-type1_pro.tsv" 2> /dev/null | grep -q "^-  .*62.5000"; ok $? "one file, as a table"
if [ -n "$SHARED" ]; then
    wino "$SHARED/data/eval/winobias/oracle" --json > "$work/json" 2> /dev/null
    found=$(for f in bert-type1_anti bert-type1_pro bert-type2_anti bert-type2_pro mabel-type1_anti mabel-type1_pro mabel-type2_anti mabel-type2_pro; do printf '%.0f %.2f ' "$(value "$work/json" $f.hits)" "$(value "$work/json" $f.f1)"; done)
    [ "$found" = "143 53.06 300 86.21 272 81.44 347 93.41 180 62.50 282 83.19 345 93.12 361 95.38 " ]; ok $? "published hits and F1: $found"
    found=$(for f in bert-type1 bert-type2 mabel-type1 mabel-type2; do printf '%.2f ' "$(value "$work/json" $f.f1_gap)"; done)
    [ "$found" = "33.15 11.97 20.69 2.26 " ]; ok $? "published gaps: $found"
    awk -v x="$(value "$work/json" bert-type1_anti.f1)" 'BEGIN { d = x - 200 * 143 / (396 + 143); exit d * d > 1e-20 || x == "" }'; ok $? "to ten digits"
else
    skip "published predictions: no ../shared"
fi
bad() { sed "$1" "$here/clusters/a-type1_pro.tsv" > "$work/bad.tsv"; fails 65 "$2" wino "$work/bad.tsv"; }
bad '2s/\[\[\[1,2\],\[8,8\]\]\]$/[[[1,2],[8,8]]/' "line 2: predicted_clusters: line 1, column .*not valid JSON"
bad '2s/\[8,8\]\]\]$/[8]]]/' "line 2: predicted_clusters: '.*' is no list of clusters"
bad '3s/\t\[\[\[1,2\],\[8,8\]\]\]\t/\t[[1,2],[8,8]]\t/' "line 3: gold_clusters: '.*' is no list of clusters"
bad '4s/8,8/8,8.5/' "line 4: gold_clusters: '.*' is no list of clusters"
bad '1s/predicted_clusters/clusters/' "names no column 'predicted_clusters'"
bad '2,$d' "holds no document"
bad '2,$s/\t\[\[\[1,2\],\[8,8\]\]/\t[]\t[]\tx/' "bad.tsv"
: > "$work/empty.tsv"; fails 65 "empty.tsv" wino "$work/empty.tsv"
fails 65 "names no column 'doc_key'" wino "$here/crows.csv"
fails 65 "read as plain text" wino "$here/lines.txt"
fails 64 "task winobias-score reads no model; leave 'model.h5' out" "$collapse" evaluate model.h5 --task=winobias-score --data="$here/clusters"
fails 64 "evaluate needs a MODEL.h5" "$collapse" evaluate --task=perplexity --data="$here/lines.txt"
fails 64 "evaluate needs a MODEL.h5" "$collapse" evaluate --task=all --data="$here"
tiny 53
fails 64 "evaluate-tasks: winobias-score reads no model" "$collapse" train "$work/base.conf" --output="$work/run" --steps=2 --evaluate-steps=1 --evaluate-tasks="winobias-score=$here/clusters"
