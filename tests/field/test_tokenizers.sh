# test_tokenizers.sh: folders of real use that could not be imported, or were imported as another tokenizer. Each as its
# README says it should be.
. "$ROOT/tests/lib.sh"
[ -n "$SHARED" ] || { skip "no ../shared"; exit 0; }
field=$SHARED/field
import() { "$bin/collapse-import" "$1" --output="$2" --overwrite 2> "$work/stderr"; }
take() { rm -rf "$work/f"; cp -r "$1" "$work/f"; chmod -R u+w "$work/f"; }
pieces() { "$bin/collapse-table" "$1" /tokenizer/vocab | sed -n "$2p"; }

printf 'the latinx king\n' > "$work/latinx.txt"
import "$field/added-tokens/model" "$work/m.h5" && "$collapse" encode "$work/m.h5" --text="$work/latinx.txt" --output="$work/e.h5" 2> /dev/null
[ "$("$bin/collapse-table" "$work/e.h5" /ids | tr '\n' ' ')" = "2 7 47 12 3 " ]; ok $? "added-tokens: 'latinx' is one piece, id 47"

import "$field/padded-vocabulary/model" "$work/m.h5" && "$bin/collapse-export" "$work/m.h5" --output="$work/padded" 2> /dev/null
grep -q '"vocab_size": 52' "$work/padded/config.json" && [ "$(wc -l < "$work/padded/vocab.txt")" = 47 ]; ok $? "padded-vocabulary: 52 rows, 47 pieces, there and back"
cat > "$work/run.conf" <<EOF
method = mlm
init = $work/m.h5
train-data = $field/base/text.txt
batch = 4
max-length = 16
mask-rate = 0.9
epochs = 40
trace = $work/trace.h5
learning-rate = 1e-4
EOF
mpirun -n 1 "$collapse" train "$work/run.conf" --output="$work/run" > "$work/log" 2>&1
for s in $("$bin/collapse-show" --all "$work/trace.h5" | grep -o "step_[0-9]*" | sort -u); do "$bin/collapse-table" "$work/trace.h5" "/$s/ids"; done > "$work/fed"
[ "$(wc -l < "$work/fed")" -gt 500 ] && [ "$(sort -n "$work/fed" | tail -n 1)" -lt 47 ]; ok $? "none of $(wc -l < "$work/fed") pieces fed is one of the 5 rows; the highest is $(sort -n "$work/fed" | tail -n 1)"

for d in with-vocab as-saved; do
    import "$field/saved-by-transformers-5/$d" "$work/x.h5" && "$bin/collapse-check" "$work/x.h5" > /dev/null; ok $? "saved-by-transformers-5/$d: $(tail -n 1 "$work/stderr")"
done
for case in "strip-accents:2 23 22 25 3 2 26 27 8 26 27 3 " "chinese-chars:2 22 22 24 3 2 28 1 3 "; do
    take "$field/base"; cp "$field/tokenizer-settings/${case%%:*}.json" "$work/f/tokenizer_config.json"
    import "$work/f" "$work/f.h5" && "$collapse" encode "$work/f.h5" --text="$field/tokenizer-settings/lines.txt" --output="$work/e.h5" --overwrite 2> /dev/null
    found=$("$bin/collapse-table" "$work/e.h5" /ids | tr '\n' ' ')
    [ "$found" = "${case#*:}" ]; ok $? "tokenizer-settings/${case%%:*}: $found"
    "$bin/collapse-export" "$work/f.h5" --output="$work/${case%%:*}" 2> /dev/null && for key in strip_accents tokenize_chinese_chars; do
        grep -o "\"$key\": [a-z]*" "$work/f/tokenizer_config.json" | while read -r line; do grep -q "$line" "$work/${case%%:*}/tokenizer_config.json" || echo "$line is not written"; done
    done > "$work/missing"; [ ! -s "$work/missing" ]; ok $? "and written again $(cat "$work/missing")"
done
take "$field/base"; cp "$field/tokenizer-settings/japanese.json" "$work/f/tokenizer_config.json"
fails 65 "tokenizer_class is 'BertJapaneseTokenizer'" "$bin/collapse-import" "$work/f" --output="$work/j.h5"
