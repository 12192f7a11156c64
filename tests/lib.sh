# lib.sh: TAP lines and small helpers for the shell tests; sourced. $BUILD, $ROOT, $SHARED and $TMP come
# from tests/run; every test works in $TMP/work.
set -u
work=$TMP/work
mkdir -p "$work"
collapse=$ROOT/$BUILD/collapse
case $BUILD in /*) collapse=$BUILD/collapse;; esac
bin=$(dirname "$collapse")
compare=$bin/tests/tools/compare
tamper=$bin/tests/tools/tamper
cases=0

ok() { # exit code of the property, text
    cases=$((cases + 1))
    if [ "$1" = 0 ]; then echo "ok $cases - $2"; else echo "not ok $cases - $2"; fi
}

skip() { cases=$((cases + 1)); echo "ok $cases # skip $1"; }

# fails CODE PATTERN command...: the command must end with CODE and say PATTERN, in one line. Open MPI 4 grants the ranks
# that are left two seconds to end; ours have said what they had to say by then.
fails() {
    local code=$1 pattern=$2; shift 2
    OMPI_MCA_odls_base_sigkill_timeout=0 "$@" > "$work/stdout" 2> "$work/stderr"
    local got=$?
    if [ $got = "$code" ] && grep -q -e "$pattern" "$work/stderr"; then ok 0 "exit $code: $(grep -m1 -e "$pattern" "$work/stderr" | cut -c1-150)"
    else ok 1 "expected exit $code and '$pattern', got $got: $(tail -n 3 "$work/stderr" | tr '\n' ' ' | cut -c1-300)"; fi
}

# A tiny model and text, the same for every test: $work/vocab.txt text.txt init.h5 words.txt base.conf
tiny() {
    local demo=$ROOT/jobs/demo
    "$collapse" corpus "$demo/words.grammar" "$demo/frames.grammar" "$demo/balanced.grammar" --count=${1:-101} --seed=1 > "$work/text.txt"
    "$collapse" vocab --size=300 --output="$work/vocab.txt" < "$work/text.txt" 2> /dev/null
    cp "$demo/gender-words.txt" "$work/words.txt"
    cat > "$work/base.conf" <<EOF
method = mlm
init = random
layers = 2
hidden = 32
heads = 4
intermediate = 48
positions = 40
initializer-range = 0.1
vocab = $work/vocab.txt
train-data = $work/text.txt
batch = 7
max-length = 32
learning-rate = 3e-3
log-steps = 1
checkpoint-steps = 1000000
nc-words = $work/words.txt
nc-weight = 5
EOF
}

# train RANKS folder [flags...]
train() {
    local ranks=$1 folder=$2; shift 2
    mpirun -n "$ranks" "$collapse" train "$work/base.conf" --output="$folder" "$@" > "$folder.log" 2>&1
}

# field NAME: a copy of the input NAME and of its tiny model, made as its README says; $here is its folder and the working
# directory. Where these inputs are absent the test is skipped, and the script ends.
field() {
    if [ -z "$SHARED" ] || [ ! -d "$SHARED/field/$1" ]; then skip "the field inputs are not here"; exit 0; fi
    mkdir -p "$work/field/$(dirname "$1")"
    cp -r "$SHARED/field/base" "$work/field/"
    cp -r "$SHARED/field/$1" "$work/field/$(dirname "$1")/"
    (cd "$work/field" && "$bin/collapse-import" base --output=base.h5) > "$work/import.log" 2>&1
    here=$work/field/$1
    cd "$here" || exit 1
}

# alive TEXT: the processes whose command line holds TEXT (no blanks), without the one that asks.
alive() {
    printf '%s' "$1" > "$TMP/pattern"
    grep -laFf "$TMP/pattern" /proc/[0-9]*/cmdline 2> /dev/null | sed 's/[^0-9]//g'
}
# ended TEXT: wait until none is left. Ranks outlive a killed launcher by about a second, and still write.
ended() { while [ -n "$(alive "$1")" ]; do sleep 0.05; done; }
# slay TEXT: kill -9 all of them, launcher and ranks, and wait until they are gone.
slay() {
    local pids
    while pids=$(alive "$1"); [ -n "$pids" ]; do kill -9 $pids 2> /dev/null; sleep 0.05; done
}
