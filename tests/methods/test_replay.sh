# test_replay.sh: 10 steps of every method against the losses and terms PyTorch computed in fp64 from the traces
# (tests/golden/methods.tsv, written by tests/oracle/check_torch.py --write). Bar: 1e-5 relative; of a term that is small by
# cancellation, 1e-5 of a hundredth of the loss.
. "$ROOT/tests/lib.sh"
tiny 101
words=$ROOT/jobs/demo/gender-words.txt
mpirun -n 1 "$collapse" train --method=mlm --init=random --layers=2 --hidden=32 --heads=4 --intermediate=48 --positions=40 \
    --initializer-range=0.1 --vocab="$work/vocab.txt" --train-data="$work/text.txt" --max-length=32 --dropout=0 --output="$work/start" --steps=3 \
    --batch=32 --learning-rate=1e-3 > "$work/log" 2>&1
ok $? "the model to start from"
golden=$ROOT/tests/golden/methods.tsv
for run in $(cut -f1 "$golden" | sort -nu); do
    ranks=$(awk -F'\t' -v r="$run" '$1 == r { print $3; exit }' "$golden")
    flags=$(awk -F'\t' -v r="$run" '$1 == r { print $4; exit }' "$golden")
    method=${flags%% *}
    case $method in *mabel|*cda) data=$ROOT/tests/data/entailment.csv;; *ase) data=$ROOT/tests/data/pronouns.csv;; *adept|*dpce) data=$ROOT/tests/data/examples.csv;; *) data=$work/text.txt;; esac
    more="--train-data=$data --max-length=32 --dropout=0 --nc-words=$words"
    parts=$(echo "$flags" | tr ' ' '\n' | grep -v -e '--nc-weight' | tr '\n' ' ')
    mpirun -n 1 "$collapse" train --init="$work/start/model.h5" --output="$work/parts$run" $more $parts --steps=1 --nc-weight=0 --learning-rate=0 --nc-grad=both > "$work/log" 2>&1
    mpirun -n "$ranks" "$collapse" train --init="$work/parts$run/model.h5" --output="$work/run$run" $more --learning-rate=1e-4 $flags --steps=10 --log-steps=1 >> "$work/log" 2>&1
    # loss, task_loss, nc_loss, then the terms behind the eleven fixed columns
    worst=$(awk -F'\t' -v r="$run" '
        function off(x, y, least) { if (y == "nan" && x == "") return 0; d = x - y; if (d < 0) d = -d; s = y < 0 ? -y : y; if (s < least) s = least; return s > 1e-12 ? d / s : d }
        FNR == NR { if ($1 == r) { row[$2] = $0; n++ }; next }
        FNR > 1 { k = split(row[$1], g, "\t"); if (k != NF - 4) w = 1
            for (c = 5; c <= k; c++) { e = c < 8 ? off($(c - 2), g[c], 0) : off($(c + 4), g[c], 0.01 * g[5]); if (e > w) w = e }; m++ }
        END { if (m != n || n == 0) w = 1; printf "%.1e", w }' "$golden" "$work/run$run/log.tsv")
    awk "BEGIN { exit !($worst <= 1e-5) }"
    ok $? "$flags, $ranks ranks: losses and terms of 10 steps within $worst of PyTorch's"
done
