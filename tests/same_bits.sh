#!/bin/bash
# same_bits.sh BUILD REF: do this source and commit REF compute the same bits? (make same-bits REF=commit)
#
# REF is built in build/same-bits/<commit>/. Each setting runs with both programs on each number of ranks; logs (without
# seconds), checkpoints, models, traces, geometry and states are compared dataset by dataset, and their attributes. What REF wrote is kept,
# so that a second pass costs half. SETTINGS="plain both" RANKS="1 3" narrow it. Exit 0: no difference.
set -u
build=$1
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 2
commit=$(git rev-parse --verify --quiet "${2:?REF= names no commit}^{commit}") || { echo "same-bits: '$2' is not a commit"; exit 64; }
. jobs/launcher.sh
export OMP_NUM_THREADS=1
ref=$root/build/same-bits/$commit
new=$root/build/same-bits/new
ref_collapse=$ref/source/build/collapse

if [ ! -x "$ref_collapse" ]; then
    echo "same-bits: building $(git log -1 --format='%h %s' "$commit")"
    mkdir -p "$ref/source"
    git archive "$commit" | tar -x -C "$ref/source" || exit 2
    make -C "$ref/source" -j"$(nproc)" BUILD=build build/collapse > "$ref/build.log" 2>&1 || { tail "$ref/build.log"; exit 2; }
fi
# Kept results are of this script and of this machine's kernels alone.
stamp=$(sha256sum "$0" | cut -c1-16)
[ "$(cat "$ref/stamp" 2> /dev/null)" = "$stamp" ] || { rm -rf "$ref/runs"; echo "$stamp" > "$ref/stamp"; }
rm -rf "$new"
mkdir -p "$ref/runs" "$new"
new_collapse=$new/collapse compare=$new/compare attributes=$new/collapse-diff # copies: the source may be built again meanwhile
cp "$root/$build/collapse" "$new_collapse" && cp "$root/$build/tests/tools/compare" "$compare" && cp "$root/$build/collapse-diff" "$attributes" || exit 2

# 53 samples, 13 a step: 5 steps an epoch, the last of one sample, so that ranks and shards stay empty.
work=$ref/data
if [ ! -f "$work/init.h5" ]; then
    rm -rf "$work"
    (TMP=$ref ROOT=$root BUILD=$ref/source/build SHARED=; export SHARED; . "$root/tests/lib.sh"; tiny 53)
    mv "$ref/work" "$work"
    sed -i "s|$ref/work|$work|; s/^batch = .*/batch = 13/" "$work/base.conf"
    mpirun -n 1 "$ref_collapse" train "$work/base.conf" --output="$work/init" --steps=3 > "$work/init.log" 2>&1 || { cat "$work/init.log"; exit 2; }
    cp "$work/init/model.h5" "$work/init.h5"
fi

steps="--steps=8 --keep=9 --checkpoint-steps=4 --dropout=0.1"
wide="--hidden=64 --intermediate=256 --weight-decay=0.01 --clip=0.5" # several buckets of several parts
settings='
plain            '"$wide"' --nc-weight=0
model            --init='"$work"'/init.h5 --nc-metric=nc2
rows             '"$wide"'
both             --nc-grad=both --nc-metric=nc1
own              --nc-sync=none --nc-align=masked
own-both         --nc-sync=none --nc-grad=both --nc-space=hidden
ema              --nc-reset=ema:0.9 --nc-metric=nc3 --adam=hf --weight-decay=0.01 --schedule=cosine --warmup=3
reproducible     '"$wide"' --reproducible=yes --nc-reset=step
reproducible-both --reproducible=yes --shards=8 --nc-grad=both
reproducible-plain --reproducible=yes --nc-weight=0
micro            '"$wide"' --micro-batch=2
micro-both       --micro-batch=2 --nc-grad=both
recompute        --recompute=yes --nc-grad=both
optimizer-whole  '"$wide"' --shard-optimizer=no
overlap          '"$wide"' --overlap-sums=yes --nc-grad=both
overlap-whole    '"$wide"' --overlap-sums=yes --shard-optimizer=no --checkpoint-behind=no
fnc              --method=bec --compat=fnc --max-length=32 --batch=13 --warmup=2
trace            --trace=FOLDER/trace.h5 --nc-align=shift --nc-ids=masked
snapshots        --geometry-steps=3 --nc-weight=0
'
wanted() { [ -z "${SETTINGS:-}" ] && return 0; case " $SETTINGS " in *" $1 "*) return 0;; esac; return 1; }
differences=0; compared=0

