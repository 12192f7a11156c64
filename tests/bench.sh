#!/bin/bash
# bench.sh: collapse bench (by BLIS, by oneDNN and in bf16, where they are there) and PyTorch peers (default, careful, careful
# compiled, careful in bf16, careful with fp32 tensors and bf16 products, the bf16 one compiled) in turn, same shapes, same machine, ROUNDS rounds; prints rates and ratios with min, median, max, the
# share of the matrix-product limit of the same run and precision, and peak memory (make bench).
#   tests/bench.sh BUILD [PYTHON]          MODELS="minilm base"  SHAPES="128x1.0 128x0.5 512x1.0" (length x fill)  BATCH=16  ROUNDS=3  STEPS=3  THREADS=  PEERS="careful ..." (some of them)
# The peer is $PEER (a script that prints one JSON line with tok_s and rss_mb); without it, or without
# torch, only our own numbers are shown.
set -u
build=$1
python=${2:-python3}
peer=${PEER:-$(dirname "$0")/../../shared/bench/torch_step.py}
models=${MODELS:-minilm base}; shapes=${SHAPES:-128x1.0 128x0.5 512x1.0}; batch=${BATCH:-16}; rounds=${ROUNDS:-3}; steps=${STEPS:-3}
if [ ! -f "$peer" ]; then echo "no peer at $peer; our own numbers only"; peer=; fi
if [ -n "$peer" ] && ! "$python" -c 'import torch, transformers' 2> /dev/null; then echo "$python has no torch and transformers; our own numbers only"; peer=; fi
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
field() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p"; }
spread() { sort -n | awk '{ x[NR] = $1 } END { if (NR) printf "%.2f / %.2f / %.2f", x[1], (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2, x[NR]; else printf "-" }'; }

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores; $(date -u +%Y-%m-%d)"
"$build/collapse" --version | sed -n '1p;5,9p'
echo "min / median / max of $rounds rounds; ratios: tokens per second, ours over the peer's of the same round"
# Our runs, each with the flags of collapse bench, and the peers, each with the flags of the script.
ours=("blis:--precision=fp32"); theirs=("default:" "careful:--masked-head" "compiled:--masked-head --compile")
if "$build/collapse" --version | grep -q "^oneDNN [0-9]"; then ours+=("onednn:--gemm-library=onednn"); fi
if "$build/collapse" --version | grep -q "bf16 [0-9]"; then ours+=("bf16:--precision=bf16" "bf16-onednn:--precision=bf16 --gemm-library=onednn"); theirs+=("careful-bf16:--masked-head --bf16" "compiled-bf16:--masked-head --compile --bf16" "bf16-products:--masked-head"); fi
if [ -n "${PEERS:-}" ]; then
    all=("${theirs[@]}") theirs=()
    for run in "${all[@]}"; do case " $PEERS " in *" ${run%%:*} "*) theirs+=("$run");; esac; done
fi
# The peer as a program; "bf16-products" has its fp32 tensors multiplied in bf16 (a switch of PyTorch 2.9 and later).
start='import runpy, sys
name, sys.argv = sys.argv[1], sys.argv[2:]
if name == "bf16-products":
    import torch
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
runpy.run_path(sys.argv[0], run_name="__main__")'
threads=${THREADS:-$(nproc)}
for model in $models; do
    for shape in $shapes; do
        fill=${shape#*x}; length=${shape%x*}
        rm -f "$work"/*
        for _ in $(seq "$rounds"); do
            for run in "${ours[@]}"; do
                # shellcheck disable=SC2086
                json=$("$build/collapse" bench --model="$model" --batch="$batch" --length="$length" --fill="$fill" --steps="$steps" --threads="$threads" ${run#*:} 2> /dev/null | tail -n 1)
                echo "$json" | field tokens_per_s >> "$work/ours.${run%%:*}"
                echo "$json" | field peak_rss_mb >> "$work/mb.${run%%:*}"
                echo "$json" | field gemm_peak_gflops >> "$work/peak.${run%%:*}"
                echo "$json" | field gflops >> "$work/gflops.${run%%:*}"
                awk "BEGIN { print $(echo "$json" | field gflops) / $(echo "$json" | field gemm_peak_gflops) }" >> "$work/share.${run%%:*}"
            done
            # What the step reached over what oneDNN's products alone do in the same round.
            [ ! -f "$work/peak.bf16-onednn" ] || awk "BEGIN { print $(tail -n 1 "$work/gflops.bf16") / $(tail -n 1 "$work/peak.bf16-onednn") }" >> "$work/of-onednn.bf16"
            [ -n "$peer" ] || continue
            for run in "${theirs[@]}"; do
                # shellcheck disable=SC2086
                json=$("$python" -c "$start" "${run%%:*}" "$peer" --model "$model" --batch "$batch" --seq "$length" --steps 2 --threads "$threads" --fill "$fill" ${run#*:} 2> /dev/null | tail -n 1)
                rate=$(echo "$json" | field tok_s)
                [ -n "$rate" ] || continue
                echo "$rate" >> "$work/theirs.${run%%:*}"
                echo "$json" | field rss_mb >> "$work/their-mb.${run%%:*}"
                for our in "${ours[@]}"; do awk "BEGIN { print $(tail -n 1 "$work/ours.${our%%:*}") / $rate }" >> "$work/over.${our%%:*}.${run%%:*}"; done
            done
        done
        echo "== $model, $batch x $length, fill $fill, $threads threads"
        for run in "${ours[@]}"; do
            name=${run%%:*}
            echo "ours $name: $(spread < "$work/ours.$name") tokens/s; $(spread < "$work/share.$name") of the products' $(spread < "$work/peak.$name") GFLOP/s; $(sort -n "$work/mb.$name" | tail -n 1) MB"
            [ ! -f "$work/of-onednn.$name" ] || echo "    $(spread < "$work/of-onednn.$name") of what oneDNN's products do"
            for over in "$work/over.$name".*; do [ ! -f "$over" ] || echo "    over PyTorch ${over##*.}: $(spread < "$over")"; done
        done
        for run in "${theirs[@]}"; do
            name=${run%%:*}
            [ ! -f "$work/theirs.$name" ] || echo "PyTorch $name: $(spread < "$work/theirs.$name") tokens/s; $(sort -n "$work/their-mb.$name" | tail -n 1) MB"
        done
    done
done
