# test_unequal_ranks.sh: ranks that were told different things, or read different files: one sentence that names the
# difference, 64 from all, at once, nothing written. (by-rank A : B; not the launcher's own A : B, on which Open MPI 5.0.7 crashes)
. "$ROOT/tests/lib.sh"
tiny 40
cat >> "$work/base.conf" <<EOF
output = $work/out
steps = 2
threads = 1
EOF
train 1 "$work/model" --steps=1
model=$work/model/model.h5
sed 's/batch = 7/batch = 6/' "$work/base.conf" > "$work/other.conf"
head -n 5 "$work/words.txt" > "$work/few.txt"

cat > "$work/by-rank" <<'EOF'
#!/bin/bash
one=(); while [ $# -gt 0 ] && [ "$1" != / ]; do one+=("$1"); shift; done; shift || exit 70
if [ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-${PMIX_RANK:?no rank}}}" = 0 ]; then exec "${one[@]}"; else exec "$@"; fi
EOF
chmod +x "$work/by-rank"
apart() { # launchers cut their line at every ":"
    local words=() word
    for word in "$@"; do if [ "$word" = : ]; then words+=(/); else words+=("$word"); fi; done
    OMPI_MCA_odls_base_sigkill_timeout=0 timeout -k 5 300 mpirun -n 2 "$work/by-rank" "${words[@]}"
}

# What Open MPI 5's launcher says, now and then, of a rank that has ended while it was still being told of the other's end.
hung_up='PMIX ERROR: PMIX_ERR_UNREACH in file .*pmix_server.c'

# differ PATTERN -- A... : B...: rank 0 runs A, rank 1 B.
differ() {
    local pattern=$1; shift 2
    apart "$@" > "$work/stdout" 2> "$work/stderr"
    local code=$?
    [ $code = 64 ] && [ "$(grep -c '^collapse:' "$work/stderr")" = 1 ] && grep -q -e "^collapse: .*$pattern" "$work/stderr" &&
        ! grep -v "$hung_up" "$work/stderr" | grep -q "MPI_\|PMIX\|without calling" && [ ! -s "$work/stdout" ] && [ ! -e "$work/out" ]
    ok $? "exit $code: $(grep -m1 '^collapse:' "$work/stderr" | cut -c1-170)$(grep -m1 "MPI_\|PMIX\|without calling" "$work/stderr" | cut -c1-120)"
    rm -rf "$work/out"
}
train="$collapse train $work/base.conf"
for flag in batch=8 learning-rate=1e-4 micro-batch=2 dry-run=yes resume=never shard-optimizer=no reproducible=yes steps=3 \
    nc-words="$work/few.txt" vocab="$work/few.txt" init="$model" train-data="$work/few.txt" output="$work/out2" trace="$work/t.h5" geometry-steps=1 \
    nc-sync=none checkpoint-behind=no; do
    differ "the ranks differ: ${flag%%=*} = .* on rank 0 (.*; .* on rank 1 (.*start all with the same" -- $train : $train --$flag
done
differ "settings = accepted on rank 0 (.*; refused: command line: unknown key 'nc-wieght'.* on rank 1" -- $train : $train --nc-wieght=1
differ "settings = refused: .*batch = 0 is outside.* on rank 0 (.*; accepted on rank 1" -- $train --batch=0 : $train
differ "batch = 7 on rank 0 (.*; 6 on rank 1" -- $train : "$collapse" train "$work/other.conf"
differ "command = train on rank 0 (.*; geometry on rank 1" -- $train : "$collapse" geometry "$model" --text="$work/text.txt" --words="$work/words.txt"
differ "command = train on rank 0 (.*; bench on rank 1" -- $train : "$collapse" bench --model=tiny
differ "command = train on rank 0 (.*; train --help on rank 1" -- $train : "$collapse" train --help
differ "command = --version on rank 0 (.*; train on rank 1" -- "$collapse" --version : $train
differ "command = train on rank 0 (.*; trian on rank 1" -- $train : "$collapse" trian
differ "command = train on rank 0 (.*; tokenize on rank 1" -- $train : "$collapse" tokenize --vocab="$work/vocab.txt"
encode="$collapse encode $model --text=$work/text.txt --output=$work/out"
differ "logits = no on rank 0 (.*; yes on rank 1" -- $encode : $encode --logits
differ "operand 1 = .*model.h5 on rank 0" -- $encode : "$collapse" encode "$work/vocab.txt" --text="$work/text.txt" --output="$work/out"
geometry="$collapse geometry $model --text=$work/text.txt --words=$work/words.txt"
differ "nc4 = yes on rank 0 (.*; no on rank 1" -- $geometry : $geometry --nc4=no
evaluate="$collapse evaluate $model --task=pronoun-gap --data=$work/text.txt"
differ "json = no on rank 0 (.*; yes on rank 1" -- $evaluate : $evaluate --json
differ "batch = 4 on rank 0 (.*; 8 on rank 1" -- "$collapse" bench --model=tiny --batch=4 : "$collapse" bench --model=tiny --batch=8

