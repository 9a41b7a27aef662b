"""Writes real.json: what Hugging Face's tokenizers makes of texts with real files, a hash for each text.

    make tokenizers && pip install -r requirements.txt && python real.py FOLDER_OF_TOKENIZERS FOLDER_OF_SUITES

The folder of suites holds humaneval/HumanEval.jsonl.gz and mbpp/mbpp.jsonl, as `tandem datasets fetch` puts them.
"""
import gzip
import hashlib
import json
import pathlib
import sys

from tokenizers import Tokenizer
from texts import hashes, texts

tokenizers, suites, here = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(__file__).parent


def ids(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


human_eval = [json.loads(line) for line in gzip.open(suites / "humaneval/HumanEval.jsonl.gz", "rt")]
mbpp = [json.loads(line) for line in open(suites / "mbpp/mbpp.jsonl")]
groups = {
    "hard": texts(),
    "humaneval": [t["prompt"] + t["canonical_solution"] + t["test"] for t in human_eval],
    "mbpp": [t["text"] + "\n" + "\n".join(t["test_list"]) + "\n" + t["code"] for t in mbpp],
}
golden = {"texts": groups["hard"], "files": []}
for file in sorted(tokenizers.glob("*/tokenizer.json")):
    t = Tokenizer.from_file(str(file))
    tokens = {name: [ids(t, text) for text in group] for name, group in groups.items()}
    whole = t.encode("a", add_special_tokens=True).ids
    at = whole.index(ids(t, "a")[0])
    golden["files"].append({
        "name": file.parent.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "before": whole[:at], "after": whole[at + len(ids(t, "a")):],
        "ids": {name: hashes(json.dumps(i, separators=(",", ":")) for i in group) for name, group in tokens.items()},
        "decoded": hashes(t.decode(i, skip_special_tokens=False) for i in tokens["hard"]),
    })
    print(file.parent.name, sum(len(i) for group in tokens.values() for i in group), "tokens", flush=True)
text = json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('{"name"', '\n{"name"')
(here / "real.json").write_text(text + "\n")
