"""Writes features.json: what Hugging Face's tokenizers makes of texts with small files, one for each feature.

    pip install -r requirements.txt && python features.py
"""
import copy
import json
import pathlib

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from texts import hashes, texts

CORPUS = ["def the_other(a, b):\n    return [there for there in a if the < b]\n", "It's the other's: we'll see 1234 and 56. DON'T!\n", "Привет, γειά 中文文本 日本語\n"] * 20
TEXTS = texts(["the other\n  of it", " lead", "trail  ", "the<|end|>the", " <|end|> the", "x<|L|>y", "x  <|L|>  y", "<|R|>  the", "the<|W|>the", "the <|W|> the <|W|>, ²<|W|>",
               "<|NE\u0301|>", "<|N\u00c9|>", "a  <|L|><|L|>  b", "₂<|W|>", "\u200d<|W|>", "<|L|>\n\n", "1a22b333", "a-b--c---d", "--a", "a--", "end\n", "end\n\nend", "x the b é"], n=60)


def trained(pre, size, alphabet, special):
    t = Tokenizer(models.BPE(unk_token=special[0] if special[0] == "<unk>" else None, byte_fallback=special[0] == "<unk>", fuse_unk=True))
    t.pre_tokenizer = pre
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    return json.loads(t.to_str())


def added(content, **kind):
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | kind


def split(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def sequence(kind, *parts):
    return {"type": "Sequence", kind: list(parts)}


BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
byte_level = trained(pre_tokenizers.ByteLevel(add_prefix_space=False), 360, pre_tokenizers.ByteLevel.alphabet(), ["<|end|>"])
byte_level |= {"decoder": BYTES, "added_tokens": byte_level["added_tokens"] + [
    {"id": len(byte_level["model"]["vocab"]) + i} | a for i, a in enumerate([added("<|L|>", lstrip=True), added("<|R|>", rstrip=True), added("<|W|>", single_word=True), added("<|NÉ|>", normalized=True, special=False)])]}
spm = trained(pre_tokenizers.Metaspace(), 700, [], ["<unk>", "<s>"] + [f"<0x{b:02X}>" for b in range(256)])
spm["added_tokens"] = spm["added_tokens"][:2]
LLAMA2 = sequence("normalizers", {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"})
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
FALLBACK = sequence("decoders", {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                    {"type": "Strip", "content": " ", "start": 1, "stop": 0})
spm |= {"pre_tokenizer": None, "decoder": FALLBACK, "normalizer": LLAMA2}

cases = []


def case(name, base, **changes):
    """Adds a case: the file of a base, in which some parts are others."""
    file = copy.deepcopy(bases[base])
    for part, value in changes.items():
        if part == "model":
            file["model"] |= value
        else:
            file[part] = value
    t = Tokenizer.from_str(json.dumps(file))
    ids = [t.encode(text, add_special_tokens=False).ids for text in TEXTS]
    cases.append({"name": name, "base": base, "changes": changes, "ids": hashes(json.dumps(i, separators=(",", ":")) for i in ids),
                  "decoded": hashes(t.decode(i, skip_special_tokens=False).replace("\ufffd", "") for i in ids)})


bases = {"bytes": byte_level, "spm": spm}
for behavior in ["Isolated", "Removed", "Contiguous", "MergedWithPrevious", "MergedWithNext"]:
    for invert in [False, True]:
        for kind, pattern in [("Regex", r"\s|-|\p{N}+"), ("String", " ")]:
            case(f"{kind} {behavior} {invert}", "bytes", pre_tokenizer=sequence("pretokenizers", split(pattern, behavior, invert, kind), BYTES))
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
PATTERNS = {
    "seed-coder": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+",
    "bailing": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    "qwen with marks": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "deepseek-coder words": r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆა-ჺ]+",
    "deepseek-coder end": r"\s+$",
    "deepseek-coder punctuation": "\\s?[!-/:-~！-／：-～‘-‟　-。]+",
    "lines": r"^.+$", "starts": "^", "ends": "$", "empty matches": r"\d*", "empty or x": r"x?", "lazy": r"\s+?\S|a{1,3}?b", "counts": r"\p{N}{2}|\p{L}{3,}|[ -]{,2}x|.{5}",
    "groups": r"(?:the|o(?=t)){1,2}|(?>\s+)x|(?!t)\p{Ll}{2}", "words": r"\w+|\d", "not": r"\S+|\P{L}", "escapes": r"\x{4e2d}|\u6587|\x41|[\t\n\-\]]|\p{^L}\p{Lu}",
    "no case": r"(?i:the|k|[sx])",
}
for name, pattern in PATTERNS.items():
    case(name, "bytes", pre_tokenizer=sequence("pretokenizers", split(pattern), BYTES))
for invert in [False, True]:
    case(f"empty matches merged {invert}", "bytes", pre_tokenizer=sequence("pretokenizers", split(r"\d*", "MergedWithNext", invert), BYTES))
case("prefix space", "bytes", pre_tokenizer=BYTES | {"add_prefix_space": True, "use_regex": True})
case("prefix space of digits", "bytes", pre_tokenizer=sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, BYTES | {"add_prefix_space": True}))
for form in ["NFC", "NFD", "NFKC", "NFKD"]:
    case(form, "bytes", normalizer={"type": form}, pre_tokenizer=BYTES)
case("replace", "bytes", normalizer=sequence("normalizers", {"type": "Replace", "pattern": {"Regex": r"\s+|[aé]"}, "content": "_"}, {"type": "NFC"}), pre_tokenizer=BYTES)
case("whole pieces", "bytes", model={"ignore_merges": True, "merges": byte_level["model"]["merges"][:9]}, pre_tokenizer=BYTES | {"use_regex": True})
case("llama 2", "spm")
case("no fusing", "spm", model={"fuse_unk": False})
lacking = {k: v for k, v in spm["model"]["vocab"].items() if k not in ("<0xE2>", "<0x80>", "<0xCC>", "<0x0A>")}
case("lacking bytes", "spm", model={"vocab": lacking})
case("lacking bytes, no fusing", "spm", model={"vocab": lacking, "fuse_unk": False})
case("lacking bytes, no unknown", "spm", model={"vocab": lacking, "unk_token": None})
case("no normalizer", "spm", normalizer=None)
for scheme in ["always", "first", "never"]:
    for parts in [True, False]:
        meta = METASPACE | {"prepend_scheme": scheme, "split": parts}
        case(f"metaspace {scheme} {parts}", "spm", normalizer=None, pre_tokenizer=meta, decoder=sequence("decoders", meta, {"type": "ByteFallback"}, {"type": "Fuse"}))
case("old metaspace", "spm", normalizer=None, pre_tokenizer={"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
     decoder={"type": "Metaspace", "replacement": "▁", "add_prefix_space": True})
case("gemma", "spm", normalizer={"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, pre_tokenizer=split(" ", "MergedWithPrevious", kind="String"))
case("normalized added tokens", "spm", added_tokens=spm["added_tokens"] + [{"id": len(spm["model"]["vocab"])} | added("the b", normalized=True, special=False), {"id": spm["model"]["vocab"].get("é", len(spm["model"]["vocab"]) + 1)} | added("é", normalized=True)])
text = json.dumps({"bases": bases, "texts": TEXTS, "cases": cases}, ensure_ascii=True, separators=(",", ":")).replace('{"name"', '\n{"name"')
pathlib.Path(__file__).with_name("features.json").write_text(text + "\n")
print(len(cases), "cases")
