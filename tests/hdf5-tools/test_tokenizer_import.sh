# test_tokenizer_import.sh: what a folder says about its tokenizer, taken over or refused by name, and written again. The
# ids of many kinds of folders are in tests/data/test_tokenizers.c; here small cases by hand.
. "$ROOT/tests/lib.sh"
base=$work/base
mkdir -p "$base"
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' he she the a is nurse king schon $'sch\303\266n' cafe $'caf\303\251' $'\346\227\245' $'\346\234\254' $'\346\227\245\346\234\254' $'##\346\234\254' '[' ']' e1 k '##ing' '{' '}' : 0 1 > "$base/vocab.txt"
printf 'she is a nurse\nhe is a king\n' > "$work/text.txt"
cat > "$work/run.conf" <<EOF
method = mlm
init = random
layers = 1
hidden = 4
heads = 2
intermediate = 4
positions = 16
vocab = $base/vocab.txt
train-data = $work/text.txt
batch = 2
max-length = 16
steps = 1
EOF
mpirun -n 1 "$collapse" train "$work/run.conf" --output="$work/start" > "$work/log" 2>&1
"$bin/collapse-export" "$work/start/model.h5" --output="$work/hf" 2> /dev/null
ok $? "a tiny model: $(ls "$work/hf" | tr '\n' ' ')"

v=$work/v
plain() { rm -rf "$v"; mkdir "$v"; cp "$work/hf/config.json" "$work/hf/model.safetensors" "$work/hf/vocab.txt" "$v"; echo '{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}' > "$v/tokenizer_config.json"; }
whole() { rm -rf "$v"; cp -r "$work/hf" "$v"; }
import() { "$bin/collapse-import" "$v" --output="$work/v.h5" --overwrite; }
export_() { rm -rf "$work/w"; "$bin/collapse-export" "$work/v.h5" --output="$work/w" 2> "$work/stderr2"; }
ids() { # text: its ids by the imported model, and by the folder written again
    import 2> "$work/stderr" && "$collapse" encode "$work/v.h5" --text="$1" --output="$work/e.h5" --overwrite 2> /dev/null && export_ || { cat "$work/stderr"; return; }
    "$bin/collapse-table" "$work/e.h5" /ids | tr '\n' ' '
    "$collapse" tokenize --vocab="$work/w" --special < "$1" | tr '\n' ' ' | cmp -s - <("$bin/collapse-table" "$work/e.h5" /ids | tr '\n' ' ') || echo "(written again: other ids)"
}
gives() { # expected, what
    local found=$(ids "$work/lines.txt")
    [ "$found" = "$1 " ]; ok $? "$2: $found"
}
printf 'sch\303\266n caf\303\251 \346\227\245\346\234\254\n' > "$work/lines.txt"

plain; gives "2 12 14 16 17 3" "BERT's own settings"
plain; rm "$v/tokenizer_config.json"; gives "2 12 14 16 17 3" "no tokenizer_config.json: the same"
plain; echo '{"do_lower_case": true, "strip_accents": false}' > "$v/tokenizer_config.json"; gives "2 13 15 16 17 3" "strip_accents = false"
plain; echo '{"tokenize_chinese_chars": false}' > "$v/tokenizer_config.json"; gives "2 12 14 18 3" "tokenize_chinese_chars = false"
plain; echo '{"do_lower_case": false}' > "$v/tokenizer_config.json"; gives "2 13 15 16 17 3" "do_lower_case = false keeps accents"
plain; echo '{"do_lower_case": false, "strip_accents": true}' > "$v/tokenizer_config.json"; gives "2 12 14 16 17 3" "unless strip_accents = true"
whole; rm "$v/vocab.txt"; gives "2 12 14 16 17 3" "tokenizer.json alone"
whole; sed -i 's/"strip_accents": null/"strip_accents": false/' "$v/tokenizer_config.json"; gives "2 13 15 16 17 3" "tokenizer_config.json before tokenizer.json"
grep -q "strip_accents is false, the normalizer of tokenizer.json says otherwise" "$work/stderr"; ok $? "and it is said: $(head -n 1 "$work/stderr")"
whole; sed -i '/strip_accents/d' "$v/tokenizer_config.json"; sed -i 's/"strip_accents": null/"strip_accents": false/' "$v/tokenizer.json"
fails 65 "write strip_accents into tokenizer_config.json" import
whole; echo '{"model_max_length": 1000000000000000019884624838656, "tokenizer_class": "BertTokenizer"}' > "$v/tokenizer_config.json"; gives "2 12 14 16 17 3" "a limit of 10^30 is none"

