# test_reason-lost.sh: the field log's reason-lost: the system's reason, and a checkpoint held by another program stays.
. "$ROOT/tests/lib.sh"
field=$SHARED/field
[ -n "$SHARED" ] && [ -d "$field/reason-lost" ] || { skip "no field log here"; exit 0; }
cp -r "$field/base" "$work/base"; chmod -R u+w "$work"; cd "$work" || exit 1
"$bin/collapse-import" base --output=base.h5 2> /dev/null
chmod 755 "$TMP"; chmod 777 "$work"
as="setpriv --reuid=65534 --regid=65534 --clear-groups env TMPDIR=$work HOME=$work"
if [ "$(id -u)" = 0 ] && $as test -x "$collapse" 2> /dev/null; then
    cp base.h5 m.h5; chmod 000 m.h5
    fails 74 "m.h5: cannot be opened: Permission denied" $as "$collapse" encode m.h5 --text=base/text.txt --output=e.h5
    mkdir closed
    fails 74 "closed/e.h5.*Permission denied" $as "$collapse" encode base.h5 --text=base/text.txt --output=closed/e.h5
else skip "only root can become a user without rights"; fi
fails 74 "nowhere/e.h5.*cannot be" "$collapse" encode base.h5 --text=base/text.txt --output=nowhere/e.h5
fails 65 "text.txt: is a text file" "$collapse" encode base/text.txt --text=base/text.txt --output=e.h5
train() { (cd base && timeout 300 "$collapse" train run.conf --checkpoint-steps=1 "$@"); }
train --steps=3 > train.log 2>&1; ok $? "a run to continue"
rm base/out/model.h5; newest=$(ls base/out/step-*.h5 | tail -n 1); sums=$(sha256sum base/out/step-*)
exec 8<> "$newest"; flock -x 8
fails 74 "$(basename "$newest"): is held open by another program" train --steps=4
exec 8>&-
[ "$(sha256sum base/out/step-*)" = "$sums" ]; ok $? "no checkpoint was set aside"
