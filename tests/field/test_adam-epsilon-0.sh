# test_adam-epsilon-0.sh: an epsilon that is 0 in single precision is refused; no model of NaN.
. "$ROOT/tests/lib.sh"
field hostile/adam-epsilon-0
for epsilon in 0 1e-46; do
    fails 64 "adam-epsilon = $epsilon is outside 1.2e-38 to 1" "$collapse" train --init=random --vocab=vocab.txt --layers=1 --hidden=8 --heads=2 \
        --intermediate=8 --train-data=text.txt --output=o --steps=1 --adam-epsilon=$epsilon
    [ ! -e o/model.h5 ]; ok $? "no model"
done