# The same words, but files that differ where the ranks look for them.
mkdir -p "$work/here" "$work/there"
cp "$work/base.conf" "$work/here/run.conf"; cp "$work/other.conf" "$work/there/run.conf"
cp "$work/words.txt" "$work/here/words.txt"; cp "$work/few.txt" "$work/there/words.txt"
elsewhere() { differ "$1" -- env -C "$work/here" "${@:2}" : env -C "$work/there" "${@:2}"; } # PATTERN command...
elsewhere "batch = 7 on rank 0 (.*; 6 on rank 1" "$collapse" train run.conf
rm "$work/there/run.conf"
elsewhere "accepted on rank 0 (.*; refused: run.conf: .* on rank 1" "$collapse" train run.conf
elsewhere "inode of the folder of --output=e.h5 = .* on rank 0 (.*; .* on rank 1" "$collapse" encode "$model" --text="$work/text.txt" --output=e.h5
[ "$(ls "$work/there")" = words.txt ] && [ ! -e "$work/here/e.h5" ]; ok $? "nothing is left in either folder: $(ls "$work/here" "$work/there" | tr '\n' ' ')"

# What rank 0 alone reads holds for all: another word list beside rank 1 changes nothing.
apart env -C "$work/here" $train --nc-words=words.txt : env -C "$work/there" $train --nc-words=words.txt > "$work/log" 2>&1 && mv "$work/out" "$work/apart"
timeout 300 mpirun -n 2 $train > "$work/log2" 2>&1 && mv "$work/out" "$work/together"
found=$("$compare" "$work/apart/model.h5" "$work/together/model.h5" --bits)
ok $? "rank 0's word list is that of all: $found"

# Another build.
id=$("$collapse" --version | sed -n '1s/.*(git \(.*\))/\1/p')
sed "s/(git $id)/(git $(echo "$id" | tr '0-9a-z' '1-9ab-za'))/" "$collapse" > "$work/collapse2"; chmod +x "$work/collapse2"
differ "program = collapse .* on rank 0 (.*; collapse .* on rank 1" -- $train : "$work/collapse2" train "$work/base.conf"

# Allowed: threads; the least processor's instructions for all, so that replicas stay the same.
apart $train --threads=1 : $train --threads=2 > "$work/log" 2>&1
ok $? "threads may differ: $(grep -m1 '^collapse:' "$work/log")"
rm -rf "$work/out"
apart $train --shard-optimizer=no : env COLLAPSE_ISA=plain $train --shard-optimizer=no > "$work/log" 2>&1 && mv "$work/out" "$work/mixed"
COLLAPSE_ISA=plain timeout 300 mpirun -n 2 $train --shard-optimizer=no > "$work/log2" 2>&1 && mv "$work/out" "$work/plain"
found=$("$compare" "$work/mixed/model.h5" "$work/plain/model.h5" --bits)
ok $? "processors that differ: all use the least: $found"
grep -q "differ: all use what rank 1 has" "$work/log"; ok $? "and it is said which rank has it"

# A serial command under mpirun runs once.
[ "$(echo 'the king' | mpirun -n 2 "$collapse" tokenize --vocab="$work/vocab.txt" | wc -l)" = 1 ]
ok $? "tokenize under mpirun answers once"
