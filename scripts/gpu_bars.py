"""Which of the bars set for the CUDA backend hold, from what scripts/gpu-check.sh left in a folder.

    python3 scripts/gpu_bars.py results/gpu

It reads bench-*/bench.json (tandem bench) and torch.json (torch_decode.py), prints a line a bar, value beside bar, and
writes bars.json. A bar whose figures are missing is NOT MEASURED: that is neither passed nor missed. The exit status is 0
whatever the bars say, and 2 where there is nothing to read.
"""

import glob
import json
import os
import sys

LARGE = "qwen2.5-7b"
BANDWIDTH = {LARGE: 0.85, "qwen2.5-1.5b": 0.70, "qwen2.5-0.5b": 0.50}  # share that decoding one sequence reaches
BLOCK, BLOCK_COST, BUBBLE = 32, 1.25, 0.02


def read(path):
    """A file's JSON; None where there is no whole one."""
    try:
        with open(path) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def shape(row):
    return row["geometry"], row["test"], row["rows"], row["batch"], row["context"]


def verdict(name, value, bar, holds, **more):
    """A bar as bars.json has it; value None: not measured."""
    result = "NOT MEASURED" if value is None else "PASS" if holds(value, bar) else "MISSED"
    return {"name": name, "value": value, "bar": bar, "result": result, **more}


def find(rows, geometry, test, size, batch=1):
    """The row of a geometry's test; of several contexts the longest."""
    found = [r for r in rows if shape(r)[:4] == (geometry, test, size, batch)]
    return max(found, key=lambda r: r["context"], default=None)


def bandwidth(rows, ceilings, geometry):
    """Share of the read bandwidth that decoding one sequence reaches: beside the ceilings of the samples, else the highest."""
    row = find(rows, geometry, "decode", 1)
    if row is None:
        return None
    if row["ceiling_kind"] == "bandwidth":
        return row["share"]
    ceiling = ceilings.get(geometry, {}).get("read_gb_per_second", 0)
    return row["gb_per_second"] / ceiling if ceiling > 0 else None


def block_cost(rows):
    """Time of a block's forward over that of one row, one sequence, same context."""
    block = find(rows, LARGE, "block", BLOCK)
    if block is None:
        return None
    one = [r for r in rows if shape(r) == (LARGE, "decode", 1, 1, block["context"])]
    return one[0]["forwards_per_second"] / block["forwards_per_second"] if one else None


def bubble(rows):
    """The largest share of a block's forward, at any batch, in which the device waited."""
    return max((r["bubble"] for r in rows if shape(r)[:3] == (LARGE, "block", BLOCK) and r.get("bubble") is not None), default=None)


def against_torch(rows, torch):
    """Ratios of tandem's forwards a second to PyTorch's faster variant, the lowest first, of the shapes that both have. A
    PyTorch that ran on the processor says nothing of the GPU."""
    best, device = {}, "cpu" if torch["device"] == "cpu" else "cuda"
    for r in torch["rows"]:
        if "error" not in r:
            best[shape(r)] = max(best.get(shape(r), 0), r["forwards_per_second"])
    ratios = [(r["forwards_per_second"] / best[shape(r)], shape(r)) for r in rows if r["device"] == device and best.get(shape(r), 0) > 0]
    return sorted(ratios)


def judge(rows, ceilings, torch):
    at_least, at_most = (lambda v, bar: v >= bar), (lambda v, bar: v <= bar)
    bars = [verdict(f"decode, {g}, batch 1: share of the read bandwidth", bandwidth(rows, ceilings, g), bar, at_least) for g, bar in BANDWIDTH.items()]
    bars.append(verdict(f"block {BLOCK} over one row, {LARGE}, batch 1: time", block_cost(rows), BLOCK_COST, at_most))
    bars.append(verdict(f"block {BLOCK}, {LARGE}: largest host bubble", bubble(rows), BUBBLE, lambda v, bar: v < bar))
    ratios = against_torch(rows, torch)
    misses = [{"geometry": g, "test": t, "rows": n, "batch": b, "context": c, "ratio": ratio} for ratio, (g, t, n, b, c) in ratios if ratio <= 1]
    bars.append(verdict(f"PyTorch's graphed loop, {len(ratios)} shapes: lowest speed over it", ratios[0][0] if ratios else None, 1.0,
                        lambda v, bar: v > bar, shapes=len(ratios), misses=misses))
    return bars


def show(bars):
    wide = max(len(b["name"]) for b in bars)
    for b in bars:
        value = "-" if b["value"] is None else f"{b['value']:.3f}"
        print(f"{b['name']:<{wide}}  {value:>8}  bar {b['bar']:<5g} {b['result']}")
        for m in b.get("misses", []):
            print(f"    behind: {m['geometry']} {m['test']} of {m['rows']} rows, batch {m['batch']}, context {m['context']}: {m['ratio']:.3f}x")


def main(folder):
    reports = [r for r in (read(p) for p in sorted(glob.glob(os.path.join(folder, "bench-*", "bench.json")))) if r and r["rows"]]
    torch = read(os.path.join(folder, "torch.json")) or {"device": "", "rows": []}
    if not reports and not torch["rows"]:
        print(f"gpu_bars: no bench-*/bench.json and no torch.json in {folder}", file=sys.stderr)
        return 2
    rows = [row for r in reports for row in r["rows"]]
    bars = judge(rows, {r["rows"][0]["geometry"]: r["ceilings"] for r in reports}, torch)
    show(bars)
    with open(os.path.join(folder, "bars.json"), "w") as f:
        json.dump({"schema": 1, "bars": bars}, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "usage: gpu_bars.py FOLDER")
