#!/usr/bin/env bash
# Everything that needs a GPU, in one call of less than eight minutes on a machine that has only a driver:
#
#   make build && go test -c -o bin/cuda.test ./transformer/cuda     # beforehand, anywhere with Go
#   OUT=results/gpu scripts/gpu-check.sh                             # on the machine with the GPU
#
#   1. device.txt       what the device and the driver are
#   2. conformance.txt  the backend's tests on the device: conformance, graphs, the products, agreement with the CPU
#   3. bench-*/         bench.json: forwards of three geometries, 1, 8, 32 and 128 rows at batches 1-64, beside the device's
#                       measured ceilings; crossover-*: throughput against batch. bench-*.txt is the table
#   4. run.json         both decoders on the embedded checkpoint and suite
#   5. torch.json       PyTorch on the same shapes, where it is installed and has the GPU
#   6. bars.txt, .json  which of the bars that were set hold, where python3 is installed
#
# Every step has a limit of its own, together less than eight minutes, and one that fails does not stop the next; the line
# behind the steps says how many did. Bars do not count there: a bar that is missed is a result. What a bench that meets
# its limit had finished, batch size by batch size, is kept.
#
# TANDEM_CUDA_DRIVER names another driver; DEVICE=cpu measures the processor instead. TINY=1 takes small shapes: with the fake
# driver that the tests build, the script itself can be tried without a GPU
# (TANDEM_CUDA_DRIVER=~/.cache/tandem/libfakecuda-....so TINY=1 scripts/gpu-check.sh). SANITIZE=1 runs compute-sanitizer over the
# kernels in place of all that, on a machine that has the toolkit.
set -uo pipefail
cd "$(dirname "$0")/.."
OUT=${OUT:-results/gpu}
BIN=${BIN:-bin/tandem}
TEST=${TEST:-bin/cuda.test}
PYTHON=${PYTHON:-python3}
DEVICE=${DEVICE:-cuda}
export TANDEM_CUDA_DRIVER=${TANDEM_CUDA_DRIVER:-libcuda.so.1}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
rm -f "$OUT"/bench-*/{bench.json,crossover-*} "$OUT"/{torch,run,bars}.json "$OUT/bars.txt" # an earlier call's are none of this one
failed=0
DEADLINE=470 # seconds from the start: no step goes on beyond

geometries="qwen2.5-0.5b qwen2.5-1.5b qwen2.5-7b"
shapes=(--prefill 512 --decode 64 --block 8,32,128 --context 1024)
suite=(--limit 30 --repeats 3)
tests='^Test(Conformance|Graphs|ProductsAgree|EveryProduct|Serial|ManyRows|Limits|AgreesWithCPU|Threads|Ceilings|Chains|LongChain|ChainSharesTheDevice)$'
torch=(--batch 1,4,16,64 --block 8,32,128 --context 1024 --repeat 30)
if [ -n "${TINY:-}" ]; then
    geometries="tiny"
    shapes=(--prefill 16 --decode 2 --block 4,8 --context 16)
    suite=(--limit 1 --repeats 1 --max-tokens 8)
    tests='^Test(Conformance|Graphs)$/^bf16$/^untied-bias-odd$'
    torch=(--batch 1,2 --context 16 --prefill 16 --block 4,8 --repeat 2 --rounds 2)
fi

# step NAME SECONDS FILE COMMAND...: the command's output goes to FILE, its errors to the terminal.
step() {
    local name=$1 limit=$2 file=$3 began=$SECONDS
    shift 3
    if [ $((SECONDS + 15)) -gt "$DEADLINE" ]; then
        echo "$name: left out, no time is left"
        failed=$((failed + 1))
        return
    fi
    limit=$((limit < DEADLINE - SECONDS - 5 ? limit : DEADLINE - SECONDS - 5))
    if timeout -k 5 "$limit" "$@" >"$OUT/$file.part"; then
        echo "$name: done in $((SECONDS - began)) s"
    else
        echo "$name: FAILED with status $? after $((SECONDS - began)) s"
        failed=$((failed + 1))
    fi
    case $file in
    run.txt | torch.txt) cat "$OUT/$file.part" && rm "$OUT/$file.part" ;; # their results are files of their own
    *) mv "$OUT/$file.part" "$OUT/$file" ;;
    esac
}

facts() {
    nvidia-smi 2>/dev/null
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit,ecc.mode.current --format=csv 2>/dev/null
    "$BIN" doctor
    "$BIN" version
}
export BIN
export -f facts

if [ -n "${SANITIZE:-}" ]; then
    for tool in memcheck racecheck synccheck; do
        step "$tool" 150 "$tool.txt" compute-sanitizer --tool "$tool" --error-exitcode 1 "$TEST" \
            -test.run '^Test(Conformance|ProductsAgree|Limits|ChainSharesTheDevice)$/^bf16$/^untied-bias-odd$'
    done
    echo "gpu-check: $failed checkers failed, results in $OUT, $SECONDS s"
    exit $((failed > 0))
fi

step device 15 device.txt bash -c facts
step conformance 95 conformance.txt "$TEST" -test.v -test.timeout 90s -test.run "$tests"
grep -E '^(--- FAIL|FAIL|PASS|ok)|panic:' "$OUT/conformance.txt" | head -20
for g in $geometries; do
    # The weights of the largest one are 7.6 billion random numbers: 2 cores make 0.3 billion a second, and each more its share.
    case $g in
    tiny) limit=70 more=(--batch 1,2 --rounds 1) ;;
    qwen2.5-7b) limit=115 more=(--batch 1,4,16,64 --rounds 2) ;;
    qwen2.5-1.5b) limit=60 more=(--batch 1,2,4,8,16,32,64 --rounds 3) ;;
    *) limit=50 more=(--batch 1,2,4,8,16,32,64 --rounds 3) ;;
    esac
    step "bench $g" "$limit" "bench-$g.txt" "$BIN" bench --device "$DEVICE" --geometry "$g" --dtype bf16 "${shapes[@]}" "${more[@]}" --out "$OUT/bench-$g"
    if [ ! -s "$OUT/bench-$g.txt" ] && [ -f "$OUT/bench-$g/bench.json" ]; then # what there is of it
        "$BIN" bench --from "$OUT/bench-$g/bench.json" --out "$OUT/bench-$g" >"$OUT/bench-$g.txt"
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step run 40 run.txt "$BIN" run --device "$DEVICE" "${suite[@]}" --out "$work"
if [ -f "$work/summary.json" ]; then cp "$work/summary.json" "$OUT/run.json"; fi
if [ -n "${TINY:-}" ]; then have='import torch'; else have='import torch; assert torch.cuda.is_available()'; fi
if timeout 30 "$PYTHON" -c "$have" 2>/dev/null; then
    step torch 85 torch.txt "$PYTHON" scripts/torch_decode.py --geometry "${geometries// /,}" "${torch[@]}" --out "$OUT/torch.json"
else
    echo "torch: not installed, or without a GPU: left out"
fi
echo "gpu-check: $failed steps failed, results in $OUT, $SECONDS s"
if command -v "$PYTHON" >/dev/null; then "$PYTHON" scripts/gpu_bars.py "$OUT" | tee "$OUT/bars.txt"; fi
[ "$failed" -eq 0 ]
