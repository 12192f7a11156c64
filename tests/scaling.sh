#!/bin/bash
# scaling.sh: a model of the step's time on many ranks, measured here and applied to a cluster (make scaling).
#   tests/scaling.sh BUILD           MODEL=minilm STEPS=4 ROUNDS=3 RANKS="1 2 4 8"
#   cluster: CORES=32 (of a node) SPEED=1 (of one of its cores, in cores like this one's) NET=12.5 (GB/s of a node) LATENCY=2 (us)
# Model, per step: T = W / (v c) + S, with W the tokens of the global batch, v the tokens per second of one core, c the
# cores at work, and S = 2 * 4 P (n - 1) / n / B + 2 (n - 1) a g: every rank sends and receives its gradients once and
# the updated weights once (P numbers, B bytes per second of a rank, n ranks, a latency of a message, g buckets).
# Of the gradients' half of S, the layers' part runs behind the backward pass (overlap-sums), as far as that is longer.
set -u
build=$1
model=${MODEL:-minilm}; steps=${STEPS:-4}; rounds=${ROUNDS:-3}; ranks_list=${RANKS:-1 2 4 8}
. "$(dirname "$0")/../jobs/launcher.sh"
field() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p"; }
median() { sort -n | awk '{ x[NR] = $1 } END { print NR ? (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 : "nan" }'; }
run() { local n=$1; shift; $MPIRUN -n "$n" "$build/collapse" bench --threads=1 "$@" 2> /dev/null | tail -n 1; }
cores=$(nproc)
case $model in minilm) params=22.7; buckets=8;; base) params=109.5; buckets=14;; *) params=4.6; buckets=4;; esac
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

echo "machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $cores cores; $(date -u +%Y-%m-%d); $model, 16 x 128, one thread per rank, $rounds rounds"
for _ in $(seq "$rounds"); do
    for n in $ranks_list; do run "$n" --model="$model" --steps="$steps" | field seconds_per_step >> "$work/step.$n"; done
done
for n in $ranks_list; do
    [ "$n" = 1 ] && continue
    for _ in $(seq "$rounds"); do json=$(run "$n" --sums=yes); echo "$json" | field gb_per_s >> "$work/speed.$n"; echo "$json" | field latency_us >> "$work/latency.$n"; done
done
one=$(median < "$work/step.1")
echo "measured and predicted seconds per step, the same global batch; sums fitted by collapse bench --sums=yes"
printf '%6s %10s %10s %8s %14s %12s\n' ranks measured predicted error "sums, GB/s" "latency, us"
for n in $ranks_list; do
    speed=$([ "$n" = 1 ] && echo 1e9 || median < "$work/speed.$n"); latency=$([ "$n" = 1 ] && echo 0 || median < "$work/latency.$n")
    awk -v n="$n" -v t1="$one" -v m="$(median < "$work/step.$n")" -v s="$speed" -v l="$latency" -v p="$params" -v c="$cores" -v g="$buckets" 'BEGIN {
        busy = n < c ? n : c; sum = n > 1 ? 4e-3 * p / s + 1e-6 * l * g : 0; t = t1 / busy + sum
        printf "%6d %10.3f %10.3f %7.1f%% %14.2f %12.1f\n", n, m, t, 100 * (t / m - 1), (n > 1 ? s : 0), l }'
done

node_cores=${CORES:-32}; speed=${SPEED:-1}; net=${NET:-12.5}; latency=${LATENCY:-2}
base=$("$build/collapse" bench --model=base --steps=2 2> /dev/null | tail -n 1 | field tokens_per_s)
echo
echo "predicted, not measured: nodes of $node_cores cores, each $speed of a core here ($(awk "BEGIN { printf \"%.0f\", $base / $cores }") tokens/s of BERT-base per core, measured now), two ranks per node,"
echo "$net GB/s per node, $latency us; batch of 32 x 128 per rank; efficiency = tokens per second over ranks times those of one node's rank"
printf '%-11s %6s %6s %9s %10s %10s %10s %12s %11s\n' model nodes ranks batch "compute, s" "sums, s" "not hidden" "tokens/s" efficiency
for m in base large; do
    for ranks in 2 16 64 256 1024; do
        awk -v m=$m -v n=$ranks -v v="$(awk "BEGIN { print $base / $cores * $speed }")" -v c="$node_cores" -v net="$net" -v a="$latency" 'BEGIN {
            p = m == "base" ? 109.5e6 : 335.2e6; e = m == "base" ? 23.8e6 : 31.8e6; work = m == "base" ? 1 : 3.5; g = m == "base" ? 14 : 26
            tokens = 32 * 128; compute = tokens * work / (v * c / 2)
            # within a node the two ranks share its memory, about 8 GB/s each; between nodes they share the network
            b = n > 2 ? net / 2 * 1e9 : 8e9
            half = 4 * p * (n - 1) / n / b + (n - 1) * a * 1e-6 * g
            layers = half * (p - e) / p; backward = 0.55 * compute; hidden = n > 2 ? (layers < backward ? layers : backward) : 0
            t = compute + 2 * half - hidden
            printf "%-11s %6d %6d %9d %10.2f %10.3f %10.3f %12.0f %10.0f%%\n", "BERT-" m, (n + 1) / 2, n, 32 * n, compute, 2 * half, 2 * half - hidden, n * tokens / t, 100 * compute / t }'
    done
done