# vocab.txt as editors leave it
plain; { printf '\357\273\277'; cat "$work/hf/vocab.txt"; } > "$v/vocab.txt"; gives "2 12 14 16 17 3" "vocab.txt with a byte order mark"
plain; sed 's/$/ \t/' "$work/hf/vocab.txt" > "$v/vocab.txt"; gives "2 12 14 16 17 3" "with blanks at the line ends"
plain; sed 's/$/\r/' "$work/hf/vocab.txt" > "$v/vocab.txt"; gives "2 12 14 16 17 3" "with CRLF"
plain; { cat "$work/hf/vocab.txt"; printf '\n\n'; } > "$v/vocab.txt"; gives "2 12 14 16 17 3" "with empty lines at its end"
plain; head -c -1 "$work/hf/vocab.txt" > "$v/vocab.txt"; gives "2 12 14 16 17 3" "without a line end at its end"
plain; sed -i 's/^e1$/cafe/' "$v/vocab.txt"; gives "2 12 22 16 17 3" "a piece in two lines: the later counts"
grep -q "'cafe' stands in lines 15 and 23" "$work/stderr"; ok $? "and it is said: $(head -n 1 "$work/stderr")"
whole; sed -i 's/^e1$/e2/' "$v/vocab.txt"; gives "2 12 14 16 17 3" "vocab.txt and tokenizer.json disagree: the second counts"
grep -q "id 22 is 'e2' in one and 'e1' in the other" "$work/stderr"; ok $? "and it is said: $(head -n 1 "$work/stderr")"
whole; echo zebra >> "$v/vocab.txt"; gives "2 12 14 16 17 3" "vocab.txt has a piece more"
grep -q "id 30 is 'zebra' in one and '' in the other" "$work/stderr"; ok $? "and it is said: $(head -n 1 "$work/stderr")"

# added tokens and rows without a piece
n=$(wc -l < "$base/vocab.txt")
rows() { "$bin/collapse-import" "$v" --output="$work/x.h5" --overwrite 2>&1 | grep -q "$1"; }
plain; echo "{\"latinx\": $n}" > "$v/added_tokens.json"; fails 65 "has $((n + 1)) pieces and added tokens, but vocab_size in config.json is $n" import
wider() { # K: K rows more in the model
    sed -i "s/\"vocab_size\": $n/\"vocab_size\": $((n + $1))/" "$v/config.json"
    "$bin/tests/tools/variant" "$work/hf/model.safetensors" "$v/model.safetensors" wider:$1
}
printf 'the latinx king LATINX latinxs\n' > "$work/lines.txt"
plain; wider 1; echo "{\"latinx\": $n}" > "$v/added_tokens.json"; gives "2 7 $n 11 $n $n 1 3" "an added token, matched whole"
plain; wider 6; echo "{\"latinx\": $n}" > "$v/added_tokens.json"; gives "2 7 $n 11 $n $n 1 3" "and five rows without a piece"
grep -q "vocab_size is $((n + 6)), but there are $((n + 1)) pieces" "$work/stderr" && grep -q "\"vocab_size\": $((n + 6))" "$work/w/config.json" && "$bin/collapse-check" "$work/v.h5" > /dev/null; ok $? "it is said, checked, and exported with them"
cmp -s "$v/vocab.txt" "$work/w/vocab.txt" && cmp -s "$v/model.safetensors" "$work/w/model.safetensors" || "$compare" "$work/v.h5" "$work/v.h5" --bits > /dev/null
ok $? "vocab.txt as it was"
plain; wider 6; echo "{\"latinx\": $((n + 2))}" > "$v/added_tokens.json"; fails 65 "'latinx' has id $((n + 2)), but ids follow the pieces without a gap and the next is $n" import
plain; wider 1; sed -i 's/^e1$//' "$v/vocab.txt"; echo "{\"latinx\": $n}" > "$v/added_tokens.json"; fails 65 "has an empty line among its pieces, and 'latinx' is an added token" import
plain; wider 1; sed -i 's/^e1$/cafe/' "$v/vocab.txt"; echo "{\"latinx\": $n}" > "$v/added_tokens.json"; fails 65 "'latinx' has id $n, but ids follow the pieces without a gap and the next is $((n - 1))" import
plain; wider 1; echo "{\"the\": $n}" > "$v/added_tokens.json"; fails 65 "'the' has id $n, but as a piece 7" import
plain; wider 1; printf '{"\314\201": %d}' "$n" > "$v/added_tokens.json"; fails 65 "is nothing after normalisation" import
plain; wider 1; echo '{"additional_special_tokens": ["[E1]"]}' > "$v/special_tokens_map.json"; printf 'the[E1] [e1]\n' > "$work/lines.txt"; gives "2 7 $n 20 22 21 3" "an additional special token, in its own spelling only"

