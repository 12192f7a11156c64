# test_outputs.sh: no command or tool destroys an input, replaces a file that is not an older one of its own, or leaves
# half-written or stale files. Oracle: contents before and after.
. "$ROOT/tests/lib.sh"
tiny 40
train 1 "$work/run" --steps=2 --trace="$work/trace.h5" --geometry-steps=1
ok $? "a run to take files from"
cp "$work/run/model.h5" "$work/m.h5"
cp "$work/run/geometry-00000002.h5" "$work/g.h5"
ln "$work/m.h5" "$work/hard.h5"
ln -s m.h5 "$work/soft.h5"
mkdir "$work/sub"
ln -s ../sub "$work/sub/up"
text=$work/text.txt words=$work/words.txt
"$bin/collapse-export" "$work/m.h5" --output="$work/hf" 2> "$work/export.log"
ok $? "an export to import"
sha256sum "$work/m.h5" "$text" "$words" "$work/vocab.txt" "$work/hf"/* > "$work/sums"

encode() { "$collapse" encode "$work/m.h5" --text="$text" "$@"; }
geometry() { "$collapse" geometry "$work/m.h5" --text="$text" --words="$words" --nc4-text="$text" --bootstrap=0 --calibration=0 "$@"; }
evaluate() { "$collapse" evaluate "$work/m.h5" --task=pronoun-gap --data="$text" --words="$words" "$@"; }
vocab() { "$collapse" vocab --size=300 "$@" < "$text"; }
import() { "$bin/collapse-import" "$work/hf" "$@"; }
report() { "$bin/collapse-report" "$work/run" "$work/g.h5" "$@"; }

# An input as output: the file itself, another path to it, a hard and a symbolic link, also with --overwrite.
for path in "$work/m.h5" "$work/./m.h5" "$work/hard.h5" "$work/soft.h5" "$work/sub/up/../m.h5"; do
    fails 64 "are the same file" encode --output="$path" --overwrite
done
fails 64 "are the same file" geometry --output="$work/hard.h5" --overwrite
fails 64 "are the same file" evaluate --output="$work/soft.h5" --overwrite
fails 64 "are the same file" mpirun -n 2 "$collapse" encode "$work/m.h5" --text="$text" --output="$text"
ln "$text" "$work/sub/text" && ln "$words" "$work/sub/words"
fails 64 "are the same file" encode --output="$work/sub/text" --overwrite
fails 64 "are the same file" geometry --output="$work/sub/words" --overwrite
fails 64 "are the same file" evaluate --output="$work/sub/words" --overwrite
fails 64 "are the same file" vocab --output="$work/sub/text" --overwrite
ln -s ../g.h5 "$work/sub/g"
fails 64 "are the same file" report --output="$work/sub/g" --overwrite
fails 64 "is a file of" report --output="$work/run/log.tsv" --overwrite
fails 64 "is a file of" import --output="$work/hf/vocab.txt" --overwrite
# What a command reads by its own rules: the other version beside WinoBias' file, files of a folder of tests, the other model's scores.
cp -r "$ROOT/tests/evaluate/winobias" "$ROOT/tests/evaluate/seat" "$work/sub/"; ln "$work/sub/winobias/anti_stereotyped_type1.txt.dev" "$work/sub/anti"; ln -s "$work/sub/seat/small.jsonl" "$work/sub/test"
task() { "$collapse" evaluate "$work/m.h5" --task="$@"; }
fails 64 "what is read beside the data, .* are the same file" task winobias-mlm --data="$work/sub/winobias/pro_stereotyped_type1.txt.dev" --output="$work/sub/anti" --overwrite
fails 64 "is a file of --data" task seat --data="$work/sub/seat" --output="$work/sub/test" --overwrite
task perplexity --data="$text" --output="$work/scores.h5" > /dev/null 2>&1; ln -s scores.h5 "$work/other.h5"
fails 64 "and --compare .*are the same file" task perplexity --data="$text" --compare="$work/scores.h5" --output="$work/other.h5"
cmp -s "$work/sub/anti" "$ROOT/tests/evaluate/winobias/anti_stereotyped_type1.txt.dev" && cmp -s "$work/sub/test" "$ROOT/tests/evaluate/seat/small.jsonl"; ok $? "they are as they were"
# Files that a method's own keys name.
cp "$words" "$work/list.txt"; list=$work/list.txt
ase="--method=ase --ase-neutral=$list --ase-male=$list --ase-female=$list --ase-fisher=$work/fisher.h5"
fails 64 "trace = .* and ase-neutral .*are the same file" "$collapse" train "$work/base.conf" $ase --nc-weight=0 --output="$work/ase" --steps=1 --trace="$list" --overwrite
fails 64 "trace = .* and ase-fisher .*are the same file" "$collapse" train "$work/base.conf" $ase --nc-weight=0 --output="$work/ase" --steps=1 --trace="$work/sub/../fisher.h5"
fails 64 "ase-fisher = .* is the name of a file that the run itself writes" "$collapse" train "$work/base.conf" --method=ase --nc-weight=0 --ase-fisher="$work/ase/model.h5" --output="$work/ase" --steps=1
fails 64 "trace = .* and cda-pairs .*are the same file" "$collapse" train "$work/base.conf" --method=cda --cda-pairs="$list" --output="$work/ase" --steps=1 --trace="$list" --overwrite
sha256sum -c --quiet "$work/sums"
ok $? "no input was touched"

# Files of another kind: of another command, of nobody, a folder, a device.
cp "$work/vocab.txt" "$work/notes.txt"; echo "own notes" > "$work/notes.txt"
for command in encode geometry evaluate vocab import report; do
    fails 64 "exists and is not" $command --output="$work/notes.txt"
done
fails 64 "is a folder" encode --output="$work/sub"
fails 64 "not a regular file" encode --output=/dev/null
fails 64 "not a regular file" import --output=/dev/null --overwrite
ln -s loop2 "$work/loop1" && ln -s loop1 "$work/loop2"
fails 74 "Too many levels of symbolic links" encode --output="$work/loop1"
ln -s link2 "$work/link1" && ln -s far.h5 "$work/link2"
encode --output="$work/link1" > "$work/log" 2>&1 && [ -L "$work/link1" ] && [ -L "$work/link2" ] && [ -f "$work/far.h5" ]
ok $? "a link to a link to a file that is not there yet"
long=$(printf 'n%.0s' $(seq 250))
mpirun -n 2 "$collapse" encode "$work/m.h5" --text="$text" --output="$work/$long.h5" > "$work/log" 2>&1
ok $? "a name of 253 bytes, written by two ranks"
fails 74 "standard output cannot be written" sh -c "'$bin/collapse-check' --help > /dev/full"
for kind in trace.h5 run/step-00000002.h5 run/geometry-00000001.h5; do
    fails 64 "exists and is not" encode --output="$work/$kind"
    fails 64 "exists and is not" import --output="$work/$kind"
done
printf '\211HDF\r\n\032\n and nothing more' > "$work/cut.h5"
fails 64 "exists and is not" encode --output="$work/cut.h5"
[ "$(cat "$work/notes.txt")" = "own notes" ] && [ -c /dev/null ]
ok $? "they are as they were"

# The same line twice, with --overwrite over anything, and through a symbolic link.
for command in encode geometry evaluate vocab import report; do
    : > "$work/out.$command" # empty, as mktemp leaves it
    $command --output="$work/out.$command" > "$work/stdout" 2>&1 && $command --output="$work/out.$command" > "$work/stdout" 2>&1
    ok $? "$command: an empty file and an older output are replaced"
    echo "own notes" > "$work/notes.txt"
    ln -sf notes.txt "$work/link"
    $command --output="$work/link" --overwrite > "$work/stdout" 2>&1 && [ -L "$work/link" ] && ! grep -q "own notes" "$work/notes.txt"
    ok $? "$command --overwrite: the target of a symbolic link is replaced, the link stays"
done

# What a killed writer left is removed by the next one; what a living one writes is not.
mark=$(ls -d /proc/self/ns/pid > /dev/null && "$collapse" encode "$work/m.h5" --text="$text" --output=/nonexistent/x 2>&1 | sed -n 's/.*[0-9]-\([0-9a-f]\{8\}\)\.partial.*/\1/p')
[ -n "$mark" ]
ok $? "partial names carry the machine's mark: $mark"
sleep 60 & alive=$!
touch "$work/out.encode.4194999-$mark.partial" "$work/out.encode.$alive-$mark.partial" "$work/out.encode.77-00000000.partial" "$work/other.4194999-$mark.partial"
encode --output="$work/out.encode" 2> /dev/null
[ ! -e "$work/out.encode.4194999-$mark.partial" ] && [ -e "$work/out.encode.$alive-$mark.partial" ] &&
    [ -e "$work/out.encode.77-00000000.partial" ] && [ -e "$work/other.4194999-$mark.partial" ]
