# test_replay.sh: 20 steps with every option of the regularizer against the losses PyTorch computed from
# the traces (tests/golden/replay.tsv, written by tests/oracle/check_torch.py --write). Bar: 1e-5 relative.
. "$ROOT/tests/lib.sh"
tiny 101
mpirun -n 1 "$collapse" train --method=mlm --init=random --layers=2 --hidden=32 --heads=4 --intermediate=48 --positions=40 \
    --initializer-range=0.1 --vocab="$work/vocab.txt" --train-data="$work/text.txt" --max-length=32 --dropout=0 --output="$work/start" --steps=3 \
    --batch=32 --learning-rate=1e-3 > "$work/log" 2>&1
ok $? "the model to start from"
golden=$ROOT/tests/golden/replay.tsv
for run in $(cut -f1 "$golden" | sort -nu); do
    flags=$(awk -F'\t' -v r="$run" '$1 == r { print $6; exit }' "$golden")
    case $flags in *--nc-weight*) weight=;; *) weight=--nc-weight=100;; esac
    mpirun -n 2 "$collapse" train --init="$work/start/model.h5" --train-data="$work/text.txt" --output="$work/run$run" --steps=20 --batch=7 \
        --max-length=32 --learning-rate=1e-4 --dropout=0 --log-steps=1 --nc-words="$ROOT/jobs/demo/gender-words.txt" $weight $flags > "$work/log" 2>&1
    worst=$(awk -F'\t' -v r="$run" '
        function off(x, y) { d = x - y; if (d < 0) d = -d; s = y < 0 ? -y : y; return s > 1e-12 ? d / s : d }
        FNR == NR { if ($1 == r) { loss[$2] = $3; task[$2] = $4; n++ }; next }
        FNR > 1 { e = off($3, loss[$1]); f = off($4, task[$1]); if (f > e) e = f; if (e > w) w = e; m++ }
        END { if (m != n || n == 0) w = 1; printf "%.1e", w }' "$golden" "$work/run$run/log.tsv")
    awk "BEGIN { exit !($worst <= 1e-5) }"
    ok $? "$flags: losses of 20 steps within $worst of PyTorch's"
done
