#!/usr/bin/env bash
# Everything that needs a GPU, in one call of less than eight minutes on a machine that has only a driver:
#
#   make build && go test -c -o bin/cuda.test ./transformer/cuda     # beforehand, anywhere with Go
#   OUT=results/gpu scripts/gpu-check.sh                             # on the machine with the GPU
#
#   1. device.txt       what the device and the driver are
#   2. conformance.txt  the backend's tests on the device: conformance, graphs, the products, agreement with the CPU
#   3. bench-*.json     forwards of three geometries at batches 1-64 beside the device's measured ceilings
#   4. run.json         both decoders on the embedded checkpoint and suite
#   5. torch.json       PyTorch on the same shapes, where it is installed
#
# Every step has a limit of its own, and one that fails does not stop the next; the last line says how many did.
# TANDEM_CUDA_DRIVER names another driver. TINY=1 takes small shapes: with the fake driver that the tests build, the script
# itself can be tried without a GPU (TANDEM_CUDA_DRIVER=~/.cache/tandem/libfakecuda-....so TINY=1 scripts/gpu-check.sh).
set -uo pipefail
cd "$(dirname "$0")/.."
OUT=${OUT:-results/gpu}
BIN=${BIN:-bin/tandem}
TEST=${TEST:-bin/cuda.test}
PYTHON=${PYTHON:-python3}
export TANDEM_CUDA_DRIVER=${TANDEM_CUDA_DRIVER:-libcuda.so.1}
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
failed=0

geometries="qwen2.5-0.5b qwen2.5-1.5b qwen2.5-7b"
shapes=(--prefill 512 --decode 64 --block 32 --context 1024)
suite=(--limit 30 --repeats 3)
tests='^Test(Conformance|Graphs|ProductsAgree|ManyRows|AgreesWithCPU|Threads|Ceilings|Chains|LongChain|ChainSharesTheDevice)$'
torch=(--batch 1,2,4,8,16,32,64 --context 1024 --repeat 30)
if [ -n "${TINY:-}" ]; then
    geometries="tiny"
    shapes=(--prefill 16 --decode 2 --block 8 --context 16)
    suite=(--limit 1 --repeats 1 --max-tokens 8)
    tests='^Test(Conformance|Graphs)$/^bf16$/^untied-bias-odd$'
    torch=(--batch 1,2 --context 16 --prefill 16 --block 8 --repeat 2 --rounds 2)
fi

# step NAME SECONDS FILE COMMAND...: the command's output goes to FILE, its errors to the terminal.
step() {
    local name=$1 limit=$2 file=$3 began=$SECONDS
    shift 3
    if timeout "$limit" "$@" >"$OUT/$file.part"; then
        echo "$name: done in $((SECONDS - began)) s"
    else
        echo "$name: FAILED with status $? after $((SECONDS - began)) s"
        failed=$((failed + 1))
        case $file in *.json) return ;; esac # a part is no result; of a log it is
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

step device 15 device.txt bash -c facts
step conformance 100 conformance.txt "$TEST" -test.v -test.timeout 95s -test.run "$tests"
grep -E '^(--- FAIL|FAIL|PASS|ok)|panic:' "$OUT/conformance.txt" | head -20
for g in $geometries; do
    case $g in # most of the time of a large one is the prefill of the contexts
    tiny) limit=70 more=(--batch 1,2 --rounds 1) ;;
    qwen2.5-7b) limit=100 more=(--batch 1,4,16,64 --rounds 2) ;;
    *) limit=70 more=(--batch 1,2,4,8,16,32,64 --rounds 3) ;;
    esac
    step "bench $g" "$limit" "bench-$g.json" "$BIN" bench --device cuda --geometry "$g" --dtype bf16 "${shapes[@]}" "${more[@]}" -o json
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step run 45 run.txt "$BIN" run --device cuda "${suite[@]}" --out "$work"
if [ -f "$work/summary.json" ]; then cp "$work/summary.json" "$OUT/run.json"; fi
if "$PYTHON" -c 'import torch' 2>/dev/null; then
    step torch 75 torch.txt "$PYTHON" scripts/torch_decode.py --geometry "${geometries// /,}" "${torch[@]}" --out "$OUT/torch.json"
else
    echo "torch: not installed, left out"
fi
echo "gpu-check: $failed steps failed, results in $OUT, $SECONDS s"
[ "$failed" -eq 0 ]
