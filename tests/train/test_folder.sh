# test_folder.sh: one run owns its folder; what a run has finished is never lost. Oracle: checksums before and after.
. "$ROOT/tests/lib.sh"
tiny 60
run() { local folder=$1; shift; "$collapse" train "$work/base.conf" --output="$folder" "$@" > "$work/run.log" 2>&1; }
sums() { (cd "$1" && find . -type f | sort | xargs sha256sum); }
steps() { "$bin/collapse-show" "$1" 2> /dev/null | grep -o -m1 'step [0-9]*'; }

# Two starts at the same moment: one runs, the other says who holds the folder.
pair() { # folder, the other's path to it, seconds between, text
    local codes
    "$collapse" train "$work/base.conf" --output="$1" --steps=100000 > "$work/a.log" 2>&1 & local a=$!
    sleep "$3"
    "$collapse" train "$work/base.conf" --output="$2" --steps=100000 --learning-rate=1e-3 > "$work/b.log" 2>&1 & local b=$!
    for i in $(seq 1200); do # until one of them has ended
        kill -0 $a 2> /dev/null && kill -0 $b 2> /dev/null || break
        sleep 0.1
    done
    if kill -0 $a 2> /dev/null; then local winner=$a loser=$b log=$work/b.log; else local winner=$b loser=$a log=$work/a.log; fi
    for i in $(seq 900); do grep -q . "$1/log.tsv" 2> /dev/null && break; sleep 0.1; done # it trains
    kill -TERM $winner; wait $winner; codes=$?
    wait $loser; codes="$codes $?"
    if grep -q "before MPI_INIT" "$work/a.log" "$work/b.log" && [ -z "${again:-}" ]; then # MPI itself failed to begin
        rm -rf "$1"; again=1 pair "$@"; return
    fi
    [ "$codes" = "77 74" ] && [ "$(grep -c '^collapse:' "$log")" = 1 ] && grep -q "another run writes to .*: process $winner on " "$log" &&
        [ "$(find "$1" -name 'step-*' | wc -l)" = 1 ] && "$bin/collapse-check" --quiet "$1"/step-*.h5 && [ -z "$(find "$1" -name 'lock-*' -o -name '*.partial')" ]
    ok $? "$4: $(grep -m1 'another run' "$log" | cut -c1-140)"
}
for between in 0 0.2 1; do pair "$work/pair-$between" "$work/pair-$between" $between "two starts, $between s apart"; done
mkdir "$work/real"; ln -s real "$work/link"
pair "$work/real" "$work/link" 0.1 "through a symbolic link"
pair "$work/link/sub" "$work/real/../real/sub" 0.1 "another path to a new folder"
if mkdir "$work/tmpfs" && mount -t tmpfs -o size=20m tmpfs "$work/tmpfs" 2> /dev/null; then
    pair "$work/tmpfs/run" "$work/tmpfs/run" 0.1 "on tmpfs"
    umount "$work/tmpfs"
else
    skip "tmpfs cannot be mounted here"
fi
"$collapse" train "$work/base.conf" --output="$work/ranks" --steps=100000 > "$work/a.log" 2>&1 & a=$!
for i in $(seq 900); do [ -e "$work/ranks/log.tsv" ] && break; sleep 0.1; done
fails 74 "another run writes to" mpirun -n 3 "$collapse" train "$work/base.conf" --output="$work/ranks" --steps=9
[ "$(grep -c 'another run writes to' "$work/stderr")" = 1 ]
ok $? "three ranks say it once"
mkdir "$work/other"
fails 74 "another run writes to .*trace.h5" sh -c "'$collapse' train '$work/base.conf' --output='$work/t1' --steps=100000 --trace='$work/trace.h5' > '$work/t1.log' 2>&1 & a=\$!
    for i in \$(seq 900); do [ -e '$work/t1/log.tsv' ] && break; sleep 0.1; done
    '$collapse' train '$work/base.conf' --output='$work/t2' --steps=9 --trace='$work/trace.h5'; code=\$?; kill \$a; wait \$a; exit \$code"
