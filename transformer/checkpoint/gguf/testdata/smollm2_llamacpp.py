"""Compares smollm2.json, which smollm2.py wrote, with what llama.cpp makes of the same GGUF in f32, and adds the result to it.

    pip install gguf==0.19.0 llama-cpp-python
    python smollm2_llamacpp.py SmolLM2-135M-Instruct.Q4_1.gguf HumanEval.jsonl.gz

llama.cpp multiplies Q4_1 by activations that it rounds to 8 bits. So that it computes in f32 too, the weights are unpacked to an
F32 GGUF first; keys and values are f32, and flash attention is off. Where its text leaves transformers', "gap" is how much higher
its logit of its own token is than that of transformers' token.
"""
import gzip
import hashlib
import json
import pathlib
import sys
import tempfile

import llama_cpp
import numpy
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize


def unpack(path, to):
    """Writes the GGUF with all tensors in F32."""
    reader = GGUFReader(path)
    writer = GGUFWriter(to, reader.fields["general.architecture"].contents())
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key not in ("general.architecture", "general.file_type"):
            array = field.types[0] == GGUFValueType.ARRAY
            writer.add_key_value(key, field.contents(), field.types[0], sub_type=field.types[-1] if array else None)
    for tensor in reader.tensors:
        shape = tuple(int(n) for n in reversed(tensor.shape))
        writer.add_tensor(tensor.name, dequantize(tensor.data, tensor.tensor_type).reshape(shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits(llama, ids):
    """Those after the tokens, which follow the ones before."""
    llama.eval(ids)
    return numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(llama.ctx, -1), shape=(llama.n_vocab(),)).copy()


def difference(llama, prompt, want):
    """The first token that is not the wanted one: its place, itself and the gap; None where all are."""
    llama.reset()
    step = prompt
    for at, token in enumerate(want):
        scores = logits(llama, step)
        best = int(scores.argmax())
        if best != token:
            return {"at": at, "token": best, "gap": float(f"{scores[best] - scores[token]:.3g}")}
        step = [token]


path, suite = map(pathlib.Path, sys.argv[1:])
with gzip.open(suite, "rt") as f:
    texts = {task["task_id"]: task["prompt"] for task in map(json.loads, f)}
golden = pathlib.Path(__file__).with_name("smollm2.json")
want = json.loads(golden.read_text())
with tempfile.TemporaryDirectory() as folder:
    wide = pathlib.Path(folder, "f32.gguf")
    unpack(path, wide)
    llama = llama_cpp.Llama(str(wide), n_ctx=1024, n_batch=512, n_threads=1, n_threads_batch=1, type_k=llama_cpp.GGML_TYPE_F32,
                            type_v=llama_cpp.GGML_TYPE_F32, flash_attn=False, verbose=False)
    differences = []
    for task in want["tasks"]:
        prompt = llama.tokenize(texts[task["task"]].encode(), add_bos=False, special=True)
        hashed = hashlib.sha256(json.dumps(prompt, separators=(",", ":")).encode()).hexdigest()
        if hashed != task["prompt_sha256"]:
            found = {"at": -1}  # other tokens of the prompt
        else:
            found = difference(llama, prompt, task["ids"])
        if found:
            differences.append({"task": task["task"]} | found)
        print(task["task"], found, flush=True)
want["llamacpp"] = {"version": llama_cpp.__version__, "differences": differences}
golden.write_text(json.dumps(want, separators=(",", ":")).replace('{"t', '\n{"t') + "\n")
