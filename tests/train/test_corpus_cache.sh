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
head -c 1000 "$work/before.h5" > "$cache"; again "a cache cut short"
cp "$work/one/model.h5" "$cache"; again "a model under the name of the cache"
cp "$work/before.h5" "$cache"
run dry 1 --corpus-cache="$work/none.h5" --dry-run=yes
[ ! -e "$work/none.h5" ]; ok $? "dry-run writes no cache"
[ ! -e "$work/one/corpus.h5" ]; ok $? "auto: a small text is not cached"
awk 'BEGIN { for (i = 0; i < 260000; i++) print "he said that the doctor and the nurse came late to the house number", i % 977 }' > "$work/large.txt"
run auto 2 --train-data="$work/large.txt"
[ -s "$work/auto/corpus.h5" ]; ok $? "auto: $(wc -c < "$work/large.txt") bytes are cached in the output folder"
fails 74 "cannot be" mpirun -n 1 "$collapse" train "$work/base.conf" --output="$work/bad" $short --corpus-cache=/proc/none/corpus.h5
