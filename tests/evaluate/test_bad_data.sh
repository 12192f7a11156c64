# test_bad_data.sh: what is no file of a task, task by task: one sentence, the right exit code on every rank, no hang, nothing printed.
# Rows: what the file is, the exit code, what the sentence says. Columns: the tasks.
. "$ROOT/tests/lib.sh"
tiny 101
train 1 "$work/run" --steps=1
model=$work/run/model.h5
here=$ROOT/tests/evaluate
mkdir "$work/bad"
tasks="pronoun-gap:txt:$work/text.txt crows-pairs:csv:$here/crows.csv perplexity:txt:$work/text.txt bec-pro:tsv:$here/bec_pro.tsv seat:json:$here/seat/sent-ten.json
    stereoset:json:$here/stereoset.json winobias-mlm:dev:$here/winobias/pro_stereotyped_type1.txt.dev winobias-score:tsv:$here/clusters/a-type1_pro.tsv"
# file NAME: where a file of this task has to be; its other version stands beside it
place() { [ "$1" = winobias-mlm ] && { cp "$here/winobias/anti_stereotyped_type1.txt.dev" "$work/bad/"; echo "$work/bad/pro_stereotyped_type1.txt.dev$3"; return; }; echo "$work/bad/x.$2$3"; }
# sentence CODE PATTERN RANKS TASK DATA
sentence() {
    local code=$1 pattern=$2 ranks=$3 task=$4 data=$5 of=$model got
    [ "$task" = winobias-score ] && of=
    OMPI_MCA_odls_base_sigkill_timeout=0 timeout 60 mpirun -n "$ranks" "$collapse" evaluate $of --task="$task" --data="$data" --json > "$work/stdout" 2> "$work/stderr" < /dev/null; got=$?
    [ $got = "$code" ] && [ ! -s "$work/stdout" ] && [ "$(grep -c '^collapse: ' "$work/stderr")" = 1 ] && grep '^collapse: ' "$work/stderr" | grep -q -e "$pattern" && ! grep -q 'rank [1-9]' "$work/stderr"
    ok $? "$task, $ranks: exit $got: $(grep -m1 '^collapse:' "$work/stderr" | cut -c1-140)"
}
for row in $tasks; do
    IFS=: read -r task ending good <<< "$row"
    file=$(place "$task" "$ending" "")
    : > "$file"; sentence 65 "$(basename "$file")" 2 "$task" "$file"
    printf '\n  \n\n' > "$file"; sentence 65 "$(basename "$file")" 1 "$task" "$file"
    iconv -f UTF-8 -t UTF-16 "$good" > "$file"; sentence 65 "is UTF-16" 2 "$task" "$file"
    { cat "$good"; printf 'a\000b\n'; } > "$file"; sentence 65 "a NUL byte" 2 "$task" "$file"
    { printf '\377\n'; cat "$good"; } > "$file"; sentence 65 "line 1: byte 0xff" 1 "$task" "$file"
    cp "$model" "$file"; sentence 65 "is an HDF5 file" 1 "$task" "$file"
    gzip -c "$good" | head -c 60 > "$file"; sentence 65 "gzip data" 2 "$task" "$file"
    gzip -c "$good" > "$work/whole.gz"; { head -c 40 "$work/whole.gz"; printf 'xxxxxxxxxxxx'; tail -c +53 "$work/whole.gz"; } > "$file"; sentence 65 "gzip data" 1 "$task" "$file"
    rm "$file"; sentence 74 "$(basename "$file")" 2 "$task" "$file"
    mkfifo "$file"; sentence 64 "is a pipe or a device, which can be read once" 2 "$task" "$file"
    rm "$file"; mkdir "$work/bad/folder.$ending"; case $task in seat | winobias-*) code=65;; *) code=74;; esac
    sentence $code "folder" 2 "$task" "$work/bad/folder.$ending"; rmdir "$work/bad/folder.$ending"
    for other in $tasks; do # a file of another benchmark, under a name of this one
        IFS=: read -r name _ data <<< "$other"
        case $task:$name in "$task:$task" | pronoun-gap:perplexity | perplexity:pronoun-gap | perplexity:winobias-mlm | pronoun-gap:winobias-*  | perplexity:winobias-score) continue;; esac # text, which is what these read
        cp "$data" "$file"; sentence 65 "$(basename "$file")" 1 "$task" "$file"
    done
    rm -rf "$work/bad"; mkdir "$work/bad"
done
