"""Writes oracle.json: what Hugging Face's tokenizers makes of texts that are hard to split.

    pip install tokenizers==0.23.3 && python oracle.py
"""
import json
import pathlib
import random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
PATTERNS = {
    "llama": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "qwen": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "other": r"\p{Lu}?\p{Ll}+|\p{N}{1,2}|\s+(?!\S)|\s|[^\s\p{L}\p{N}]+",
}
# Letters of several scripts, marks, digits of several kinds, spaces of several kinds, symbols, quotes, an added token.
ALPHABET = list("aehlorstvwdmABÉéßſžдλ日本語한ｆ") + ["e\u0301", "\u0301", "\u200d", "🙂", "👩‍🚀", "1", "23", "4567", "²", "½", "٣", "Ⅷ"]
ALPHABET += [" ", "  ", "    ", "\t", "\n", "\n\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\x0b", "\x85", "\x00"]
ALPHABET += ["'s", "'S", "'ll", "'LL", "'re", "'ſ", "'x", "'", "’s", '"', "(", "):", "==", "->", "_", "#", "<|end|>", "the", " the", "def ", "return"]

corpus = ["def the_other(a, b):\n    return [there for there in a if the < b]\n", "It's the other's: we'll see 1234 and 56.\n"] * 20
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
    vocab_size=330, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))

random.seed(1)
texts = ["".join(random.choice(ALPHABET) for _ in range(random.randint(1, 24))) for _ in range(100)]
oracle = {"tokenizer": json.loads(tokenizer.to_str()), "cases": []}
for name in ["gpt2", *PATTERNS]:
    if name != "gpt2":
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(PATTERNS[name]), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    stages = {k: v for k, v in json.loads(tokenizer.to_str()).items() if k in ("normalizer", "pre_tokenizer")}
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    oracle["cases"].append({"name": name, "stages": stages, "ids": ids})


def case(name, file, *stages):
    """Adds what a tokenizer.json makes of the texts, and the stages in which it is another than the one before."""
    t = Tokenizer.from_str(json.dumps(file))
    ids = [t.encode(text, add_special_tokens=False).ids for text in texts]
    oracle["cases"].append({"name": name, "stages": {stage: file[stage] for stage in stages}, "ids": ids})


file, byte_level = json.loads(tokenizer.to_str()), {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
for name, individual in [("numbers", False), ("digits", True)]:
    digits = {"type": "Digits", "individual_digits": individual}
    file |= {"normalizer": None, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [digits, byte_level]}}
    case(name, file, "normalizer", "pre_tokenizer")
# The pre-tokenizer that llama.cpp calls default: four patterns, each within the pieces of the one before.
gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
splits = [{"type": "Split", "pattern": {"Regex": p}, "behavior": "Isolated", "invert": False}
          for p in (r"[\p{P}\$\+<=>\^~\|]+", gpt2, r"\p{N}+", "[0-9][0-9][0-9]")]
file["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": splits + [byte_level | {"use_regex": False}]}
case("default", file, "pre_tokenizer")
file["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, byte_level]}
# Vocabularies that lack bytes: control characters, and some that begin or end other characters.
lacking = {c for c in pre_tokenizers.ByteLevel().pre_tokenize_str("\x00\x0b\té🙂\u0301²")[0][0]} - {"Ġ", "<", "|"}
model = file["model"]
model["vocab"] = {k: v for k, v in model["vocab"].items() if k == "<|end|>" or not lacking & set(k)}
model["merges"] = [m for m in model["merges"] if not lacking & set("".join(m))]
case("lacking bytes", file, "pre_tokenizer", "model")
file["model"] = model | {"unk_token": "<|end|>"}
case("unknown bytes", file, "model")
oracle["texts"] = texts
pathlib.Path(__file__).with_name("oracle.json").write_text(json.dumps(oracle, separators=(",", ":")).replace('"name"', '\n"name"') + "\n")
