# test_hostile_cache-ids.sh: a cache with ids that no vocabulary piece has is passed over with a warning; no crash.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then skip "no ../shared"; exit 0; fi
cp -r "$SHARED/field/hostile/cache-ids-outside-vocabulary" "$work/c"; chmod -R u+w "$work/c"; cd "$work/c" || exit 1
gunzip cache.h5.gz
"$collapse" train --init=random --vocab=vocab.txt --layers=1 --hidden=8 --heads=2 --intermediate=8 --positions=24 --max-length=20 --train-data=text.txt --output=o --steps=2 --corpus-cache=cache.h5 2> log
code=$?
[ $code = 0 ] && [ -s o/model.h5 ] && grep -q "tokenized again" log; ok $? "exit $code: $(grep -m1 'tokenized again' log)"
"$bin/collapse-check" --quiet cache.h5; ok $? "the cache is written anew"