[ ! -e "$work/t2" ]
ok $? "a trace has one owner too; the folder that was made for nothing is gone"
kill -9 $a; wait $a 2> /dev/null
touch "$work/ranks/step-00000003.h5.7-00000000.partial" "$work/ranks/model.h5.partial" "$work/ranks/lock-9.7-00000000.partial" "$work/ranks/mine.partial"
run "$work/ranks" --steps=3
[ $? = 0 ] && [ -z "$(find "$work/ranks" -name 'lock-[0-9]' -o -name 'step*.partial' -o -name 'model*.partial')" ] && [ -e "$work/ranks/mine.partial" ] && [ -e "$work/ranks/lock-9.7-00000000.partial" ]
ok $? "after kill -9 the next one runs at once, and removes what the dead left, nothing else"

mv "$work/ranks/model.h5" "$work/mine.h5" && cp "$work/ranks/step-00000003.h5" "$work/ranks/step-7.h5" && cp "$work/ranks/step-00000003.h5" "$work/ranks/step- 0000007.h5"
run "$work/ranks" --steps=4 && grep -q "continuing .*step-00000003.h5: step 3" "$work/run.log" && [ -e "$work/ranks/step-7.h5" ]
ok $? "names that are only like a checkpoint's are somebody's own: $(grep -m1 'continuing\|^collapse:' "$work/run.log")"

