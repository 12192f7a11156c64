# test_one-type-and-a-pair.sh: a pair needs a model with two token types.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then skip "no ../shared"; exit 0; fi
cp -r "$SHARED/field/one-type-and-a-pair" "$work"; chmod -R u+w "$work"; cd "$work/one-type-and-a-pair" || exit 1
"$bin/collapse-import" model --output=m.h5 > /dev/null 2>&1
fails 65 "the model knows one token type" "$collapse" encode m.h5 --text=pair.txt --output=e.h5
fails 65 "the model knows one token type" mpirun -n 2 "$collapse" encode m.h5 --text=pair.txt --output=e.h5
fails 65 "the model knows one token type" "$collapse" evaluate m.h5 --task=pronoun-gap --data=pair.txt
[ ! -e e.h5 ]; ok $? "nothing is written"
echo 'she is late' > one.txt; "$collapse" encode m.h5 --text=one.txt --output=e.h5 2> log; ok $? "a single text is encoded: $(tail -n 1 log)"
