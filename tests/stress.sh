#!/bin/bash
# stress.sh: what a kill at any moment leaves, and two starts at once, many times. By hand; the tests call it with few.
#   tests/stress.sh kills N [SEED]    N kills over random settings; the continued runs against unbroken ones
#   tests/stress.sh pairs N [SEED]    N pairs of starts in one folder within 0 to 2 s: plain, through a link, on tmpfs
# BUILD=build; TAP lines; ends with 1 when something differed.
set -u
ROOT=$(cd "$(dirname "$0")/.." && pwd)
export ROOT BUILD=${BUILD:-build} SHARED=${SHARED:-} OMP_NUM_THREADS=1
if [ -z "${TMP:-}" ]; then TMP=$(mktemp -d); export TMP TMPDIR=$TMP; trap 'rm -rf "$TMP"' EXIT; fi
. "$ROOT/jobs/launcher.sh"
. "$ROOT/tests/lib.sh"
what=$1 most=$2 seed=${3:-7} bad=0
random() { seed=$(((seed * 1103515245 + 12345) % 2147483648)); value=$((seed / 65536 % $1)); }
one_of() { local choice=("$@"); random $#; value=${choice[$value]}; }
pause() { random 1000; sleep "$(awk "BEGIN { print $1 + ($2 - $1) * $value / 1000 }")"; }
tiny 101 # of which every word of the examples is made

# Files and their contents, but for times: everything a run leaves is compared.
same_folder() { # whole, broken
    local f
    diff <(cd "$1" && ls -A) <(cd "$2" && ls -A) > "$work/differs" || return 1
    for f in "$1"/*.h5; do
        "$compare" "$f" "$2/$(basename "$f")" --bits --skip=seconds > "$work/differs" || return 1
    done
    diff <(cut -f1-10 "$1/log.tsv") <(cut -f1-10 "$2/log.tsv") > "$work/differs" && diff <(grep -v '^output\|^trace' "$1/run.conf") <(grep -v '^output\|^trace' "$2/run.conf") > "$work/differs"
}

# Flags of a method and its data.
method_flags() {
    local data=$ROOT/tests/data
    case $1 in
    mlm) echo "--method=mlm";;
    cda) echo "--method=cda --train-data=$data/entailment.csv";;
    mabel) echo "--method=mabel --train-data=$data/entailment.csv";;
    ase) echo "--method=ase --train-data=$data/pronouns.csv --ase-neutral=$data/neutral.txt --ase-male=$data/male.txt --ase-female=$data/female.txt --ase-fisher-data=$data/lines.txt --ase-fisher-lines=9";;
    adept) echo "--method=adept --train-data=$data/examples.csv --batch=15 --adept-draws=3 --adept-held-out=8 --check-steps=4";;
    dpce) echo "--method=dpce --train-data=$data/examples.csv --batch=15 --dpce-draws=3 --dpce-held-out=8 --check-steps=4";;
    prompt) echo "--method=adept --train-data=$data/examples.csv --batch=15 --adept-draws=3 --adept-held-out=8 --adept-algorithm=prompt --prefix=5 --nc-weight=0";;
    esac
}

draw_settings() {
    random 3; ranks=$((value + 1))
    one_of mlm mlm mlm cda mabel ase adept dpce prompt; flags="$(method_flags "$value") --steps=24 --dropout=0.1 --nc-reset=run"
    one_of 1 2 3 5; flags="$flags --checkpoint-steps=$value"
    one_of yes no; flags="$flags --checkpoint-behind=$value"
    one_of 0 2 3; flags="$flags --geometry-steps=$value"
    one_of yes no; flags="$flags --shard-optimizer=$value"
    one_of 1 3; flags="$flags --log-steps=$value"
    one_of 1 2 4; flags="$flags --keep=$value"
    one_of auto auto never; flags="$flags --resume=$value"
    one_of trace trace none; trace=$value
}

start() { # folder, trace
    setsid mpirun -n "$ranks" "$collapse" train "$work/base.conf" --output="$1" $flags ${2:+--trace=$2} > "$work/start.log" 2>&1 &
    pid=$!
}

# kill -9 of everything, of mpirun alone (its ranks live on for a moment), of rank 0 alone.
kill_run() {
    one_of all mpirun rank
    case $value in
    all) kill -9 -- -$pid 2> /dev/null;;
    mpirun) kill -9 $pid 2> /dev/null;;
    rank) kill -9 "$(sed -n 's/^process = //p' "$work/broken"/lock-* 2> /dev/null | head -n 1)" 2> /dev/null;;
    esac
}

kills() {
    local killed=0 round=0 began length here t=
    while [ $killed -lt "$most" ]; do
        round=$((round + 1)) here=0
        draw_settings
        rm -rf "$work/whole" "$work/broken" "$work"/*trace.h5*
        [ $trace = none ] || t=yes
        [ $trace = none ] && t=
        began=$(date +%s%N)
        start "$work/whole" ${t:+"$work/whole-trace.h5"}; wait $pid || { ok 1 "round $round: the unbroken run: $(tail -n 1 "$work/start.log")"; return 1; }
        length=$(awk "BEGIN { print ($(date +%s%N) - $began) * 1e-9 }")
        while [ $here -lt 12 ]; do
            start "$work/broken" ${t:+"$work/broken-trace.h5"}
            pause "$(awk "BEGIN { print 0.2 * $length }")" "$length"
            if kill_run; then here=$((here + 1)) killed=$((killed + 1)); fi
            wait $pid 2> /dev/null
            [ ! -e "$work/broken/model.h5" ] || break
        done
        for i in 1 2; do # the second time: nothing to do, or (after a kill behind the model) the lock goes
            start "$work/broken" ${t:+"$work/broken-trace.h5"}; wait $pid; code=$?
        done
        if [ $code = 0 ] && same_folder "$work/whole" "$work/broken" &&
            { [ -z "$t" ] || "$compare" "$work/whole-trace.h5" "$work/broken-trace.h5" --bits > "$work/differs"; } &&
            [ -z "$(find "$work" -name '*.partial*' -o -name '*.old*')" ]; then
            ok 0 "round $round: $here kills: $ranks ranks $(echo "$flags" | sed "s|$ROOT/||g") trace=$trace"
        else
            ok 1 "round $round: $here kills: $ranks ranks $(echo "$flags" | sed "s|$ROOT/||g") trace=$trace: exit $code: $(head -n 5 "$work/differs" | tr '\n' ' ') $(tail -n 2 "$work/start.log" | tr '\n' ' ') $(cd "$work" && find . -name '*.partial*' -o -name '*.old*' | tr '\n' ' ')"
            bad=1
        fi
    done
    echo "# $killed kills in $round rounds"
}

pairs() {
    local n winner loser log codes where=plain folder other
    mkdir -p "$work/real" "$work/tmpfs"
    ln -sfn real "$work/link"
    mount -t tmpfs -o size=50m tmpfs "$work/tmpfs" 2> /dev/null || echo "# tmpfs cannot be mounted here"
    for n in $(seq "$most"); do
        one_of plain link tmpfs; where=$value
        case $where in plain) folder=$work/real/run$n other=$folder;; link) folder=$work/real/run$n other=$work/link/run$n;; tmpfs) folder=$work/tmpfs/run other=$folder;; esac
        one_of 0 0 0.05 0.2 0.5 1 2; between=$value
        "$collapse" train "$work/base.conf" --output="$folder" --steps=1000000 --checkpoint-steps=7 > "$work/a.log" 2>&1 & a=$!
        [ "$between" = 0 ] || sleep "$between"
        "$collapse" train "$work/base.conf" --output="$other" --steps=1000000 --checkpoint-steps=7 --learning-rate=1e-3 > "$work/b.log" 2>&1 & b=$!
        while kill -0 $a 2> /dev/null && kill -0 $b 2> /dev/null; do sleep 0.05; done
        if kill -0 $a 2> /dev/null; then winner=$a loser=$b log=$work/b.log; else winner=$b loser=$a log=$work/a.log; fi
        for i in $(seq 200); do [ "$(wc -l < "$folder/log.tsv" 2> /dev/null || echo 0)" -gt 2 ] && break; sleep 0.05; done
        kill -TERM $winner; wait $winner; codes=$?; wait $loser; codes="$codes $?"
        if grep -q "before MPI_INIT" "$work/a.log" "$work/b.log"; then echo "# pair $n: MPI itself failed to begin"; rm -rf "$folder"; continue; fi
        if [ "$codes" = "77 74" ] && [ "$(grep -c '^collapse:' "$log")" = 1 ] && grep -q "another run writes to .*: process $winner on " "$log" &&
            [ "$(cut -f1 "$folder/log.tsv" | sort -n | uniq -d)" = "" ] && [ -z "$(find "$folder" -name 'lock-*' -o -name '*.partial' -o -name '*.old*')" ] &&
            (for f in "$folder"/step-*.h5; do "$bin/collapse-check" --quiet "$f" || exit 1; done); then
            ok 0 "pair $n, $where, $between s apart"
        else
            ok 1 "pair $n, $where, $between s apart: exit codes $codes: $(tail -n 1 "$log") $(ls -A "$folder" | tr '\n' ' ')"; bad=1
        fi
        rm -rf "$folder"
    done
    umount "$work/tmpfs" 2> /dev/null
}

$what
exit $bad
