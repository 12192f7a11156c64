# test_stop.sh: how a run is ended early, and by whom. Time is up (USR1, USR2, XCPU, HUP, max-time): 75, run the same line again.
# Somebody asked (the file `stop`, INT, TERM): 77, which no job template answers. Always a checkpoint, or nothing yet.
. "$ROOT/tests/lib.sh"
tiny 101
flags="--checkpoint-steps=100000 --log-steps=1"

# start RANKS folder flags...: ranks write their ids to $work/pid.N; $pid is mpirun's. One rank starts without mpirun.
# The tests may run where signals are ignored (nohup, a shell's background), which a program inherits.
heard=; env --default-signal true 2> /dev/null && heard="env --default-signal=HUP,INT"
start() {
    local ranks=$1 folder=$2; shift 2
    rm -f "$work"/pid.*
    if [ "$ranks" = 1 ]; then
        $heard "$collapse" train "$work/base.conf" --output="$folder" $flags "$@" > "$folder.log" 2>&1 &
        pid=$!
        return
    fi
    mpirun -n "$ranks" sh -c 'echo $$ > '"'$work'"'/pid.${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}; exec "$@"' sh \
        "$collapse" train "$work/base.conf" --output="$folder" $flags "$@" > "$folder.log" 2>&1 &
    pid=$!
}
until_steps() { # folder: the log has some lines; 30 s at most
    local i
    for i in $(seq 600); do [ -s "$1/log.tsv" ] && [ "$(wc -l < "$1/log.tsv")" -gt 3 ] && return; sleep 0.05; done
}
says() { [ "$(grep -c '^collapse:' "$1.log")" = 1 ] && grep -q "^collapse: stopped by $2.* after step .*run the same line again" "$1.log"; }
one_checkpoint() { [ "$(find "$1" -name 'step-*.h5' | wc -l)" = 1 ] && "$bin/collapse-check" "$1"/step-*.h5 > /dev/null && [ -z "$(find "$1" -name '*.partial' -o -name model.h5)" ]; }

# Of two ranks, the signal reaches the one that does not write.
for case in 2:USR1:75 2:TERM:77 1:USR2:75 1:XCPU:75 1:HUP:75 1:INT:77; do
    IFS=: read -r ranks signal wanted <<< "$case"
    folder=$work/$signal
    start "$ranks" "$folder" --steps=1000000
    until_steps "$folder"
    if [ "$ranks" = 1 ]; then kill -$signal $pid; else kill -$signal "$(cat "$work/pid.1")"; fi
    wait $pid; code=$?
    [ $code = "$wanted" ] && says "$folder" SIG$signal && one_checkpoint "$folder"
    ok $? "SIG$signal to one rank of $ranks: exit $code: $(grep -m1 '^collapse:' "$folder.log")"
done
start 2 "$work/forwarded" --steps=1000000
until_steps "$work/forwarded"
kill -USR1 $pid
wait $pid; code=$?
[ $code = 75 ] && says "$work/forwarded" SIGUSR1 && one_checkpoint "$work/forwarded"
ok $? "SIGUSR1 to mpirun is passed on: exit $code"

# Before the first step: the text is a pipe, so the program waits for us. The run ends, writes nothing, and can be started again.
mkfifo "$work/pipe"
for pair in USR1:75 TERM:77; do
    signal=${pair%:*}; wanted=${pair#*:}
    start 2 "$work/early" --steps=3 --train-data="$work/pipe"
    exec 3> "$work/pipe" # opened by both: rank 0 is about to read
    kill -$signal "$(cat "$work/pid.0")"
    cat "$work/text.txt" >&3; exec 3>&-
    wait $pid; code=$?
    [ $code = "$wanted" ] && grep -q "^collapse: stopped by SIG$signal before the first step" "$work/early.log" && ! grep -q "pieces, longest" "$work/early.log" && [ -z "$(find "$work/early" -type f 2> /dev/null)" ]
    ok $? "SIG$signal while the text is read: exit $code, in the midst of it, no file"
done
train 2 "$work/early" --steps=3
ok $? "the same line starts it: $(grep -c . "$work/early/log.tsv") lines of log"

# nohup: SIGHUP stays ignored.
folder=$work/nohup
(trap '' HUP; exec "$collapse" train "$work/base.conf" --output="$folder" $flags --steps=1000000) > "$folder.log" 2>&1 &
pid=$!
until_steps "$folder"
kill -HUP $pid; kill -USR2 $pid
wait $pid; code=$?
[ $code = 75 ] && says "$folder" SIGUSR2
ok $? "a run under nohup does not see SIGHUP: $(grep -m1 '^collapse:' "$folder.log")"

# The file: obeyed once and removed, with a checkpoint; the next run goes on to the end.
mkdir -p "$work/file"
touch "$work/file/stop"
train 2 "$work/file" --steps=8; code=$?
[ $code = 77 ] && says "$work/file" "the file 'stop' in the output folder (now removed)" && [ ! -e "$work/file/stop" ] && [ -e "$work/file/step-00000001.h5" ]
ok $? "a stop file: exit $code: $(grep -m1 '^collapse:' "$work/file.log")"
train 2 "$work/file" --steps=8
ok $? "the next start is not stopped by it: exit $?"
train 2 "$work/unbroken" --steps=8
found=$("$compare" "$work/unbroken/model.h5" "$work/file/model.h5" --bits)
ok $? "and ends with the bits of a run nobody stopped: $found"
mkdir -p "$work/timed"
touch "$work/timed/stop"
train 2 "$work/timed" --steps=8 --max-time=0.001; code=$?
[ $code = 77 ]
ok $? "a wish counts more than the clock: exit $code"
train 2 "$work/timed" --steps=8 --max-time=0.001; code=$?
[ $code = 75 ] && says "$work/timed" max-time
ok $? "max-time: exit $code: $(grep -m1 '^collapse:' "$work/timed.log")"

# No template submits a job again on anything but 75.
for template in $(grep -l "collapse train" "$ROOT"/jobs/*.sh); do
    [ "$(grep -c 'code = [0-9]' "$template")" = 1 ] && grep -q 'code = 75' "$template" || ok 1 "$template answers another code than 75"
done
ok 0 "job templates answer 75 only"
"$collapse" --help | grep -q "71 no memory" && "$collapse" --help | grep -q "77 stopped because somebody asked"
ok $? "--help lists all exit codes"
