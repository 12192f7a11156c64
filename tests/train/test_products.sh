# test_products.sh: gemm-library in a run: the same training to rounding by BLIS and by oneDNN, the same bits on any ranks
# and threads in reproducible mode, and a sentence where this build has no oneDNN. Oracle: BLIS.
. "$ROOT/tests/lib.sh"
tiny 40
wide="--hidden=64 --intermediate=256 --steps=6 --dropout=0.1"
if "$collapse" --version | grep -q "^oneDNN: not in this build"; then
    train 2 "$work/without" $wide --gemm-library=onednn; code=$?
    [ $code = 64 ] && [ ! -e "$work/without" ] && [ "$(grep -c "libdnnl-dev" "$work/without.log")" = 1 ]
    ok $? "a build without oneDNN: exit $code, one sentence: $(tail -n 1 "$work/without.log")"
    exit 0
fi
train 1 "$work/blis" $wide
train 1 "$work/onednn" $wide --gemm-library=onednn
grep -q "kernels: oneDNN [23].*family [a-z0-9_]*, [0-9]* GFLOP/s" "$work/onednn.log" && grep -q "kernels: BLIS" "$work/blis.log"
ok $? "the log names the library: $(grep -o "kernels: [^;]*" "$work/onednn.log")"
found=$("$compare" "$work/blis/model.h5" "$work/onednn/model.h5" --losses=1e-4 --weights=1e-3)
ok $? "six steps by BLIS and by oneDNN: the same weights to rounding $(echo "$found" | tail -n 1)"
train 1 "$work/one" $wide --gemm-library=onednn --reproducible=yes --threads=1
train 3 "$work/three" $wide --gemm-library=onednn --reproducible=yes --threads=2
found=$("$compare" "$work/one/step-00000006.h5" "$work/three/step-00000006.h5" --bits --skip=seconds)
ok $? "oneDNN, reproducible = yes: 3 ranks of 2 threads have the bits of 1 rank of 1 $found"
