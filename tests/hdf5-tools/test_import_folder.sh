# test_import_folder.sh: folders as they are met: wrapped, sharded, half copied, of other programs. Oracle: the import of
# the plain folder, bit for bit; else one sentence that names the mistake.
. "$ROOT/tests/lib.sh"
variant=$bin/tests/tools/variant
tiny 60
train 1 "$work/start" --steps=1
"$bin/collapse-export" "$work/start/model.h5" --output="$work/hf" 2> /dev/null
model=$work/start/model.h5
import() { "$bin/collapse-import" "$work/v" --output="$work/v.h5"; }
fresh() { rm -rf "$work/v"; cp -r "$work/hf" "$work/v"; }
as() { fresh; "$variant" "$work/hf/model.safetensors" "$work/v/model.safetensors" "$1"; }
same() { import 2> "$work/stderr" && "$compare" "$model" "$work/v.h5" --bits > "$work/found"; }

as module; same; ok $? "names with 'module.' in front: $(cat "$work/found")"
as classifier; same && grep -q "left out (classifier.bias)" "$work/stderr"; ok $? "another head is left out by name: $(cat "$work/stderr")"
as longname; same; ok $? "names of 180 to 220 bytes: $(cat "$work/found")"
rm -f "$work/v.h5"
as layer; fails 65 "layer.2.output.dense.bias', but num_hidden_layers in config.json is 2" import
as adapter; fails 65 "output.adapter.bias', which this program does not compute" import

shards() { # an index and two files
    fresh; rm "$work/v/model.safetensors"
    for k in 0 1; do
        "$variant" "$work/hf/model.safetensors" "$work/v/model-0000$k-of-00002.safetensors" shard$k | sed "s/.*/\"&\": \"model-0000$k-of-00002.safetensors\"/"
    done | sed '1s/^/{"metadata": {}, "weight_map": {/;$!s/$/,/;$s/$/}}/' > "$work/v/model.safetensors.index.json"
}
index=$work/v/model.safetensors.index.json
shards; same; ok $? "two shards and their index: $(cat "$work/found")"
rm -f "$work/v.h5"
shards; rm "$work/v/model-00001-of-00002.safetensors"; fails 74 "00001-of-00002.safetensors: does not exist, but" import
shards; sed -i '3s/-0000[01]-/-00001-/;3s/00001/00000/' "$index"; sed -i '2s/00000-of/0000X-of/;2s/0000X/00001/' "$index"; fails 65 "which .*index.json says is in" import
shards; sed -i '2s/: "model[^"]*"/: "..\/hf\/model.safetensors"/' "$index"; fails 65 "plain name of a file in the same folder" import
shards; sed -i '2s/: "model[^"]*"/: 7/' "$index"; fails 65 "plain name of a file" import
shards; sed -i '2s/"[^"]*"/"bert.none.weight"/' "$index"; fails 65 "says is in 'no file'" import
shards; echo '{"weight_map": {}}' > "$index"; fails 65 "has no weight_map" import
shards; sed -i '1s/weight_map": {/&"bert.none.weight": "model-00000-of-00002.safetensors", /' "$index"; fails 65 "says that tensor 'bert.none.weight' is in" import

fresh; rm "$work/v/model.safetensors"; : > "$work/v/pytorch_model.bin"; fails 74 "safe_serialization=True" import
fresh; mv "$work/v/model.safetensors" "$work/v/model.fp16.safetensors"; fails 74 "if model.fp16.safetensors holds the whole model" import
fresh; printf 'version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 440449768\n' > "$work/v/model.safetensors"; fails 65 "Git LFS pointer" import
fresh; printf 'version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 440449768\n' > "$work/v/config.json"; fails 65 "config.json: is a Git LFS pointer" import
fresh; gzip < "$work/hf/model.safetensors" > "$work/v/model.safetensors"; fails 65 "compressed with gzip" import
fresh; gzip < "$work/hf/config.json" > "$work/v/config.json"; fails 65 "compressed with gzip" import
fresh; printf 'PK\003\004' > "$work/v/model.safetensors"; fails 65 "torch.save" import
fresh; echo '<!DOCTYPE html>' > "$work/v/model.safetensors"; fails 65 "a web page" import
fresh; { printf '\357\273\277'; cat "$work/hf/config.json"; } > "$work/v/config.json"; same; ok $? "a byte order mark in config.json"
rm -f "$work/v.h5"
for file in config.json vocab.txt tokenizer.json tokenizer_config.json model.safetensors; do # nobody streams a model's folder
    fresh; rm -f "$work/v/$file"; mkfifo "$work/v/$file"
    code=74; [ $file = model.safetensors ] && code=65
    fails $code "$file: is .*\(a pipe\|not a regular file\)" timeout 20 "$bin/collapse-import" "$work/v" --output="$work/v.h5"
done
fails 64 "is a file; name the folder" "$bin/collapse-import" "$work/hf/model.safetensors" --output="$work/v.h5"
fails 74 "nowhere: cannot be opened" "$bin/collapse-import" "$work/nowhere" --output="$work/v.h5"

cache=$work/models--made--up
mkdir -p "$cache/blobs" "$cache/refs" "$cache/snapshots/0a1b2c"
printf 0a1b2c > "$cache/refs/main"
for f in "$work"/hf/*; do cp "$f" "$cache/blobs/$(basename "$f").blob"; ln -s "../../blobs/$(basename "$f").blob" "$cache/snapshots/0a1b2c/$(basename "$f")"; done
"$bin/collapse-import" "$cache/snapshots/0a1b2c" --output="$work/c.h5" 2> /dev/null && "$compare" "$model" "$work/c.h5" --bits > "$work/found"
ok $? "a snapshot of the hub's cache, all links: $(cat "$work/found")"
fails 64 "name one of its snapshots: .*snapshots/0a1b2c" "$bin/collapse-import" "$cache" --output="$work/v.h5"
rm "$cache/blobs/model.safetensors.blob"
fails 74 "is a link to a file that does not exist" "$bin/collapse-import" "$cache/snapshots/0a1b2c" --output="$work/v.h5"
[ ! -e "$work/v.h5" ]; ok $? "no failed import left a file"
