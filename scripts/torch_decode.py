"""What PyTorch reaches on the shapes that `tandem bench` measures, for comparison on the same device.

    python3 scripts/torch_decode.py --geometry qwen2.5-0.5b --batch 1,4,16,64 --context 1024 --out torch.json

1. A Qwen2-shaped model with random bf16 weights: q, k and v in one matrix, gate and up in another, keys and values in
   static buffers, scaled_dot_product_attention with grouped queries and no mask (its fast kernels take none).
2. Each test (a decoded token or a block of rows, for each batch; a prefill) is captured as one CUDA graph, once as the
   plain operations and, with --compile, once as torch.compile made them; both are written, and the faster one counts.
3. Times are those of whole forwards, device-synchronised, the median of the rounds. The argmax is part of a forward and
   the tokens come to the host, as tandem's guesses do. A round is --repeat forwards, or as many as fit into 0.1 s.

Without a GPU it runs on the processor, without graphs, to show that it works.
"""

import argparse
import json
import os
import statistics
import time

import torch
import torch.nn.functional as F

GEOMETRIES = {  # layers, hidden, intermediate, heads, key/value heads, head dim, vocabulary, tied
    "tiny": (6, 256, 768, 4, 2, 64, 2048, True),
    "qwen2.5-0.5b": (24, 896, 4864, 14, 2, 64, 151936, True),
    "qwen2.5-1.5b": (28, 1536, 8960, 12, 2, 128, 151936, True),
    "qwen2.5-7b": (28, 3584, 18944, 28, 4, 128, 152064, False),
}


class Model(torch.nn.Module):
    def __init__(self, geometry, slots, device):
        super().__init__()
        self.layers, hidden, wide, self.heads, self.kv, self.dim, vocab, tied = GEOMETRIES[geometry]
        q, kv = self.heads * self.dim, self.kv * self.dim
        new = lambda *shape: (torch.rand(*shape, device=device, dtype=torch.bfloat16) - 0.5) * (12 / shape[-1]) ** 0.5
        self.embed = new(vocab, hidden)
        self.head = self.embed if tied else new(vocab, hidden)
        self.norm = torch.ones(hidden, device=device, dtype=torch.bfloat16)
        self.qkv = [new(q + 2 * kv, hidden) for _ in range(self.layers)]
        self.bias = [new(q + 2 * kv) for _ in range(self.layers)]
        self.o = [new(hidden, q) for _ in range(self.layers)]
        self.gate_up = [new(2 * wide, hidden) for _ in range(self.layers)]
        self.down = [new(hidden, wide) for _ in range(self.layers)]
        angle = torch.arange(slots, device=device)[:, None] * 1e6 ** (-torch.arange(0, self.dim, 2, device=device) / self.dim)
        self.keys = self.values = None
        self.cos, self.sin = torch.cos(angle).bfloat16(), torch.sin(angle).bfloat16()

    def open(self, batch, slots):
        """Static buffers of keys and values, [layers, batch, key/value heads, slots, head dim], with a context in them. The
        tests of a batch share them, as in tandem bench."""
        shape = (self.layers, batch, self.kv, slots, self.dim)
        if self.keys is None or self.keys.shape != shape:
            self.keys = self.values = None
            self.keys, self.values = (torch.randn(shape, device=self.embed.device, dtype=torch.bfloat16) for _ in range(2))

    def rotate(self, x, at):
        a, b = x.chunk(2, -1)
        c, s = self.cos[at], self.sin[at]
        return torch.cat((a * c - b * s, b * c + a * s), -1)

    def forward(self, tokens, at, reach, causal, want):
        """tokens [batch, rows] at positions at [rows]; every row attends to reach slots; the last want rows are guessed."""
        batch, rows = tokens.shape
        x = self.embed[tokens]
        for i in range(self.layers):
            h = F.rms_norm(x, self.norm.shape, self.norm, 1e-6)
            heads = F.linear(h, self.qkv[i], self.bias[i]).view(batch, rows, -1, self.dim).transpose(1, 2)
            q, k, v = heads.split((self.heads, self.kv, self.kv), 1)
            self.keys[i].index_copy_(2, at, self.rotate(k, at))
            self.values[i].index_copy_(2, at, v)
            y = F.scaled_dot_product_attention(self.rotate(q, at), self.keys[i][:, :, :reach], self.values[i][:, :, :reach],
                                               is_causal=causal, enable_gqa=True)
            x = x + F.linear(y.transpose(1, 2).reshape(batch, rows, -1), self.o[i])
            h = F.rms_norm(x, self.norm.shape, self.norm, 1e-6)
            gate, up = F.linear(h, self.gate_up[i]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, self.down[i])
        logits = F.linear(F.rms_norm(x[:, -want:], self.norm.shape, self.norm, 1e-6), self.head)
        return logits.argmax(-1)


