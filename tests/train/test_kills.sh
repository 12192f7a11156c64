# test_kills.sh: runs with random settings, killed at random moments and continued, leave the files of an unbroken one:
# the same names, bits, log, snapshots and trace. More of them: tests/stress.sh kills 500.
bash "$ROOT/tests/stress.sh" kills "${KILLS:-12}" "${SEED:-3}"
