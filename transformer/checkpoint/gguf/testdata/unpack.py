"""Writes unpack.json: packed blocks of each tensor type, and what gguf-py makes of them.

    pip install gguf==0.19.0 && python unpack.py
"""
import base64
import json
import pathlib

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Types
from gguf.quants import dequantize

# Where the halves of a block lie; all other bytes may have any value. Halves are finite, since weights have to be.
HALVES = {"F16": [0], "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q4_K": [0, 2], "Q6_K": [208], "BF16": [], "F32": []}
SPECIAL = [0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0xfbff, 0x3c00, 0xb555]

random = np.random.default_rng(1)
golden = {}
for name, halves in HALVES.items():
    block, size = GGML_QUANT_SIZES[Types[name]]
    rows = random.integers(0, 256, (12 if block == 256 else 24, size), dtype=np.uint8)
    for i, row in enumerate(rows):
        for at in halves:
            half = SPECIAL[i] if i < len(SPECIAL) else int(random.integers(0, 0x7c00)) | int(random.integers(0, 2)) << 15
            row[at:at + 2] = half & 255, half >> 8
        if name in ("BF16", "F32"):
            row[-1] &= 0xbf  # an exponent of 0 to 127
    numbers = dequantize(rows, Types[name]).astype("<f4")
    assert np.isfinite(numbers).all() and numbers.size == block * len(rows), name
    golden[name] = {"packed": base64.b64encode(rows.tobytes()).decode(), "numbers": base64.b64encode(numbers.tobytes()).decode()}
text = json.dumps(golden, separators=(",", ":")).replace('"},"', '"},\n"')
pathlib.Path(__file__).with_name("unpack.json").write_text(text + "\n")
