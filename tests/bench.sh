#!/bin/bash
# bench.sh: collapse bench and the PyTorch peer in turn, same shapes, same machine, ROUNDS rounds; prints
# the ratio with min, median, max, the share of the matrix-product limit, and peak memory (make bench).
#   tests/bench.sh BUILD [PYTHON]          MODELS="minilm base"  FILLS="1.0 0.5"  ROUNDS=3  STEPS=3
# The peer is $PEER (a script that prints one JSON line with tok_s and rss_mb); without it, or without
# torch, only our own numbers are shown.
set -u
build=$1
python=${2:-python3}
peer=${PEER:-$(dirname "$0")/../../shared/bench/torch_step.py}
models=${MODELS:-minilm base}; fills=${FILLS:-1.0 0.5}; rounds=${ROUNDS:-3}; steps=${STEPS:-3}
if [ ! -f "$peer" ]; then echo "no peer at $peer; our own numbers only"; peer=; fi
if [ -n "$peer" ] && ! "$python" -c 'import torch, transformers' 2> /dev/null; then echo "$python has no torch and transformers; our own numbers only"; peer=; fi
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
field() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p"; }
spread() { sort -n | awk '{ x[NR] = $1 } END { if (NR) printf "%.2f / %.2f / %.2f", x[1], (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2, x[NR]; else printf "-" }'; }

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores; $(date -u +%Y-%m-%d)"
"$build/collapse" --version | sed -n '1p;5,6p'
echo "min / median / max of $rounds rounds; ratios: tokens per second, ours over the peer's of the same round"
printf '%-8s %-5s %-24s %-20s %-8s %-22s %-22s %s\n' model fill "ours, tokens/s" "share of limit" "ours MB" "over careful PyTorch" "over default" "PyTorch MB"
for model in $models; do
    for fill in $fills; do
        rm -f "$work"/*
        for _ in $(seq "$rounds"); do
            json=$("$build/collapse" bench --model="$model" --fill="$fill" --steps="$steps" 2> /dev/null | tail -n 1)
            ours=$(echo "$json" | field tokens_per_s)
            echo "$ours" >> "$work/ours"
            echo "$json" | field peak_rss_mb >> "$work/mb"
            awk "BEGIN { print $(echo "$json" | field gflops) / $(echo "$json" | field gemm_peak_gflops) }" >> "$work/share"
            [ -n "$peer" ] || continue
            for kind in careful default; do
                flag=; [ $kind = careful ] && flag=--masked-head
                json=$("$python" "$peer" --model "$model" --batch 16 --seq 128 --steps 2 --threads "$(nproc)" --fill "$fill" $flag 2> /dev/null | tail -n 1)
                theirs=$(echo "$json" | field tok_s)
                [ -n "$theirs" ] && awk "BEGIN { print $ours / $theirs }" >> "$work/$kind" && echo "$json" | field rss_mb >> "$work/peer-mb"
            done
        done
        touch "$work/careful" "$work/default" "$work/peer-mb"
        printf '%-8s %-5s %-24s %-20s %-8s %-22s %-22s %s\n' "$model" "$fill" "$(spread < "$work/ours")" "$(spread < "$work/share")" "$(sort -n "$work/mb" | tail -n 1)" \
            "$(spread < "$work/careful")" "$(spread < "$work/default")" "$(sort -n "$work/peer-mb" | sed -n '1p;$p' | tr '\n' ' ')"
    done
done
