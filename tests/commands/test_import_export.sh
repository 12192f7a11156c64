# test_import_export.sh: a Hugging Face folder in all its variants to HDF5 and back. Oracle: the model
# it was exported from, bit for bit.
. "$ROOT/tests/lib.sh"
variant=$bin/tests/tools/variant
tiny 60
train 1 "$work/start" --steps=2
model=$work/start/model.h5
"$bin/collapse-export" "$model" --output="$work/hf" 2> /dev/null
ok $? "export writes a folder: $(ls "$work/hf" | tr '\n' ' ')"
"$bin/collapse-import" "$work/hf" --output="$work/back.h5" 2> /dev/null && "$compare" "$model" "$work/back.h5" --bits > "$work/found"
ok $? "import of the export: $(cat "$work/found")"
"$bin/collapse-export" "$work/back.h5" --output="$work/hf2" 2> /dev/null && cmp "$work/hf/model.safetensors" "$work/hf2/model.safetensors" && cmp "$work/hf/config.json" "$work/hf2/config.json" && (for f in vocab.txt tokenizer.json tokenizer_config.json special_tokens_map.json; do cmp "$work/hf/$f" "$work/hf2/$f" || exit 1; done)
ok $? "export of the import: the same files"

as() { # KIND: make $work/v with model.safetensors rewritten
    rm -rf "$work/v"; cp -r "$work/hf" "$work/v"
    "$variant" "$work/hf/model.safetensors" "$work/v/model.safetensors" "$1"
}
for kind in noprefix decoder pooler gamma f64; do
    as $kind
    "$bin/collapse-import" "$work/v" --output="$work/v.h5" 2> "$work/stderr" && "$compare" "$model" "$work/v.h5" --bits > "$work/found"
    ok $? "variant $kind: $(cat "$work/found") $(grep -o '[0-9]* tensors that' "$work/stderr")"
done
for kind in f16:1e-3 bf16:5e-3; do
    as ${kind%:*}
    "$bin/collapse-import" "$work/v" --output="$work/v.h5" 2> /dev/null && "$compare" "$model" "$work/v.h5" --weights=${kind#*:} > "$work/found" && ! "$compare" "$model" "$work/v.h5" --bits > /dev/null
    ok $? "variant ${kind%:*}: $(cat "$work/found")"
done
as nohead
"$bin/collapse-import" "$work/v" --output="$work/v.h5" 2> "$work/stderr" && grep -q "a new one was initialised" "$work/stderr" && ! "$compare" "$model" "$work/v.h5" --bits > /dev/null && "$bin/collapse-check" "$work/v.h5" > /dev/null
ok $? "variant nohead: the head is initialised, and said so"
rm -f "$work/v.h5"
as untied; fails 65 "differ, but config.json says that they are one" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as halfhead; fails 65 "head without 'cls.predictions.transform.dense.bias'" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as short; fails 65 "has no tensor 'bert.encoder.layer.1.output.dense.bias'" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as shape; fails 65 "has shape \[32, 48\].*asks for \[48, 32\]; the files are of different models" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as inf; fails 65 "not finite at element 1" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; rm "$work/v/tokenizer.json"; echo extra >> "$work/v/vocab.txt"; fails 65 "vocab_size" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; head -c 3000 "$work/hf/model.safetensors" > "$work/v/model.safetensors"; fails 65 "truncated" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; sed -i 's/"gelu"/"relu"/' "$work/v/config.json"; fails 65 "hidden_act is 'relu'" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; sed -i 's/"bert"/"roberta"/' "$work/v/config.json"; fails 65 "model_type is 'roberta'" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; echo '{' > "$work/v/config.json"; fails 65 "not valid JSON" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; sed -i 's/"num_attention_heads": 4/"num_attention_heads": 5/' "$work/v/config.json"; fails 65 "multiple of 5 heads" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
as noprefix; rm "$work/v/vocab.txt" "$work/v/tokenizer.json"; fails 74 "vocab.txt: does not exist" "$bin/collapse-import" "$work/v" --output="$work/v.h5"
fails 64 "output" "$bin/collapse-import" "$work/hf"
fails 64 "did you mean 'output'" "$bin/collapse-import" "$work/hf" --outptu=x
fails 74 "cannot be" "$bin/collapse-import" "$work/hf" --output=/nonexistent/x.h5
[ ! -e "$work/v.h5" ]; ok $? "no failed import left a file"
sed -i 's/"do_lower_case": true/"do_lower_case": false/' "$work/hf/tokenizer_config.json"
"$bin/collapse-import" "$work/hf" --output="$work/cased.h5" 2>&1 | grep -q ", cased;"
ok $? "do_lower_case = false makes a cased model"
"$bin/collapse-show" --all "$model" | grep -q "bert.embeddings.word_embeddings.weight"
ok $? "collapse-show lists tensors"
fails 65 "format" "$bin/collapse-show" tests/golden/model.h5
