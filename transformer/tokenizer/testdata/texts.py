"""Texts that are hard to split: the same ones on every run."""
import base64
import hashlib
import random

ODD_SPACE = [" ", "  ", "   ", " " * 17, "\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u2003", "\u2028", "\u3000", "\u200b", "\x0b", "\x0c", "\x1c", "\x85", "\ufeff"]
# Letters, digits and marks that Unicode has had for a few years at most, and some that it has not.
NEW = ["\u1c89", "\ua7dc", "\U00010d50", "\U00010d70", "\U00010d40", "\U00010d69", "\U0001e5d0", "\U0001e5f1", "\U00016d43", "\U00016d70", "\U00011bf0",
       "\U00011de0", "\U00016ff4", "\U0002ebf0", "\U00031350", "\U0001fae9", "\U0001fa89", "\u0897", "\u0898", "\u1ac1", "\u20c1", "\U00010d4e",
       "\U0001e030", "\U00011f5a", "\u0378", "\uffff", "\ue000", "\U000e0041"]
MARKS = ["\u0301", "\u0327", "\u0323", "\u0345", "\u0334", "\u0308", "\u093c", "\u05b0", "\u0651", "\u3099", "\u1161", "\u11a8"]
WORDS = ["def", "return", "The", "HTTPServer", "camelCase", "snake_case", "don't", "WE'LL", "it'S", "'ſ", "straße", "İstanbul", "ﬁne", "ŉ", "Ǆ", "ʰa", "Привет", "γειά",
         "שלום", "مرحبا", "नमस्ते", "สวัสดี", "한국어", "こんにちは", "カタカナ", "ｶﾅ", "日本語", "中文字符", "𠀀𠀁", "ﬃ", "①", "½", "²", "Ⅷ", "㈱", "㍿", "٣٤", "१२३"]
SIGNS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + ["==", "->", "//", "/*", "…", "—", "«", "€", "™", "©", "🙂", "👩‍🚀", "👍🏽", "🇩🇪", "❤️", "1️⃣", "▁", "▁▁", "Ġ", "Ċ", "\ufffd", "\x00", "\x7f"]
DIGITS = ["0", "1", "12", "123", "1234", "12345678", "3.14", "1,000", "0xFF", "1e-5"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<|eot_id|>", "<|begin_of_text|>", "[INST]", "[/INST]", "<0x0A>", "<0xE2>",
           "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<think>", "</think>", "<|mask|>", "<start_of_turn>", "<BOS_TOKEN>", "<SPECIAL_12>", "<unused7>", "<table>"]


def texts(fixed=(), n=160, seed=1):
    """The fixed texts, one of each part alone, and n random mixtures."""
    draw = random.Random(seed)
    out = ["", *fixed, "Hello, world! It's 2024; we'll see.", "def f(x):\n    return x+1  # done\n\n\n\ty = [1,\t2]\n", "a" * 300, " " * 300, "\n" * 40,
           "日本語のテキストと中文文本，한국어 텍스트。", "e" + "\u0301" * 40, "a\u0345\u0301\u0327\u0323b", "\u0301\u0327x", "각각 \u1100\u1161\u11a8", "ﬁ ﬀ ℌ ｶﾞ ㈱ ²",
           "AAAAAAAAaaaaBBBb", "xX" * 50, "x " * 100, "9" * 50, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "<s>[INST] Hi [/INST] Hello</s>", "👩‍🚀" * 20]
    kinds = [ODD_SPACE, NEW, MARKS, WORDS, SIGNS, DIGITS, SPECIAL]
    out += ["x" + part + "x" + part + part + " x" for kind in (NEW, ODD_SPACE, SPECIAL) for part in kind]
    for _ in range(n):
        weights = [draw.random() ** 2 for _ in kinds]
        out.append("".join(draw.choice(draw.choices(kinds, weights)[0]) + draw.choice(["", "", " "]) for _ in range(draw.randint(1, 24))))
    for _ in range(n // 4):
        out.append(bytes(draw.randrange(256) for _ in range(draw.randint(1, 60))).decode("utf-8", errors="replace"))
        out.append("".join(chr(draw.choice([draw.randrange(0x20, 0x250), draw.randrange(0x250, 0x3000), draw.randrange(0x3000, 0xd800), draw.randrange(0x10000, 0x32000)])) for _ in range(draw.randint(1, 30))))
    return out


def hashes(parts):
    """The first three bytes of the SHA-256 of each part, in base64: four characters a part."""
    return base64.b64encode(b"".join(hashlib.sha256(part.encode()).digest()[:3] for part in parts)).decode()
