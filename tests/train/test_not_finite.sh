# test_not_finite.sh: NaN and infinities reach no file. Loss and gradients may be finite and the update not: moments and
# weights are tested after it, on every rank's share. Oracle: what collapse-check finds in the folder afterwards.
. "$ROOT/tests/lib.sh"
tiny 60
word=bert.embeddings.word_embeddings.weight
last=cls.predictions.bias
train 2 "$work/good" --steps=8 --checkpoint-steps=4 --keep=9
ok $? "a run of 8 steps"
sound() { # folder: every file of ours is sound, and the good checkpoint is there
    local file
    for file in "$1"/*.h5; do "$bin/collapse-check" --quiet "$file" > /dev/null || return 1; done
    [ ! -e "$1/model.h5" ] && [ -e "$1/step-00000004.h5" ] && [ -z "$(find "$1" -name 'step-0000000[5-8]*' -o -name '*partial*' -o -name 'geometry-*')" ]
}
# A first moment of 3e38 at step 4: the loss of step 5 is finite, the updated weight is not. With the optimizer's state dealt
# to the ranks the first tensor is rank 0's, the last rank 1's.
for case in "2 yes $word" "2 yes $last" "2 no $last" "1 yes $word"; do
    read -r ranks shard tensor <<< "$case"
    rm -rf "$work/bad"; mkdir -p "$work/bad"
    cp "$work/good/step-00000004.h5" "$work/bad/"
    "$tamper" "$work/bad/step-00000004.h5" "/optimizer/first/$tensor" 3e38
    train "$ranks" "$work/bad" --steps=8 --checkpoint-steps=1 --shard-optimizer=$shard --geometry-steps=1; code=$?
    [ $code = 76 ] && grep -q "^collapse: step 5: after the update a weight of $tensor is -\?\(inf\|nan\).*last checkpoint is kept" "$work/bad.log"
    ok $? "$ranks ranks, shard-optimizer = $shard: exit $code: $(grep -m1 '^collapse:' "$work/bad.log")"
    sound "$work/bad"
    ok $? "the good checkpoint is kept, nothing was written after it"
done
# A checkpoint that holds NaN (an earlier version wrote such) is refused, and no model is made of it.
mkdir -p "$work/nan"
cp "$work/good/step-00000008.h5" "$work/nan/"
"$tamper" "$work/nan/step-00000008.h5" "/model/weights/$word" nan
train 2 "$work/nan" --steps=8; code=$?
[ $code = 65 ] && [ ! -e "$work/nan/model.h5" ] && grep -q "not finite" "$work/nan.log"
ok $? "a checkpoint with NaN: exit $code: $(grep -m1 '^collapse:' "$work/nan.log" | cut -c1-120)"
