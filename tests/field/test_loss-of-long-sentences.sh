# test_loss-of-long-sentences.sh: the loss counts every masked piece of a pack.
. "$ROOT/tests/lib.sh"
field loss-of-long-sentences
sh make.sh; "$bin/collapse-import" model --output=m.h5 2> /dev/null
for f in a b; do "$collapse" evaluate m.h5 --task=pronoun-gap --data=$f.txt --metrics=loss > "$work/$f" 2> /dev/null; done
! cmp -s "$work/a" "$work/b"; ok $? "7 of 16 lines differ, and so do the losses: $(tail -qn 1 "$work/a" "$work/b" | awk '{ print $2 }' | paste -sd' ')"
