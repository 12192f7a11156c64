# test_full_disk.sh: a disk that fills up under a run: one sentence, exit 74, and everything written before is whole; with
# more room the same line goes on. Oracle: the unbroken run.
. "$ROOT/tests/lib.sh"
tiny 40
flags="--steps=30 --checkpoint-steps=5 --geometry-steps=5 --keep=2"
train 1 "$work/whole" $flags --trace="$work/whole-trace.h5"
ok $? "the unbroken run"
mkdir -p "$work/small"
if ! mount -t tmpfs -o size=560k tmpfs "$work/small" 2> /dev/null; then skip "a small file system cannot be mounted here"; exit 0; fi
for size in 560k 900k 1100k; do
    mount -o remount,size=$size "$work/small"
    fails 74 "No space left on device" "$collapse" train "$work/base.conf" --output="$work/small/run" $flags --trace="$work/small/trace.h5"
    [ "$(grep -c '^collapse:' "$work/stderr")" = 1 ] && [ -z "$(find "$work/small" -name '*.partial*' -o -name 'lock-*' -o -name '*.old*')" ]
    ok $? "$size: one sentence, nothing half-written"
    bad=0; for f in "$work"/small/*.h5 "$work"/small/run/*.h5; do "$bin/collapse-check" --quiet "$f" || bad=1; done
    newest=$(ls "$work"/small/run/step-*.h5 | tail -n 1 | grep -o '[1-9][0-9]*.h5')
    [ $bad = 0 ] && "$bin/collapse-show" --all "$work/small/trace.h5" | grep -q "step_0*${newest%.h5}/"
    ok $? "$size: every file is whole, and the trace reaches checkpoint ${newest%.h5}"
done
mount -o remount,size=8m "$work/small"
"$collapse" train "$work/base.conf" --output="$work/small/run" $flags --trace="$work/small/trace.h5" > "$work/run.log" 2>&1
ok $? "with more room the same line goes on: $(grep -m1 -o 'continuing.*' "$work/run.log" | grep -o 'step [0-9]*')"
diff <(ls -A "$work/whole") <(ls -A "$work/small/run") > "$work/found" && cut -f1-10 "$work/whole/log.tsv" | cmp -s - <(cut -f1-10 "$work/small/run/log.tsv")
ok $? "the same files and the same log: $(head -n 3 "$work/found" | tr '\n' ' ')"
for f in model.h5 step-00000030.h5 step-00000025.h5 geometry-00000015.h5; do
    found=$("$compare" "$work/whole/$f" "$work/small/run/$f" --bits --skip=seconds)
    ok $? "$f: $found"
done
found=$("$compare" "$work/whole-trace.h5" "$work/small/trace.h5" --bits)
ok $? "the trace: $found"
umount "$work/small"