# A finished folder.
run "$work/done" --steps=4 --checkpoint-steps=2 --geometry-steps=2
sums "$work/done" > "$work/before"
same() { sums "$work/done" | cmp -s - "$work/before"; ok $? "$1: nothing was written"; }
run "$work/done" --steps=4 --checkpoint-steps=2 --geometry-steps=2
[ $? = 0 ] && grep -q "holds a finished model of 4 steps: nothing to do" "$work/run.log"; ok $? "the same line again: $(tail -n 1 "$work/run.log")"
same "the same line again"
run "$work/done" --steps=4 --keep=1 --log-steps=3; ok $? "keys that may change: nothing to do"
same "keys that may change"
run "$work/done" --steps=3; ok $? "fewer steps: nothing to do"
same "fewer steps"
fails 64 "was written with batch = 7, this run has 8" "$collapse" train "$work/base.conf" --output="$work/done" --steps=4 --batch=8
cp "$work/text.txt" "$work/text2.txt"; echo "he is here" >> "$work/text2.txt"
fails 65 "another text" "$collapse" train "$work/base.conf" --output="$work/done" --steps=4 --train-data="$work/text2.txt"
ln -s text.txt "$work/text3.txt"; cp "$work/words.txt" "$work/words2.txt"
run "$work/done" --steps=4 --train-data="$work/text3.txt"; ok $? "another path to the same text: nothing to do"
fails 64 "was written with nc-words = " "$collapse" train "$work/base.conf" --output="$work/done" --steps=4 --nc-words="$work/words2.txt"
same "other settings"
mkdir "$work/kept"; mv "$work/done"/step-* "$work/kept"
sums "$work/done" > "$work/before"
run "$work/done" --steps=4; [ $? = 0 ] && grep -q "nothing to do" "$work/run.log"; ok $? "without its checkpoints: nothing to do"
fails 64 "batch = 7" "$collapse" train "$work/base.conf" --output="$work/done" --steps=4 --batch=8
fails 64 "no whole checkpoint from which to go on to step 6" "$collapse" train "$work/base.conf" --output="$work/done" --steps=6
same "without its checkpoints"
mv "$work/kept"/* "$work/done"
hash=$(sha256sum < "$work/done/model.h5")
run "$work/done" --steps=6 --checkpoint-steps=2
[ $? = 0 ] && [ "$(sha256sum < "$work/done/model.h5.old")" = "$hash" ] && [ -e "$work/done/step-00000006.h5" ] && [ ! -e "$work/done/log.tsv.old" ]
ok $? "more steps: it goes on, the shorter run's model is set aside"
rm "$work/done/model.h5.old"
printf XXXX | dd of="$work/done/model.h5" bs=1 seek=9000 conv=notrunc 2> /dev/null
run "$work/done" --steps=6 --checkpoint-steps=2
[ $? = 0 ] && "$bin/collapse-check" --quiet "$work/done/model.h5" && [ -e "$work/done/model.h5.old" ]
ok $? "a damaged model is set aside and made anew from the last checkpoint"

# overwrite = yes and resume = never: set aside by number, every time; a stopped run goes on with the same line.
for key in --resume=never --overwrite; do
    run "$work/anew" --steps=2 --geometry-steps=2; first=$(cd "$work/anew"; ls; sha256sum model.h5)
    run "$work/anew" --steps=3 --geometry-steps=3 --batch=8 $key; ok $? "$key over a finished run"
    run "$work/anew" --steps=2 --seed=7 $key; ok $? "$key over it, other settings"
    [ -e "$work/anew/step-00000002.h5.old" ] && [ -e "$work/anew/geometry-00000002.h5.old" ] && [ -e "$work/anew/step-00000003.h5.old.2" ] &&
        [ "$(sha256sum < "$work/anew/model.h5.old")" = "$(echo "$first" | tail -n 1 | cut -d' ' -f1)  -" ] && grep -q "batch = 8" "$work/anew/run.conf.old.2" && [ -e "$work/anew/log.tsv.old.2" ] && [ ! -e "$work/anew/model.h5.old.3" ]
    ok $? "$key twice: the files of each run stand aside under one number"
    run "$work/anew" --steps=2 --seed=7 $key; grep -q "nothing to do" "$work/run.log" && [ ! -e "$work/anew/model.h5.old.3" ]; ok $? "$key: what this line has finished is not done again"
    run "$work/anew" --steps=50 --max-time=0.001 --seed=8 --checkpoint-steps=1000 $key; [ $? = 75 ]; ok $? "$key: stopped in time"
    run "$work/anew" --steps=50 --seed=8 --checkpoint-steps=1000 $key
    [ $? = 0 ] && grep -q "continuing .*step-0000000[12]" "$work/run.log" && [ ! -e "$work/anew/model.h5.old.4" ] && [ -e "$work/anew/model.h5.old.3" ]
    ok $? "$key: the same line continues it"
    rm -rf "$work/anew"
done

# resume = PATH: begins there once, then the same line continues its own run.
run "$work/from" --steps=6 --checkpoint-steps=2 --keep=9
cp -r "$work/from" "$work/from2"
path=$work/from/step-00000002.h5
run "$work/branch" --steps=6 --checkpoint-steps=1000 --max-time=0.001 --resume="$path"
[ $? = 75 ] && grep -q "continuing $path: step 2" "$work/run.log"; ok $? "resume = PATH, stopped"
run "$work/branch" --steps=6 --checkpoint-steps=1000 --max-time=0.001 --resume="$path"
[ $? = 75 ] && grep -q "continuing $work/branch/step-0000000[34].h5" "$work/run.log"; ok $? "the same line goes on with its own checkpoint: $(grep -m1 continuing "$work/run.log")"
run "$work/branch" --steps=6 --resume="$path"
found=$("$compare" "$work/from/model.h5" "$work/branch/model.h5" --bits)
ok $? "and ends as the run it came from: $found"
run "$work/from" --steps=6 --checkpoint-steps=2 --keep=9 --resume="$path"
[ $? = 0 ] && [ -e "$work/from/step-00000004.h5.old" ] && [ -e "$work/from/model.h5.old" ] && [ ! -e "$path.old" ]
ok $? "back to a checkpoint of the folder itself: what followed is set aside"
found=$("$compare" "$work/from2/model.h5" "$work/from/model.h5" --bits)
ok $? "and made again: $found"
[ "$(cut -f1-10 "$work/from/log.tsv")" = "$(cut -f1-10 "$work/from2/log.tsv")" ]
ok $? "the log too"

# What is not the run's: other programs' files, its own inputs, its settings file.
mkdir "$work/foreign"; echo mine > "$work/foreign/log.tsv"; echo mine > "$work/foreign/notes"
run "$work/foreign" --steps=2
[ $? = 0 ] && [ "$(cat "$work/foreign/log.tsv.old")" = mine ] && [ "$(cat "$work/foreign/notes")" = mine ]
ok $? "a log of somebody else's is set aside"
mkdir "$work/imported"; cp "$work/done/model.h5" "$work/imported/start.h5"; ln "$work/imported/start.h5" "$work/imported/model.h5"
train_() { "$collapse" train "$work/base.conf" --steps=2 "$@"; }
cp "$work/done/model.h5" "$work/base.h5"
for pair in "--init=$work/done/model.h5 --output=$work/done" "--init=$work/imported/start.h5 --output=$work/imported" \
    "--trace=$work/text.txt" "--trace=$work/text3.txt --overwrite" "--trace=$work/words.txt --overwrite" "--trace=$work/base.conf --overwrite" "--trace=$work/vocab.txt --overwrite" \
    "--init=$work/base.h5 --trace=$work/base.h5 --overwrite" "--corpus-cache=$work/text.txt --overwrite" "--resume=$work/from/step-00000002.h5 --trace=$work/from/step-00000002.h5 --overwrite" \
    "--trace=$work/c.h5 --corpus-cache=$work/./c.h5"; do
    fails 64 "are the same file" train_ --output="$work/new" $pair
done
for pair in "--trace=$work/new/model.h5" "--trace=$work/new/log.tsv" "--trace=$work/new/step-00000002.h5" "--trace=$work/new/corpus.h5" "--corpus-cache=$work/new/model.h5" "--trace=$work/new/stop" "--corpus-cache=$work/new/lock-1" "--output=$work/fresh/ --trace=$work/fresh/model.h5"; do
    mkdir -p "$work/new"
    fails 64 "the run itself writes" train_ --output="$work/new" $pair
done
for path in "$work/done/model.h5" "$work/text2.txt"; do
    fails 64 "exists and is not a trace" train_ --output="$work/new" --trace="$path"
    fails 64 "exists and is not a corpus cache" train_ --output="$work/new" --corpus-cache="$path"
done
[ -z "$(ls -A "$work/new")" ]
ok $? "a refused run writes nothing"
run "$work/new" --steps=1 --trace="$work/text2.txt" --overwrite
[ $? = 0 ] && tail -n 1 "$work/text2.txt.old" | grep -q "he is here"; ok $? "overwrite = yes sets another file under the trace's name aside"
mkdir "$work/conf"
sed '1i # my comment' "$work/base.conf" > "$work/conf/run.conf"
(cd "$work" && "$collapse" train conf/run.conf --output=conf --steps=2 > "$work/run.log" 2>&1)
[ $? = 0 ] && grep -q "my comment" "$work/conf/run.conf.old" && grep -q "steps = 2" "$work/conf/run.conf"
ok $? "a settings file of the name run.conf in output is set aside, not lost"
(cd "$work" && "$collapse" train conf/run.conf > "$work/run.log" 2>&1)
[ $? = 0 ] && grep -q "nothing to do" "$work/run.log" && [ ! -e "$work/conf/run.conf.old.2" ]
ok $? "output/run.conf as the settings file"

# What stands where the run keeps its own files; nothing of the run is touched.
cp -r "$work/done" "$work/odd"; rm "$work/odd/log.tsv"; mkdir "$work/odd/log.tsv"
fails 64 "log.tsv: the run keeps a file of this name, and this is a folder; move it away" train_ --output="$work/odd" --overwrite
[ "$(ls "$work/odd")" = "$(ls "$work/done")" ]; ok $? "every file keeps its name"
rmdir "$work/odd/log.tsv"; mkfifo "$work/odd/run.conf2"; mv "$work/odd/run.conf2" "$work/odd/run.conf"
fails 64 "run.conf: the run keeps a file of this name, and this is a pipe" timeout 20 "$collapse" train "$work/base.conf" --steps=2 --output="$work/odd"
rm "$work/odd/run.conf"; mkdir "$work/odd/step-00000099.h5"
fails 64 "step-00000099.h5: the run keeps a file of this name" train_ --output="$work/odd"
cp -r "$work/done" "$work/renamed"; rm "$work/renamed/model.h5"
last=$(ls "$work/renamed"/step-*.h5 | tail -n 1); mv "$last" "$work/renamed/step-00000077.h5"
fails 64 "step-00000077.h5: holds step .*, not the step of its name" "$collapse" train "$work/done/run.conf" --output="$work/renamed" --steps=90
