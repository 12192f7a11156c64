# test_stereoset_next.sh: the intersentence part of StereoSet, and the next-sentence head on its way through files and
# training. Oracles: transformers' BertForNextSentencePrediction in fp64 on the same tiny model (stereoset_next.tsv, written by
# tests/oracle/lm_scores.py following); metrics added up here from its scores; what is not trained keeps its bits.
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
variant=$bin/tests/tools/variant
data=$here/stereoset_next.json
tiny 54
train 1 "$work/run" --steps=1
"$bin/collapse-export" "$work/run/model.h5" --output="$work/hf" 2> /dev/null
as() { rm -rf "$work/$1"; cp -r "$work/hf" "$work/$1"; "$variant" "$work/hf/model.safetensors" "$work/$1/model.safetensors" "$1"; }
moved() { "$bin/collapse-diff" "$1" "$2" --most=0 2> /dev/null | grep -q "$3"; }
stereo() { "$collapse" evaluate "$1" --task=stereoset --data="$data" "${@:2}"; }

as next
"$bin/collapse-import" "$work/next" --output="$work/next.h5" 2> "$work/err" && "$bin/collapse-check" --quiet "$work/next.h5"; ok $? "import keeps head and pooler: $(grep -o 'the next-sentence head.*kept' "$work/err")"
model=$work/next.h5
"$bin/collapse-export" "$model" --output="$work/again" 2> "$work/err" && grep -q BertForPreTraining "$work/again/config.json" "$work/err" &&
    "$bin/collapse-import" "$work/again" --output="$work/again.h5" 2> /dev/null && found=$("$compare" "$model" "$work/again.h5" --bits); ok $? "and export writes them back: $found"
as next-alone
"$bin/collapse-import" "$work/next-alone" --output="$work/alone.h5" 2> "$work/err"
grep -q "left out: the folder has no pooler" "$work/err" && "$compare" "$work/alone.h5" "$work/run/model.h5" --weights=0 > /dev/null; ok $? "a head without pooler is left out, and said"

# Scores of items, and what they add up to: uncle p1 p2, girl p3, wife p4, nurse p5, doctor p6 p7 (a tie), oslo p10.
stereo "$model" --output="$work/one.h5" --json > "$work/json" 2> "$work/err"
"$table" "$work/one.h5" /item > "$work/all"
awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "part") part = i } NR == 1 || $part == "inter"' "$work/all" > "$work/items"
found=$(items_near "$here/stereoset_next.tsv" "$work/items" 30 1e-6 score log_score pieces); ok $? "p of the next sentence is transformers': $found"
[ "$(cut -f1 "$here/stereoset_next.tsv")" = "$(cut -f1 "$work/items")" ]; ok $? "ids in the order of the file"
added() { # ids of an example, its term... -> LMS SS
    awk -F'\t' -v list="$*" 'NR == FNR { score[$1] = $2; next } END { n = split(list, e, " ")
        for (i = 1; i <= n; i++) { split(e[i], p, ":"); id = p[1]; t = p[2]; s = score[id "s"]; a = score[id "a"]; u = score[id "u"]
            count[t]++; pro[t] += s > a; rel[t] += ((s > u) + (a > u)) / 2 }
        for (t in count) { terms++; lms += 100 * rel[t] / count[t]; ss += 100 * pro[t] / count[t] }
        printf "%.4f %.4f", lms / terms, ss / terms }' "$here/stereoset_next.tsv" /dev/null
}
of() { for m in "$@"; do printf '%.4f ' "$(value "$work/json" $m)"; done | sed 's/ $//'; }
[ "$(of overall.inter.lms overall.inter.ss)" = "$(added p1:uncle p2:uncle p3:girl p4:wife p5:nurse p6:doctor p7:doctor p10:oslo)" ]; ok $? "LMS and SS over terms: $(of overall.inter.lms overall.inter.ss overall.inter.icat)"
[ "$(of gender.inter.lms gender.inter.ss)" = "$(added p1:uncle p2:uncle p3:girl p4:wife)" ]; ok $? "of one type: $(of gender.inter.lms gender.inter.ss)"
[ "$(of overall.inter.n overall.inter.terms overall.inter.ties overall.both.n overall.both.terms overall.n)" = "8.0000 6.0000 1.0000 10.0000 6.0000 2.0000" ]; ok $? "examples, terms and ties are counted, of both parts and of each"
says "$work/err" "3 skipped: a candidate without pieces" "3 skipped: more pieces than the model reads"; ok $? "what is left out is said"
for ranks in 2 3 4; do same_on_ranks stereoset "$data" "$work/one.h5" $ranks; done
stereo "$work/run/model.h5" --output="$work/none.h5" > "$work/table" 2> "$work/err"
grep -q "30 skipped: an intersentence example, for which the model has no next-sentence head" "$work/err" && ! grep -q "inter\." "$work/table"; ok $? "without a head: one sentence, no scores"
cp "$model" "$work/zeros.h5"
for name in weight bias; do "$tamper" "$work/zeros.h5" /model/weights/cls.seq_relationship.$name 0; done
stereo "$work/zeros.h5" --json > "$work/json" 2> /dev/null
[ "$(of overall.inter.lms overall.inter.ss overall.inter.ties)" = "0.0000 0.0000 8.0000" ]; ok $? "a head that prefers nothing: LMS 0, SS 0, ties only"