def measure(model, test, batch, rows, start, rounds, repeat, device, compiled):
    """Seconds of a forward, of each round."""
    tokens = torch.randint(0, model.embed.shape[0], (batch, rows), device=device)
    at = torch.arange(start, start + rows, device=device)
    causal, want = test == "prefill", rows if test == "block" else 1
    if compiled:
        torch._dynamo.reset()  # or its limit of recompilations is an error after eight shapes
    forward = torch.compile(model.forward, fullgraph=True, dynamic=False, mode="max-autotune-no-cudagraphs") if compiled else model.forward
    run = lambda: forward(tokens, at, start + rows, causal, want)
    with torch.inference_mode():
        for _ in range(3):
            out = run()
        if device == "cuda":
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                out = run()
        samples, most, repeat = [], repeat, 1
        for _ in range(rounds + 1):
            began = time.perf_counter()
            for _ in range(repeat):
                if device == "cuda":
                    graph.replay()
                else:
                    out = run()
                out.cpu()
            samples.append((time.perf_counter() - began) / repeat)
            if len(samples) == 1:  # the one that is not counted tells how long a forward takes
                repeat = max(1, min(most, int(0.1 / samples[0])))
    return samples[1:]


def matmul(n, device):
    """GFLOP/s of the library's bf16 product of random n x n matrices, the best of ten: what the tensor cores give."""
    a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    best = 0.0
    for _ in range(10):
        began = time.perf_counter()
        c = a @ b
        c[0, 0].item()
        best = max(best, 2 * n**3 / (time.perf_counter() - began) / 1e9)
    return best


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--geometry", default="qwen2.5-0.5b")
    p.add_argument("--batch", default="1,4,16,64")
    p.add_argument("--context", type=int, default=1024)
    p.add_argument("--block", default="8,32,128", help="rows of the block forwards, for each batch")
    p.add_argument("--prefill", type=int, default=512)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--repeat", type=int, default=30)
    p.add_argument("--compile", action="store_true", help="also with torch.compile (minutes of compiling)")
    p.add_argument("--out", required=True)
    a = p.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    result = {"torch": torch.__version__, "cuda": torch.version.cuda, "device": torch.cuda.get_device_name() if device == "cuda" else "cpu", "rows": []}
    batches, blocks = ([int(n) for n in text.split(",")] for text in (a.batch, a.block))
    result["matmul_gflop_per_second"] = matmul(8192 if device == "cuda" else 256, device)
    for geometry in a.geometry.split(","):
        longest = a.context + max(blocks)
        model = Model(geometry, max(longest, a.prefill), device)
        tests = [(batch, longest, [("decode", 1, a.context)] + [("block", rows, a.context) for rows in blocks]) for batch in batches]
        for batch, slots, of in [(1, a.prefill, [("prefill", a.prefill, 0)])] + tests:
            for test, rows, start in of:
                for compiled in (False, True) if a.compile else (False,):
                    row = {"geometry": geometry, "test": test, "rows": rows, "batch": batch, "context": start, "dtype": "bf16", "compiled": compiled}
                    try:
                        model.open(batch, slots)
                        samples = measure(model, test, batch, rows, start, a.rounds, a.repeat, device, compiled)
                        seconds = statistics.median(samples)
                        row |= {"tokens_per_second": batch * rows / seconds, "forwards_per_second": 1 / seconds, "samples": samples}
                        print(f"{geometry} {test} {rows}x{batch} {'compiled' if compiled else 'plain'}: {batch * rows / seconds:.1f} tok/s", flush=True)
                    except Exception as e:  # one test that fails must not hide the others
                        row["error"] = str(e)[:300]
                    result["rows"].append(row)
                    with open(a.out + ".part", "w") as f:  # after each: a limit of time loses one test
                        json.dump(result, f, indent=1)
                    os.replace(a.out + ".part", a.out)
        del model
        if device == "cuda":
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
