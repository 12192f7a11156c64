# test_reasons.sh: a file that cannot be opened or made: the system's reason, and the right code (74: the system
# refused; 65: the content is wrong). A checkpoint that may be whole is never passed over nor set aside.
. "$ROOT/tests/lib.sh"
golden=$ROOT/tests/golden/version-1
cp "$golden/model.h5" "$golden/text.txt" "$work/"
for tool in collapse-check collapse-show "collapse-diff $work/model.h5" "collapse encode --text=$work/text.txt --output=$work/e.h5" "collapse geometry --text=$work/text.txt --words=$golden/words.txt --output=$work/g.h5"; do
    set -- $tool; program=$bin/$1; name=$1; shift
    refuses() { # code file sentence
        local code=$1 file=$2 says=$3; shift 3
        fails "$code" "$says" timeout 120 "$program" "$@" "$file"
    }
    [ "$name" = collapse ] && name="collapse $1"
    echo "# $name"
    refuses 74 "$work/none.h5" "none.h5: does not exist" "$@"
    refuses 74 "$work/nowhere/none.h5" "none.h5: does not exist" "$@"
    refuses 74 "$work" "is a folder" "$@"
    refuses 65 "$work/text.txt" "text.txt: is a text file, not HDF5" "$@"
    : > "$work/empty.h5"; refuses 65 "$work/empty.h5" "empty.h5: is empty (0 bytes)" "$@"
    printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n' > "$work/lfs.h5"; refuses 65 "$work/lfs.h5" "Git LFS pointer" "$@"
    gzip -c "$work/model.h5" > "$work/gzip.h5"; refuses 65 "$work/gzip.h5" "compressed with gzip" "$@"
    head -c 3000 /dev/zero > "$work/zero.h5"; refuses 65 "$work/zero.h5" "it begins with zeros" "$@"
    sed 's/\r$//; 1s/\r//' "$work/model.h5" > "$work/text-mode.h5"; refuses 65 "$work/text-mode.h5" "copied as text" "$@"
    size=$(stat -c %s "$work/model.h5"); head -c $((size - 100)) "$work/model.h5" > "$work/cut.h5"; refuses 65 "$work/cut.h5" "is truncated: $((size - 100)) of $size bytes" "$@"
    [ -p "$work/pipe.h5" ] || mkfifo "$work/pipe.h5"; refuses 74 "$work/pipe.h5" "is not a regular file" "$@"
    exec 8<> "$work/model.h5"; flock -x 8 # as HDF5 does for a writer
    refuses 74 "$work/model.h5" "model.h5: is held open by another program" "$@"
    exec 8>&-
done
[ ! -e "$work/e.h5" ] && [ ! -e "$work/g.h5" ]; ok $? "no refused command left a file"

# As a user without rights: root may read everything.
chmod 755 "$TMP"; chmod 777 "$work"
user="setpriv --reuid=65534 --regid=65534 --clear-groups env TMPDIR=$work HOME=$work"
encode="$collapse encode --text=$work/text.txt"
if [ "$(id -u)" = 0 ] && $user test -x "$collapse" 2> /dev/null && $user test -r "$work/model.h5"; then
    mkdir "$work/closed"; cp "$work/model.h5" "$work/closed"; chmod 600 "$work/closed/model.h5"
    fails 74 "closed/model.h5: cannot be opened: Permission denied" $user "$bin/collapse-check" "$work/closed/model.h5"
    fails 74 "closed/model.h5: cannot be opened: Permission denied" $user $encode "$work/closed/model.h5" --output="$work/e.h5"
    fails 74 "e.h5.*cannot be .*: Permission denied" $user $encode "$work/model.h5" --output="$work/closed/e.h5"
else skip "permissions: only root can become a user without rights"; fi
fails 74 "e.h5.*cannot be .*\(No such file or directory\|folder does not exist\)" $encode "$work/model.h5" --output="$work/nowhere/e.h5"
fails 74 "cannot be .*" $encode "$work/model.h5" --output="$work/text.txt/e.h5"
mkdir "$work/small"
if mount -t tmpfs -o size=8k tmpfs "$work/small" 2> /dev/null; then
    head -c 5000 /dev/zero > "$work/small/fill"
    fails 74 "No space left on device" $encode "$work/model.h5" --output="$work/small/e.h5"
    [ "$(ls "$work/small")" = fill ]; ok $? "a full disk: nothing half-written stays"
    mount -o remount,ro "$work/small"
    fails 74 "Read-only file system" $encode "$work/model.h5" --output="$work/small/e.h5"
    umount "$work/small"
else skip "a small file system cannot be mounted here"; fi

# The newest checkpoint of a run.
cp "$golden/vocab.txt" "$golden/words.txt" "$golden/text.txt" "$work/"
grep -v "^trace" "$golden/run.conf" > "$work/no-trace.conf"
as=
run() { (cd "$work" && $as timeout 300 "$collapse" train no-trace.conf --corpus-cache=no --geometry-steps=0 "$@"); }
mkdir "$work/out"; cp "$golden/step-00000002.h5" "$work/out/"
run > "$work/run.log" 2>&1; ok $? "a checkpoint of version 1 is continued: $(grep -o 'continuing.*step 2' "$work/run.log")"
grep -q "step-00000002.h5: was written by an older version" "$work/run.log"; ok $? "and said to be without a hash of its settings"
"$collapse" encode "$golden/model.h5" --text="$golden/text.txt" --output="$work/old.h5" 2>&1 | grep -q "model.h5: was written by an older version: its configuration is not covered"; ok $? "encode says so of a model"
[ "$("$bin/collapse-check" "$work/old.h5")" = "$work/old.h5: collapse-encode, 3 datasets, all hashes match" ]; ok $? "what is written now has one"
"$bin/collapse-check" "$work/out/step-00000004.h5" | grep -q "all hashes match$"; ok $? "and the next one is of version 2"
rm "$work/out/model.h5"; sums=$(sha256sum "$work"/out/step-*)
unchanged() { [ "$(sha256sum "$work"/out/step-*)" = "$sums" ]; ok $? "$1: no checkpoint was renamed or changed"; }
exec 8<> "$work/out/step-00000004.h5"; flock -x 8
fails 74 "step-00000004.h5: is held open by another program" run --steps=6; unchanged "held by another program"
exec 8>&-
if [ "$(id -u)" = 0 ] && $user test -x "$collapse" 2> /dev/null; then
    chmod -R a+rwX "$work"; chmod 600 "$work/out/step-00000004.h5"
    as=$user; fails 74 "step-00000004.h5: cannot be opened: Permission denied" run --steps=6; as=; unchanged "without permission"
    chmod 644 "$work/out/step-00000004.h5"
else skip "permissions of a checkpoint"; fi
: > "$work/out/step-00000005.h5"; head -c 20000 "$work/out/step-00000004.h5" > "$work/out/step-00000006.h5"
run --steps=7 > "$work/run.log" 2>&1
[ $? = 0 ] && grep -q "step-00000006.h5: is truncated.*looking for an older" "$work/run.log" && grep -q "step-00000005.h5: is empty.*looking for an older" "$work/run.log" && grep -q "continuing .*step-00000004.h5" "$work/run.log"
ok $? "a truncated and an empty checkpoint: the whole one before them is taken"
