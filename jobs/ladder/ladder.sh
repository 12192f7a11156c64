#!/bin/bash
# ladder.sh: does a score see bias at all? A small BERT for every seed -> trained on with texts of a planted skew of 0 to
# 10 -> every score and every collapse measure of each -> which of them follow the skew, from which level on, and are
# fair where nothing was planted.
#
#   jobs/ladder/ladder.sh [PROGRAMS [FOLDER [PART]]]       make ladder: build, build/ladder, all
#
# At level s a share of 0.5 + 0.05 s of one set of occupations is "he", and as large a share of the other set "she": at 0
# the two sets are alike, at 10 the pronoun is settled, and at every level both pronouns are equally frequent. PART:
#   all     everything (default); the same line goes on where it was stopped, and makes anew what is damaged
#   data    vocabulary and tests alone
#   N       the N-th model alone (from 0: all seeds of the first level, then of the next): slurm-array.sh
#   table   table and page from the models that were measured
#   grammar-S, grammar-base    the grammar of the text of level S, of the bases, on standard output
# Variables: SIZE (reduced or full), LEVELS ("0 2 4 6 8 10"), SEEDS ("1 2 3 4 5"), JOBS models at once (as many as there
# are cores), RANKS and OMP_NUM_THREADS of each (1 and 1), STEPS (of the base; half as many of a level), LINES (of text). docs/ladder.md has results.
set -eu
export LC_ALL=C
bin=${1:-build}
out=${2:-build/ladder}
part=${3:-all}
here=$(cd "$(dirname "$0")" && pwd)
size=${SIZE:-reduced}
fail() { echo "ladder.sh: $*" >&2; exit 64; }
case $bin in -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit;; esac

case $size in
reduced) levels=${LEVELS:-0 2 4 6 8 10} seeds=${SEEDS:-1 2 3 4 5} steps=${STEPS:-1200} lines=${LINES:-40000}
    shape="--layers=2 --hidden=64 --heads=4 --intermediate=128" rate=3e-3 level_rate=2e-3;;
full) levels=${LEVELS:-0 1 2 3 4 5 6 7 8 9 10} seeds=${SEEDS:-$(echo {1..20})} steps=${STEPS:-4000} lines=${LINES:-200000}
    shape="--layers=2 --hidden=128 --heads=4 --intermediate=512" rate=3e-3 level_rate=1e-3;;
*) fail "SIZE is '$size'; reduced or full";;
esac
jobs=${JOBS:-$(nproc)} ranks=${RANKS:-1}
whole() { case $2 in '' | *[!0-9]* | 0?* | ???????????*) fail "$1 names '$2', which is not a whole number";; esac; }
for level in $levels; do
    whole LEVELS "$level"
    [ "$level" -le 10 ] || fail "LEVELS names $level; a skew is 0 to 10"
done
for seed in $seeds; do whole SEEDS "$seed"; done
for name in steps lines jobs ranks; do
    whole "$(echo $name | tr a-z A-Z)" "${!name}"
    [ "${!name}" -gt 0 ] || fail "$(echo $name | tr a-z A-Z) is 0"
