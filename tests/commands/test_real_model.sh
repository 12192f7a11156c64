# test_real_model.sh: real BERT weights: hidden states and logits against those transformers computed
# (tests/golden/minilm.h5), on 1 and 3 ranks and every instruction set. Skipped without ../shared.
. "$ROOT/tests/lib.sh"
if [ -z "$SHARED" ]; then
    skip "real weights: no ../shared"
    exit 0
fi
"$bin/collapse-import" "$SHARED/models/minilm-mlm" --output="$work/minilm.h5" 2> /dev/null
ok $? "import of minilm-mlm (F16)"
"$bin/collapse-check" "$work/minilm.h5" > /dev/null
ok $? "collapse-check"
for isa in plain avx2 avx512; do
    for ranks in 1 3; do
        COLLAPSE_ISA=$isa mpirun -n $ranks "$collapse" encode "$work/minilm.h5" --text="$ROOT/tests/golden/minilm.txt" --output="$work/e.h5" --logits 2> /dev/null
        hidden=$("$bin/tests/tools/close" "$work/e.h5" /hidden "$ROOT/tests/golden/minilm.h5" /hidden 2e-5)
        ok $? "$isa, $ranks ranks: hidden states within $hidden (bar 2e-5)"
        logits=$("$bin/tests/tools/close" "$work/e.h5" /logits "$ROOT/tests/golden/minilm.h5" /logits 2e-4 101)
        ok $? "$isa, $ranks ranks: logits within $logits (bar 2e-4)"
    done
done
"$bin/collapse-check" "$work/e.h5" > /dev/null
ok $? "the encoded file is whole"
