# test_flag_wins.sh: a flag wins over the file also where two keys exclude each other; what is left out is said. Two of the
# file, and two flags, are refused.
. "$ROOT/tests/lib.sh"
tiny 40
cp "$work/base.conf" "$work/plain.conf"
conf() { cp "$work/plain.conf" "$work/base.conf"; printf '%s\n' "$@" >> "$work/base.conf"; }
# wins WHAT PATTERN flags...: the run goes to its end and says PATTERN.
wins() {
    local what=$1 pattern=$2; shift 2
    rm -rf "$work/run"; train 2 "$work/run" "$@" && grep -q -e "$pattern" "$work/run.log"; ok $? "$what: $(grep -m1 -o "base.conf line.*" "$work/run.log" || tail -n 1 "$work/run.log")"
}
done_steps() { tail -n 1 "$work/run/log.tsv" | cut -f1; }

conf "epochs = 2"; wins "--steps over epochs" "line 18: epochs = 2 is left out: --steps = 3 wins over the file" --steps=3
[ "$(done_steps)" = 3 ]; ok $? "3 steps were made, an epoch has 6: $(done_steps)"
! grep -q "^epochs" "$work/run/run.conf" && grep -q "^steps = 3$" "$work/run/run.conf"; ok $? "run.conf says so"
cp "$work/run/run.conf" "$work/again.conf"
"$collapse" train "$work/again.conf" > "$work/log" 2>&1 && grep -q "nothing\|finished\|done" "$work/log"; ok $? "and can be given again: $(tail -n 1 "$work/log")"
conf "steps = 4"; wins "--epochs over steps" "line 18: steps = 4 is left out: --epochs = 1 wins over the file" --epochs=1
[ "$(done_steps)" = 6 ]; ok $? "an epoch of 40 texts in batches of 7: $(done_steps) steps"
conf "steps = 4" "reproducible = yes"; wins "--micro-batch over reproducible" "reproducible = yes is left out: --micro-batch = 2" --micro-batch=2
conf "steps = 4" "micro-batch = 2"; wins "--reproducible over micro-batch" "micro-batch = 2 is left out: --reproducible = yes" --reproducible
conf "steps = 4" "nc-sync = none"; wins "--reproducible over nc-sync" "nc-sync = none is left out: --reproducible = yes" --reproducible
conf "steps = 4" "split = sentences"; wins "--pair-column over split" "split = sentences is left out: --pair-column = second" --pair-column=second
conf "steps = 4" "mabel-align = a2"; fails 64 "mabel-align = a2 is a key of method mabel" "$collapse" train "$work/base.conf" --output="$work/x"
wins "--method over keys of the file's method" "mabel-align = a2 is left out: --method = bec wins over the file" --method=bec
conf "steps = 4" "micro-batch = 0"; train 2 "$work/quiet" --reproducible && ! grep -q "left out: --" "$work/quiet.log"; ok $? "a key that excludes nothing stays"

conf "steps = 4" "epochs = 1"; fails 64 "both steps and epochs" "$collapse" train "$work/base.conf" --output="$work/x"
conf; fails 64 "both steps and epochs" "$collapse" train "$work/base.conf" --output="$work/x" --steps=3 --epochs=1
fails 64 "micro-batch does not go with" "$collapse" train "$work/base.conf" --output="$work/x" --steps=3 --reproducible --micro-batch=2
conf "micro-batch = 2" "reproducible = yes"; fails 64 "micro-batch does not go with" "$collapse" train "$work/base.conf" --output="$work/x" --steps=3
conf; fails 64 "adept-rho = 3 is a key of method adept, but method = bec" "$collapse" train "$work/base.conf" --output="$work/x" --steps=3 --method=bec --adept-rho=3