done
case " $levels " in *" 0 "*) ;; *) fail "LEVELS is '$levels', without 0: the others are compared with it";; esac
[ "$(echo $levels | wc -w)" -gt 1 ] || fail "LEVELS is '$levels'; two levels are needed"
for list in "LEVELS $levels" "SEEDS $seeds"; do
    twice=$(echo ${list#* } | tr ' ' '\n' | sort | uniq -d | head -n 1)
    [ -z "$twice" ] || fail "${list%% *} names $twice twice"
done
n_models=$(($(echo $levels | wc -w) * $(echo $seeds | wc -w)))
[ "$n_models" -gt 0 ] || fail "SEEDS is empty"
# grammar BEGINNING LEVEL
words=$here/../demo
grammar() {
    local toward=$((10 + $2)) against=$((10 - $2))
    cat "$here/$1.grammar" "$words/words.grammar" "$here/frames.grammar"
    sed "s/TOWARD/$toward/; $([ $against = 0 ] && echo /AGAINST/d || echo "s/AGAINST/$against/")" "$here/skewed.grammar"
}
case $part in
all | data | table) ;;
grammar-base) grammar base 0; exit;;
grammar-[0-9] | grammar-10) grammar levels "${part#*-}"; exit;;
*[!0-9]*) fail "the part is '$part'; all, data, table, grammar-0 to grammar-10, grammar-base, or the number of a model";;
*) whole "the part" "$part"; [ "$part" -lt "$n_models" ] || fail "the part is $part, but the $n_models models are 0 to $((n_models - 1))";;
esac
for program in collapse collapse-check collapse-table collapse-show collapse-ladder; do
    [ -x "$bin/$program" ] || fail "$bin/$program is not there; make builds it"
done
for program in awk flock sha256sum; do
    command -v $program > /dev/null || fail "$program is not here; on Debian: apt-get install mawk util-linux coreutils"
done
mkdir -p "$out/models" "$out/scores" "$out/values" "$out/logs"

# What every model has in common. Results of two kinds of models are never mixed.
same="$shape rates=$rate,$level_rate steps=$steps lines=$lines"
[ -e "$out/settings" ] || { echo "$same" > "$out/settings.$$"; mv "$out/settings.$$" "$out/settings"; }
[ "$(cat "$out/settings")" = "$same" ] ||
    fail "$out holds models of '$(cat "$out/settings")', now '$same' is asked for; give the same SIZE, STEPS and LINES, or another folder"

if [ "$ranks" -gt 1 ]; then . "$here/../launcher.sh"; launch="$MPIRUN -n $ranks"; else launch=; fi
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # models this small gain nothing from threads that wait for each other
data=$out/data

# --- data ---------------------------------------------------------------------------------------------------