ok $? "only the partial file of a dead process of this machine is removed, only of this output"
kill $alive
rm -f "$work"/*.partial

# Exports: stale files go, foreign ones are refused or set aside by number.
export_() { "$bin/collapse-export" "$work/m.h5" --output="$@" > "$work/stdout" 2>&1; }
echo '{}' > "$work/hf/added_tokens.json"
export_ "$work/hf" && [ ! -e "$work/hf/added_tokens.json" ]
ok $? "a stale file of an older export is gone"
mkdir "$work/theirs" && echo '{"theirs": 1}' > "$work/theirs/config.json" && echo w > "$work/theirs/model.safetensors" && echo old > "$work/theirs/config.json.old"
fails 64 "which is not of an older export" "$bin/collapse-export" "$work/m.h5" --output="$work/theirs"
grep -q theirs "$work/theirs/config.json" && [ "$(ls -A "$work/theirs" | wc -l)" = 3 ]
ok $? "a refused export leaves the folder as it was"
export_ "$work/theirs" --overwrite && grep -q theirs "$work/theirs/config.json.old.2" && [ "$(cat "$work/theirs/model.safetensors.old.2")" = w ] && [ "$(cat "$work/theirs/config.json.old")" = old ]
ok $? "--overwrite sets theirs aside under one number, older ones stay"
export_ "$work/theirs" --overwrite && [ ! -e "$work/theirs/config.json.old.3" ]
ok $? "and the same line again replaces its own"
fails 64 "is not a folder" "$bin/collapse-export" "$work/m.h5" --output="$text"
ln "$work/m.h5" "$work/hf/added_tokens.json"; fails 64 "a file of --output = .*added_tokens.json and the model .*are the same file" "$bin/collapse-export" "$work/m.h5" --output="$work/hf"; rm "$work/hf/added_tokens.json"
if mkdir "$work/small" && mount -t tmpfs -o size=300k tmpfs "$work/small" 2> /dev/null; then
    export_ "$work/small/hf"
    ok $? "an export on a small disk"
    sha256sum "$work/small/hf"/* > "$work/small.sums"
    head -c 250000 /dev/zero > "$work/small/fill" 2> /dev/null
    fails 74 "cannot be written" "$bin/collapse-export" "$work/m.h5" --output="$work/small/hf"
    sha256sum -c --quiet "$work/small.sums" && [ "$(ls -A "$work/small/hf" | wc -l)" = 6 ]
    ok $? "full disk: the older export is whole, nothing half-written stays"
    fails 74 "cannot be written" "$bin/collapse-export" "$work/m.h5" --output="$work/small/new"
    [ ! -e "$work/small/new" ]
    ok $? "full disk: no half export"
    umount "$work/small"
else
    skip "full disk: a small file system cannot be mounted here"
fi
sha256sum -c --quiet "$work/sums"
ok $? "all inputs are as they were"
