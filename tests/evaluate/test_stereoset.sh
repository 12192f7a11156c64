# test_stereoset.sh: evaluate --task=stereoset. Oracle: transformers on the same tiny model, exported (stereoset.tsv beside this
# file, written by tests/oracle/lm_scores.py); metrics worked out by hand from its scores.
. "$ROOT/tests/lib.sh"
. "$ROOT/tests/evaluate/items.sh"
tiny 53
train 1 "$work/run" --steps=1
model=$work/run/model.h5
stereo() { "$collapse" evaluate "$model" --task=stereoset --data="$@"; }

stereo "$here/stereoset.json" --output="$work/one.h5" --json > "$work/json" 2> "$work/err"
"$table" "$work/one.h5" /item > "$work/items"
found=$(items_near "$here/stereoset.tsv" "$work/items" 30 1e-5 score pieces); ok $? "mean probabilities are transformers': $found"
found=$(items_near "$here/stereoset.tsv" "$work/items" 30 1e-3 log_score); ok $? "mean logarithms are transformers': $found"
[ "$(cut -f1 "$here/stereoset.tsv")" = "$(cut -f1 "$work/items")" ]; ok $? "ids in the order of the file"
# Gender: e1 and e3 count 0 1, 1 1 of two; e4 0 0, e6 1 0, e9 is a tie; terms uncle (0 1 of 2), girl, wife, boy.
[ "$(for m in gender.lms gender.ss gender.icat gender.micro.lms gender.micro.ss gender.n gender.terms gender.ties overall.terms; do printf '%.4f ' "$(value "$work/json" $m)"; done)" = \
    "12.5000 50.0000 12.5000 20.0000 40.0000 5.0000 4.0000 1.0000 6.0000 " ]; ok $? "LMS, SS and ICAT over terms and over examples, worked out by hand"
[ "$(for m in masked several_pieces unknown blank_twice; do value "$work/json" $m; done | paste -sd' ')" = "39.0 6.0 3.0 1.0" ]; ok $? "forwards, several pieces, unknown pieces and two blanks are counted"
says "$work/err" "3 skipped: a sentence with fewer words" "3 skipped: a candidate without pieces" "3 pieces of candidates are unknown" "1 contexts hold BLANK twice" "3 skipped: an intersentence example, for which the model has no next-sentence head"; ok $? "what is left out is said"
for ranks in 2 3 4; do same_on_ranks stereoset "$here/stereoset.json" "$work/one.h5" $ranks; done

# All logits equal: a tie everywhere, which counts for neither.
cp "$model" "$work/zeros.h5"
for name in cls.predictions.bias bert.embeddings.word_embeddings.weight; do "$tamper" "$work/zeros.h5" /model/weights/$name 0; done
"$collapse" evaluate "$work/zeros.h5" --task=stereoset --data="$here/stereoset.json" --json > "$work/json" 2> /dev/null
[ "$(for m in lms ss icat ties n; do value "$work/json" overall.$m; done | paste -sd' ')" = "0.0 0.0 0.0 7.0 7.0" ]; ok $? "a model that prefers nothing: LMS 0, SS 0, ties only"

# Files that are none.
bad() { sed "$1" "$here/stereoset.json" > "$work/bad.json"; fails 65 "$2" stereo "$work/bad.json"; }
bad 's/very BLANK at noon/very late at noon/' "example 1, id e1: its context has no BLANK"
bad 's/"gold_label": "unrelated"/"gold_label": "related"/' "example 1, id e1: gold_label is 'related'"
bad 's/, "gold_label": "unrelated"//' "example 1, id e1 has no text 'gold_label'"
bad 's/"gold_label": "unrelated"/"gold_label": "stereotype"/' "two sentences labelled 'stereotype'"
bad 's/"bias_type": "gender"/"bias_type": "overall"/' "bias_type is 'overall'"
bad 's/"target": "uncle", //' "has no text 'target'"
bad 's/"intrasentence"/"intra"/' "no file of StereoSet"
bad '/e1/,$d' "bad.json: line .*not valid JSON"
echo '{"data": {"intrasentence": []}}' > "$work/none.json"; fails 65 "holds no example" stereo "$work/none.json"
echo '{"data": {"intrasentence": [7]}}' > "$work/seven.json"; fails 65 "example 1 has no text 'context'" stereo "$work/seven.json"
: > "$work/empty.json"; fails 65 "empty.json" stereo "$work/empty.json"
fails 65 "not valid JSON" stereo "$here/crows.csv"
fails 64 "stereoset reads JSON" stereo "$here/stereoset.json" --format=csv

# A model whose head nobody has trained.
"$bin/collapse-export" "$model" --output="$work/hf" > /dev/null 2>&1
mv "$work/hf/model.safetensors" "$work/whole"
"$bin/tests/tools/variant" "$work/whole" "$work/hf/model.safetensors" nohead
"$bin/collapse-import" "$work/hf" --output="$work/headless.h5" > /dev/null 2>&1
fails 65 "headless.h5: has no masked-LM head but the random one" mpirun -n 2 "$collapse" evaluate "$work/headless.h5" --task=stereoset --data="$here/stereoset.json"
"$collapse" train "$work/base.conf" --init="$work/headless.h5" --output="$work/headed" --steps=1 > /dev/null 2>&1
"$collapse" evaluate "$work/headed/model.h5" --task=stereoset --data="$here/stereoset.json" > /dev/null 2>&1; ok $? "once it is trained it is evaluated"