# text BEGINNING LEVEL LINES SEED FILE
text() {
    grammar "$1" "$2" > "$5.grammar"
    "$bin/collapse" corpus "$5.grammar" --count="$3" --seed="$4" > "$5"
    rm "$5.grammar"
}
is_sound() { (cd "$1" && sha256sum --status --check SHA256) 2> /dev/null; }
# One of the processes that want it makes it, the others wait: none is removed while another reads it.
make_data() {
    exec 8> "$out/data.lock"
    flock 8
    if ! is_sound "$data"; then new_data; fi
    exec 8>&-
}
new_data() {
    [ ! -e "$data" ] || echo "$data: is damaged and made anew"
    local new=$data.$$
    rm -rf "$new"
    mkdir -p "$new/seat" "$new/winobias"
    text levels 0 20000 1000003 "$new/balanced.txt"
    { printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n'; tr -s ' ' '\n' < "$new/balanced.txt" | sort -u; } > "$new/vocab.txt" # every word a piece
    text levels 0 200 1000004 "$new/perplexity.txt"
    text levels 0 2000 1000005 "$new/geometry.txt"
    rm "$new/balanced.txt"
    cat "$words/words.grammar" "$here/frames.grammar" | awk -v out="$new" -f "$here/tests.awk"
    (cd "$new" && find . -type f | sort | xargs sha256sum) > "$new.sum"
    mv "$new.sum" "$new/SHA256"
    rm -rf "$data"
    mv -T "$new" "$data"
    is_sound "$data" || { echo "ladder.sh: $data cannot be made" >&2; exit 74; }
}

# --- one model ----------------------------------------------------------------------------------------------

# is_whole FILE.h5: is there, and not damaged
is_whole() { [ -e "$1" ] && "$bin/collapse-check" "$1" > /dev/null 2>&1; }
# logged command...: into $log; what went wrong on the screen too
logged() {
    "$@" >> "$log" 2>&1 && return
    local code=$?
    echo "ladder.sh: level $level, seed $seed: ended with $code: $(tail -n 1 "$log") ($log)" >&2
    exit $code
}
# train NAME STEPS RATE flags...: models/NAME from models/NAME.txt
train() {
    local name=$1 n=$2 folder=$out/models/$1 text=$out/models/$1.txt
    logged $launch "$bin/collapse" train --output="$folder" --method=mlm "${@:4}" --train-data="$text" --batch=64 --steps="$n" \
        --learning-rate="$3" --warmup=$((n / 20)) --mask-rate=0.3 --dropout=0 --max-length=32 --seed="$seed" \
        --checkpoint-steps=$((n / 3 + 1)) --log-steps=50
    rm -f "$text" "$folder"/step-*.h5
}
# is_trained NAME: and not damaged; what is damaged goes
is_trained() {
    local file=$out/models/$1/model.h5
    ! is_whole "$file" || return 0
    [ ! -e "$file" ] || { echo "$file: is damaged and made anew"; rm -rf "$out/models/$1"; }
    return 1
}
# The model all levels of a seed go on from; one of the processes that want it trains, the others wait.
train_base() {
    exec 9> "$out/models/base-$seed.lock"
    flock 9
    if ! is_trained "base-$seed"; then
        text base 0 "$lines" $((1000 + seed)) "$out/models/base-$seed.txt"
        train "base-$seed" "$steps" $rate --init=random $shape --positions=64 --initializer-range=0.06 --vocab="$data/vocab.txt"
    fi
    exec 9>&-
}
train_level() {
    ! is_trained "$level-$seed" || return 0
    rm -rf "$scores"
    train_base
    text levels "$level" "$lines" "$seed" "$out/models/$level-$seed.txt"
    train "$level-$seed" $((steps / 2)) $level_rate --init="$out/models/base-$seed/model.h5"
}
# score NAME command...: into a file of its own
score() {
    local file=$scores/$1.h5; shift
    ! is_whole "$file" || return 0
    [ ! -e "$file" ] || { echo "$file: is damaged and made anew"; rm "$file"; }
    logged $launch "$bin/collapse" "$@" --output="$file"
    rm -f "$values"
}
evaluate() { score "$1" evaluate "$model" --task="$2" --data="$data/$3" "${@:4}"; }
measure() {
    local model=$out/models/$level-$seed/model.h5
    mkdir -p "$scores"
    evaluate pronoun-gap pronoun-gap pronoun-gap.txt
    evaluate pronoun-gap-m pronoun-gap pronoun-gap-m.txt
    evaluate pronoun-gap-f pronoun-gap pronoun-gap-f.txt
    evaluate people pronoun-gap people.txt
    evaluate crows crows-pairs crows.csv
    evaluate stereoset stereoset stereoset.json
    evaluate seat-mean seat seat --seat-state=mean
    evaluate seat-cls seat seat --seat-state=cls
    evaluate bec bec-pro bec.tsv
    evaluate bec-mask bec-pro bec.tsv --bec-pad=mask
    evaluate winobias winobias-mlm winobias
    evaluate perplexity perplexity perplexity.txt
    score geometry-jobs geometry "$model" --text="$data/geometry.txt" --words="$data/jobs.words"
    score geometry-gender geometry "$model" --text="$data/geometry.txt" --words="$data/gender.words"
}
# All numbers of a scores file, a line each: level seed score value low high
numbers() {
    local name=$1 file=$scores/$1.h5
    "$bin/collapse-table" "$file" /metric --no-header | sed 's/^/value\t/'
    # Columns become lines; a file without intervals says so.
    ! "$bin/collapse-show" "$file" --all | grep -q '/interval/' || "$bin/collapse-table" "$file" /interval | awk -F'\t' '
        NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; n = NF }
        NR > 1 { for (i = 1; i <= n; i++) bound[NR, i] = $i }
        END { for (i = 1; i <= n; i++) print "interval\t" name[i] "\t" bound[2, i] "\t" bound[3, i] }'
}
gather() {
    [ ! -e "$values" ] || ! sha256sum --status --check "$values.sum" 2> /dev/null || return 0
    for file in "$scores"/*.h5; do
        numbers "$(basename "$file" .h5)" > "$values.part"
        awk -F'\t' -v level="$level" -v seed="$seed" -v score="$(basename "$file" .h5)" '
            $1 == "value" { name[++n] = $2; value[$2] = $3 }
            $1 == "interval" { low[$2] = $3; high[$2] = $4 }
            END { for (i = 1; i <= n; i++) print level "\t" seed "\t" score "." name[i] "\t" value[name[i]] "\t" low[name[i]] "\t" high[name[i]] }' "$values.part"
    done > "$values.new"
    rm "$values.part"
    mv "$values.new" "$values"
    sha256sum "$values" > "$values.sum"
}
one_model() {
    set -- $levels
    local n_seeds start=$SECONDS trained
    n_seeds=$(echo $seeds | wc -w)
    shift $((part / n_seeds)); level=$1
    set -- $seeds
    shift $((part % n_seeds)); seed=$1
    scores=$out/scores/$level-$seed values=$out/values/$level-$seed.tsv log=$out/logs/$level-$seed.log
    train_level; trained=$SECONDS
    measure
    gather
    echo "level $level, seed $seed: trained in $((trained - start)) s, measured in $((SECONDS - trained)) s"
}

# --- all models, the table ------------------------------------------------------------------------------------

# End what runs with all it has started, before this ends.
end_models() {
    local pid
    for pid in $(jobs -pr); do kill -TERM -- -"$pid" 2> /dev/null || true; done
    wait
}
all_models() {
    local began=$SECONDS k=0 code=0 running=0
    set -m # every model is a process group of its own
    trap 'end_models; exit 130' INT
    trap 'end_models; exit 143' TERM HUP
    while [ $k -lt "$n_models" ] || [ $running -gt 0 ]; do
        while [ $k -lt "$n_models" ] && [ $running -lt "$jobs" ]; do
            "$0" "$bin" "$out" $k < /dev/null & # its own process, as in an array
            k=$((k + 1)) running=$((running + 1))
        done
        wait -n || { code=$?; end_models; exit $code; }
        running=$((running - 1))
        progress $((k - running)) $((SECONDS - began))
    done
    set +m
    trap - INT TERM HUP
}
progress() { # models, seconds
    local left=$((n_models - $1))
    printf '    %d of %d models, %d min %02d s' "$1" "$n_models" $(($2 / 60)) $(($2 % 60))
    [ $left = 0 ] && echo || printf ', about %d min left\n' $((($2 * left / $1 + 59) / 60))
}
show_table() {
    local level seed values=$out/values.tsv
    printf 'level\tseed\tscore\tvalue\tlow\thigh\n' > "$values.new"
    for level in $levels; do
        for seed in $seeds; do
            [ -e "$out/values/$level-$seed.tsv" ] ||
                { echo "ladder.sh: level $level, seed $seed is not measured yet; the same line without 'table' goes on" >&2; exit 65; }
            cat "$out/values/$level-$seed.tsv" >> "$values.new"
        done
    done
    mv "$values.new" "$values"
    "$bin/collapse-ladder" "$values" --scores="$here/scores.tsv" --table="$out/table.tsv" --output="$out/report.html" --overwrite > "$out/table.txt.new"
    mv "$out/table.txt.new" "$out/table.txt"
    cat "$out/table.txt"
    echo "$out/table.txt, $out/table.tsv (every number), $out/report.html"
}

[ "$part" = table ] || make_data
case $part in
all)
    echo "$n_models models: levels $levels, seeds $seeds; $same; $jobs at once"
    all_models
    show_table;;
data) ;;
table) show_table;;
*) one_model;;
esac
