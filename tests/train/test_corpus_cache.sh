# test_corpus_cache.sh: the pieces do not depend on who tokenizes them, nor on the cache. Oracle: one rank, one thread, no
# cache. 3,001 samples: several blocks per rank. Lines of white space and of control characters are no samples.
. "$ROOT/tests/lib.sh"
tiny 3001
printf '   \n\t\n\x01\x02\n\nM\xc3\xbcnchen caf\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 [MASK] done\n' >> "$work/text.txt"
short="--steps=2 --nc-weight=0"
run() { local name=$1 ranks=$2; shift 2; train "$ranks" "$work/$name" $short --resume=never "$@"; }
run one 1 --threads=1 --corpus-cache="$work/one.h5"
for shape in 1x2 2x1 3x2 4x1; do
    run shape ${shape%x*} --threads=${shape#*x} --corpus-cache="$work/$shape.h5"
    found=$("$compare" "$work/one.h5" "$work/$shape.h5" --bits)
    ok $? "${shape%x*} ranks x ${shape#*x} threads: the same pieces and offsets: $found"
done
[ "$(h5dump -d /offset -H "$work/one.h5" | sed -n 's/.*SIMPLE { ( \([0-9]*\) .*/\1/p')" = 3003 ]; ok $? "3,001 samples and one of the odd lines"

cache=$work/cache/corpus.h5
run write 2 --corpus-cache="$cache"
[ -s "$cache" ] && "$bin/collapse-check" --quiet "$cache"; ok $? "the cache is written, its folder made, its hashes right"
! grep -q "pieces from" "$work/write.log"; ok $? "the first run tokenizes"
run read 1 --corpus-cache="$cache"
grep -q "pieces from $cache" "$work/read.log"; ok $? "the second takes the pieces from the cache"
found=$("$compare" "$work/one/step-00000002.h5" "$work/read/step-00000002.h5" --bits --skip=seconds)
ok $? "the run is the same: $found"
again() { # text flags...: the cache must be passed over and written anew
    local text=$1; shift
    cp "$cache" "$work/before.h5"
    run stale 1 --corpus-cache="$cache" "$@"
    grep -q "tokenized again" "$work/stale.log" && ! grep -q "pieces from" "$work/stale.log" && [ -s "$work/stale/model.h5" ]
    ok $? "$text: the cache is passed over: $(grep -m1 'tokenized again' "$work/stale.log" | cut -c1-120)"
    cp "$work/before.h5" "$cache"
}
again "another max-length" --max-length=16
again "another split" --split=sentences
cp "$work/text.txt" "$work/kept.txt"; sed -i '5s/./X/' "$work/text.txt"
again "one letter of the text changed"
cp "$work/kept.txt" "$work/text.txt"
"$collapse" vocab --size=299 --output="$work/vocab2.txt" < "$work/text.txt" 2> /dev/null
again "another vocabulary" --vocab="$work/vocab2.txt"
printf XXXX | dd of="$cache" bs=1 seek=20000 conv=notrunc 2> /dev/null; again "a damaged cache"
cp "$work/one.h5" "$cache"; printf '\xff\xff\xff' | dd of="$cache" bs=1 seek=9 conv=notrunc 2> /dev/null; again "a cache whose first bytes are damaged"
cp "$work/one.h5" "$work/before.h5"; cp "$work/one.h5" "$cache"
size=$(wc -c < "$work/before.h5"); head -c $((size / 2)) "$work/before.h5" > "$cache"
fails 64 "is not a corpus cache (one that is cut short is to be removed)" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/none" $short --corpus-cache="$cache"
cp "$work/before.h5" "$cache"
"$tamper" "$cache" /ids +100000 && cp "$cache" "$work/outside.h5"; again "ids outside the vocabulary"
run outside 3 --corpus-cache="$work/outside.h5"
grep -q "/ids holds 100.* the vocabulary has" "$work/outside.log" && [ -s "$work/outside/model.h5" ]; ok $? "3 ranks: $(grep -m1 '/ids holds' "$work/outside.log" | cut -c1-120)"
cp "$work/one.h5" "$cache"; "$tamper" "$cache" /offset +1; again "offsets that do not fit"
cp "$work/one.h5" "$cache"

# What is not a cache is never replaced: refused before the work, and nothing is changed.
for other in one/model.h5 text.txt words.txt; do
    cp "$work/$other" "$work/other"
    fails 64 "corpus-cache = .*other exists and is not a corpus cache" mpirun -n 2 "$collapse" train "$work/base.conf" --output="$work/none" $short --corpus-cache="$work/other"
    cmp -s "$work/$other" "$work/other" && [ ! -e "$work/none/model.h5" ]; ok $? "$other under the name of the cache stays as it was"
done
run dry 1 --corpus-cache="$work/none.h5" --dry-run=yes
[ ! -e "$work/none.h5" ]; ok $? "dry-run writes no cache"
[ ! -e "$work/one/corpus.h5" ]; ok $? "auto: a small text is not cached"
awk 'BEGIN { for (i = 0; i < 260000; i++) print "he said that the doctor and the nurse came late to the house number", i % 977 }' > "$work/large.txt"
run auto 2 --train-data="$work/large.txt"
[ -s "$work/auto/corpus.h5" ]; ok $? "auto: $(wc -c < "$work/large.txt") bytes are cached in the output folder"
fails 74 "cannot be" mpirun -n 1 "$collapse" train "$work/base.conf" --output="$work/bad" $short --corpus-cache=/proc/none/corpus.h5

# The key: the whole name of the column, the rule that auto became, the format.
long=$(head -c 150 /dev/zero | tr '\0' x)
awk -v long="$long" 'BEGIN { print long "a\t" long "b"; for (i = 0; i < 20; i++) print "he is late . She is here\tthe king was late" i }' > "$work/two.tsv"
two() { run two 1 --train-data="$work/two.tsv" --corpus-cache="$work/two.h5" --batch=2 "$@"; grep -o "pieces from\|tokenized again" "$work/two.log" | head -n 1; }
two --text-column="${long}a" > /dev/null
[ "$(two --text-column="${long}b")" = "tokenized again" ]; ok $? "columns that differ behind 100 bytes"
[ "$(two --text-column="${long}b" --split=sentences)" = "pieces from" ]; ok $? "auto is sentences for a table"
[ "$(two --text-column="${long}b" --split=lines)" = "tokenized again" ]; ok $? "and not lines"
[ "$(two --text-column="${long}b" --split=lines --format=text)" = "tokenized again" ]; ok $? "the same bytes as plain text"
printf 'Text\nhe is late .\nshe is late .\n' > "$work/two.tsv"; two > /dev/null
[ "$(two --format=csv)" = "tokenized again" ]; ok $? "the same bytes and column in another format"
two --split=lines --format=text > /dev/null
[ "$(two --split=auto --format=text)" = "pieces from" ]; ok $? "auto is lines for text, whatever the column"

# Two jobs that write one cache at once: both finish, and it is whole.
for k in 1; do
    rm -f "$work/both.h5"
    for job in a b c; do run "$job" 1 --corpus-cache="$work/both.h5" & done; wait
    "$bin/collapse-check" --quiet "$work/both.h5" && [ -s "$work/a/model.h5" ] && [ -s "$work/b/model.h5" ] && [ -s "$work/c/model.h5" ] &&
        "$compare" "$work/one.h5" "$work/both.h5" --bits > /dev/null && [ -z "$(find "$work" -maxdepth 1 -name '*.partial')" ]
    ok $? "three jobs at once, round $k: one whole cache, three models"
    rm -rf "$work/a" "$work/b" "$work/c"
done
chmod a-w "$cache"; run readonly 1 --corpus-cache="$cache"; grep -q "pieces from" "$work/readonly.log"; ok $? "a cache that cannot be written is read"
mkdir -p "$work/auto2"; echo mine > "$work/auto2/corpus.h5"; run auto2 1 --train-data="$work/large.txt"
grep -q "is not kept" "$work/auto2.log" && [ "$(cat "$work/auto2/corpus.h5")" = mine ] && [ -s "$work/auto2/model.h5" ]
ok $? "auto: $(grep -m1 'not kept' "$work/auto2.log" | cut -c1-150)"