train_with() { # program ranks folder flags...
    local program=$1 ranks=$2 folder=$3; shift 3
    mkdir -p "$folder"
    mpirun -n "$ranks" "$program" train "$work/base.conf" --output="$folder" $steps "${@//FOLDER/$folder}" > "$folder.log" 2>&1 ||
        { echo "same-bits: $program train $* ended with $?"; tail -n 3 "$folder.log"; return 1; }
}
# NAME.done marks a result of REF that is whole.
kept() { [ -e "$ref/runs/$1.done" ]; }
columns() { # a log without its seconds
    awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) if ($i !~ /seconds/) keep[++n] = i }
        { for (j = 1; j <= n; j++) printf "%s\t", $(keep[j]); print "" }' "$1"
}
say() { # name, exit code, what was found
    compared=$((compared + 1))
    [ "$2" = 0 ] || { differences=$((differences + 1)); echo "DIFFERS $1: $3"; }
}
compare_files() { # name, ours and theirs
    local found code
    found=$("$compare" "$3" "$2" --bits --common --skip=seconds)
    code=$?
    say "$1 ${2##*/}" $code "$found"
    # Attributes that both have, but for who wrote the file, where and when, and the settings, which gain keys.
    found=$("$attributes" --most=0 "$3" "$2" 2>&1 | awk '/attributes equal/ { on = seen = 1; next } /^$/ { on = 0 } on && /^\/.* \| / && $2 != "settings" && !/\(none\)/ { bad = bad $0 ";" } END { print seen ? bad : "collapse-diff failed" }')
    [ -z "$found" ]; say "$1 ${2##*/} attributes" $? "$found"
    case $found in *"only in"*) echo "$found" | grep "only in" | sed "s|$root/build/same-bits/||" >> "$new/alone";; esac
}
compare_folders() { # name, ours, theirs
    local file text
    for file in "$3"/*.h5; do compare_files "$1" "$2/$(basename "$file")" "$file"; done
    text=$(diff <(columns "$2/log.tsv") <(columns "$3/log.tsv") | head -n 4)
    [ -z "$text" ]; say "$1 log.tsv" $? "$text"
}

run_setting() { # name flags...
    local name=$1 ranks; shift
    for ranks in ${RANKS:-1 2 3 4}; do
        local at=$name-$ranks
        kept $at || { rm -rf "$ref/runs/$at"; train_with "$ref_collapse" $ranks "$ref/runs/$at" "$@" && touch "$ref/runs/$at.done"; }
        train_with "$new_collapse" $ranks "$new/$at" "$@" || { say "$at" 1 "it failed"; continue; }
        compare_folders "$at" "$new/$at" "$ref/runs/$at"
    done
}

# This program goes on from the checkpoint in the middle that the other one wrote.
run_resume() {
    local ranks flags
    for ranks in ${RANKS:-1 2 3 4}; do
        for flags in "--nc-reset=run $wide" "--nc-sync=none --nc-grad=both"; do
            local at=resume-$ranks; [ "${flags#--nc-sync}" = "$flags" ] || at=resume-own-$ranks
            kept $at || { rm -rf "$ref/runs/$at"; train_with "$ref_collapse" $ranks "$ref/runs/$at" $flags && touch "$ref/runs/$at.done"; }
            mkdir -p "$new/$at"
            cp "$ref/runs/$at/step-00000004.h5" "$new/$at/"
            train_with "$new_collapse" $ranks "$new/$at" $flags || { say "$at" 1 "it failed"; continue; }
            grep -q "continuing .*step 4" "$new/$at.log"; say "$at" $? "it did not continue the checkpoint of step 4"
            compare_folders "$at" "$new/$at" "$ref/runs/$at"
        done
    done
}

run_command() { # name, words of the command; OUTPUT stands for the file it writes
    local name=$1 ranks text; shift
    for ranks in ${RANKS:-1 2 3 4}; do
        local at=$name-$ranks
        kept $at || mpirun -n $ranks "$ref_collapse" "${@//OUTPUT/$ref/runs/$at.h5}" > "$ref/runs/$at.out" 2> "$ref/runs/$at.err" && touch "$ref/runs/$at.done"
        kept $at || { say "$at" 1 "REF failed: $(grep -m1 "^collapse:" "$ref/runs/$at.err")"; continue; }
        mpirun -n $ranks "$new_collapse" "${@//OUTPUT/$new/$at.h5}" > "$new/$at.out" 2> "$new/$at.err" || { say "$at" 1 "$(grep -m1 "^collapse:" "$new/$at.err")"; continue; }
        [ ! -e "$ref/runs/$at.h5" ] || compare_files "$at" "$new/$at.h5" "$ref/runs/$at.h5"
        text=$(diff "$new/$at.out" "$ref/runs/$at.out" | head -n 4)
        [ -z "$text" ]; say "$at output" $? "$text"
    done
}

began=$SECONDS
while read -r name flags; do
    [ -n "$name" ] && wanted "$name" && run_setting "$name" $flags < /dev/null
done <<< "$settings"
! wanted resume || run_resume
text="--text=$work/text.txt" words="--words=$work/words.txt"
! wanted encode || run_command encode encode "$work/init.h5" $text --output=OUTPUT --logits=yes
! wanted geometry || run_command geometry geometry "$work/init.h5" $text $words --output=OUTPUT --nc-align=same --calibration=5 --bootstrap=20
! wanted geometry-masked || run_command geometry-masked geometry "$work/init.h5" $text --classes=vocabulary --nc4=no --output=OUTPUT --nc-align=masked --nc-space=hidden --passes=1 --bootstrap=0
! wanted evaluate || RANKS=1 run_command evaluate evaluate "$work/init.h5" --task=pronoun-gap --data="$work/text.txt" $words --json=yes
[ ! -e "$new/alone" ] || { echo "in one version only:"; sed 's/.*: //' "$new/alone" | sort | uniq -c | head -n 20; }
echo "same-bits: $compared comparisons with $(git log -1 --format=%h "$commit"), $differences differences ($((SECONDS - began)) s)"
[ $differences = 0 ] && [ $compared -gt 0 ]