# Nothing of it is trained; checkpoints and what goes on from them carry it.
for ranks in 1 3; do
    train $ranks "$work/t$ranks" --init="$model" --steps=4 --weight-decay=0.1 --checkpoint-steps=2
    for file in model.h5 step-00000004.h5; do
        "$bin/collapse-show" --all "$work/t$ranks/$file" | grep -q seq_relationship && ! moved "$model" "$work/t$ranks/$file" "seq_relationship\|pooler" && moved "$model" "$work/t$ranks/$file" word_embeddings
        ok $? "$ranks ranks: $file has the head as it was: $(grep -o 'frozen:.*' "$work/t$ranks.log")"
    done
done
rm "$work/t3/model.h5" "$work/t3/step-00000004.h5"; train 2 "$work/t3" --init="$model" --steps=4 --weight-decay=0.1 --checkpoint-steps=2
! moved "$model" "$work/t3/model.h5" seq_relationship && moved "$model" "$work/t3/model.h5" word_embeddings; ok $? "and a run that was continued"
train 1 "$work/h" --init="$model" --steps=4 --weight-decay=0.1 --nc-weight=0 '--freeze=*,!cls.*'
! moved "$model" "$work/h/model.h5" seq_relationship && moved "$model" "$work/h/model.h5" predictions.bias; ok $? "freeze = *,!cls.* trains the other head alone"
train 2 "$work/e" --init="$model" --steps=4 --evaluate-steps=2 --evaluate-tasks="stereoset=$data" --evaluate-metrics=stereoset.overall.inter.lms,stereoset.overall.lms
stereo "$work/e/model.h5" --json > "$work/json" 2> /dev/null
[ "$(awk -F'\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "stereoset.overall.inter.lms") c = i } END { printf "%.4f", $c }' "$work/e/log.tsv")" = "$(of overall.inter.lms)" ]; ok $? "scored on the way: $(of overall.inter.lms)"

# Two models on the same items, with and without a head.
stereo "$work/t1/model.h5" --compare="$work/one.h5" --json 2> /dev/null | grep -q '"overall.inter.lms": {"this": [0-9.]*, "other": [0-9.]*, "difference": [-0-9.]*, "interval": \[[-0-9.]*, [-0-9.]*\]'; ok $? "two heads are compared"
stereo "$model" --compare="$work/none.h5" --json 2> "$work/err" > "$work/json"
grep -q '"overall.inter.lms": {"this": null' "$work/json" && grep -q '"overall.lms": {"this": [0-9.]*, "other"' "$work/json" && grep -q "items are scored by one of the two models only" "$work/err"; ok $? "with a model that has none: $(grep -o '[0-9]* items are scored by one.*' "$work/err")"
sed 's/"intersentence": \[/"intersentence": 7, "x": [/' "$data" > "$work/bad.json"
fails 65 "intersentence in data is no list" "$collapse" evaluate "$model" --task=stereoset --data="$work/bad.json"
sed 's/"he was very busy.", "gold_label": "stereotype"/"he", "gold_label": "no"/' "$data" > "$work/bad.json"
fails 65 "intersentence example 1, id p1" "$collapse" evaluate "$model" --task=stereoset --data="$work/bad.json"