# other names
plain; sed -i '1,5d' "$v/vocab.txt"; sed -i '1i <p>\n<u>\n<s>\n</s>\n<m>' "$v/vocab.txt"
fails 65 "has no piece \[PAD\]" import
echo '{"pad_token": "<p>", "unk_token": "<u>", "cls_token": {"content": "<s>", "lstrip": false}, "sep_token": "</s>", "mask_token": "<m>"}' > "$v/special_tokens_map.json"
printf 'the <m> zebra [MASK]\n' > "$work/lines.txt"; gives "2 7 4 1 20 1 21 3" "other special names"

for f in tokenizer_config special_tokens_map; do
    plain; echo '{"bos_token": "he", "eos_token": "[SEP]"}' > "$v/$f.json"; printf 'the he\n' > "$work/lines.txt"; gives "2 1 5 5 3" "bos_token in $f.json is matched whole"
done

# what is not computed
plain; for mistake in '"mask_token": {"content": 5}' '"additional_special_tokens": "x"' '"added_tokens_decoder": []' '"tokenizer_class": 5'; do
    echo "{$mistake}" > "$v/tokenizer_config.json"; fails 65 "$(cut -d'"' -f2 <<< "$mistake") is n" import
done
plain; echo '{"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}' > "$v/tokenizer_config.json"; fails 65 "tokenizer_class is 'BertJapaneseTokenizer'" import
plain; sed -i 's/{/{"tokenizer_class": "RobertaTokenizer",/' "$v/config.json"; rm "$v/tokenizer_config.json"; fails 65 "tokenizer_class is 'RobertaTokenizer'" import
plain; echo '{"tokenizer_class": "PreTrainedTokenizerFast"}' > "$v/tokenizer_config.json"; fails 65 "needs tokenizer.json" import
plain; echo '{"do_basic_tokenize": false}' > "$v/tokenizer_config.json"; fails 65 "do_basic_tokenize is not true" import
plain; echo '{"never_split": ["a"]}' > "$v/tokenizer_config.json"; fails 65 "never_split is not" import
plain; echo '{"do_lower_case": "yes"}' > "$v/tokenizer_config.json"; fails 65 "do_lower_case must be true or false" import
plain; echo '[]' > "$v/tokenizer_config.json"; fails 65 "tokenizer_config.json: is not a JSON object" import
json() { whole; sed -i "$1" "$v/tokenizer.json"; }
json 's/"type": "WordPiece",/"type": "BPE",/'; fails 65 "is 'BPE', but this program computes only WordPiece" import
json 's/"BertNormalizer"/"NFC"/'; fails 65 "normalizer is 'NFC'" import
json 's/"BertPreTokenizer"/"ByteLevel"/'; fails 65 "pre_tokenizer is 'ByteLevel'" import
json 's/"decoder": {/&"type": "ByteLevel", "was": {},/;/"decoder"/,/}/s/"type": "WordPiece",//'; fails 65 "decoder is 'ByteLevel'" import
json 's/"TemplateProcessing"/"RobertaProcessing"/'; fails 65 "post_processor is RobertaProcessing" import
json '/"ids"/,/]/s/2/3/'; fails 65 "does not set \[CLS\] (id 2) before" import
json 's/"the": 7/"the": 8/'; fails 65 "have the same id" import
json 's/"the": 7/"the": -7/'; fails 65 "the id of piece 'the'" import
json 's/"the": 7/"the": 7.5/'; fails 65 "the id of piece 'the'" import
json 's/"truncation": null/"truncation": {"max_length": 4}/'; printf 'the king is a nurse\n' > "$work/lines.txt"; gives "2 7 11 9 8 10 3" "truncation is not taken over"
grep -q "truncation and padding are left out" "$work/stderr"; ok $? "and it is said: $(head -n 1 "$work/stderr")"
rm -f "$v/vocab.txt" "$v/tokenizer.json"; fails 74 "vocab.txt: does not exist" import

# the same files for tokenize and train
printf 'the king\n' > "$work/lines.txt"
for f in vocab.txt tokenizer.json ""; do
    [ "$("$collapse" tokenize --vocab="$work/hf/$f" < "$work/lines.txt")" = "7 11" ]; ok $? "tokenize --vocab=hf/$f"
done
train_() { sed -i "s|^vocab = .*|vocab = $1|" "$work/run.conf"; mpirun -n 1 "$collapse" train "$work/run.conf" --output="$work/$2" > "$work/log" 2>&1 && "$compare" "$work/start/model.h5" "$work/$2/model.h5" --bits > "$work/found"; }
train_ "$work/hf/tokenizer.json" by-json; ok $? "train with vocab = tokenizer.json: $(cat "$work/found")"
train_ "$work/hf" by-folder; ok $? "train with vocab = folder: $(cat "$work/found")"
