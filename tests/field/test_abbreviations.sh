# test_abbreviations.sh: titles, initials and St. end no sentence: three samples. The plain rule stays at hand, and compat = fnc keeps it.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then skip "no ../shared"; exit 0; fi
cp -r "$SHARED/field/base" "$SHARED/field/abbreviations" "$work"; chmod -R u+w "$work"; cd "$work/abbreviations" || exit 1
"$bin/collapse-import" ../base --output=../base.h5 > /dev/null 2>&1
samples() { # how many, text, flags...
    local n=$1 text=$2; shift 2
    "$collapse" train ../base/run.conf --train-data=data.tsv --output=o --steps=1 --dry-run "$@" > log 2>&1
    grep -q "data.tsv: $n samples" log; ok $? "$text: $(grep -m1 -E 'samples|collapse:' log)"
}
samples 3 "sentences"
samples 3 "the same, by name" --split=sentences
samples 8 "the plain rule" --split=sentences-plain
samples 8 "the plain rule for a table" --split=auto-plain
samples 8 "compat = fnc" --method=bec --compat=fnc --nc-weight=0 --max-length=16
samples 1 "a row" --split=lines
fails 64 "did you mean 'sentences-plain'" "$collapse" train ../base/run.conf --train-data=data.tsv --output=o --split=sentence-plain
