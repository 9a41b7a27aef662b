"""Writes scaled-NAME.gguf: cases of ../../testdata/parity as llama.cpp's converter writes them, in bf16. The logits are those of the case.

    pip install gguf==0.19.0 torch==2.15.0 safetensors==0.8.0 && python parity.py

Keys and tensors follow convert_hf_to_gguf.py: llama3 becomes a tensor of divisors, YaRN and the window become keys, Ministral 3 is the
architecture mistral3.
"""
import json
import math
import pathlib

import numpy as np
from gguf import GGMLQuantizationType as Types, GGUFWriter, RopeScalingType, TokenType
from gguf.quants import quantize
from safetensors.torch import load_file
from tokenizers import pre_tokenizers

HERE = pathlib.Path(__file__).parent
FROM = HERE / "../../testdata/parity"
CASES = ["llama-linear", "llama-llama3", "llama-yarn", "llama-bias", "mistral-window", "ministral3-window"]
PARTS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}
WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}


def permute(w, heads):
    """llama.cpp's order of the rows of q and k, as its converter has it."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def ggml_name(name):
    if name in WHOLE:
        return WHOLE[name]
    _, _, layer, part = name.split(".", 3)
    part, kind = part.rsplit(".", 1)
    return f"blk.{layer}.{PARTS[part]}.{kind}"


def divisors(rope, dim):
    """The converter's loop over llama3's frequencies."""
    low, high = (rope["original_max_position_embeddings"] / rope[k] for k in ("low_freq_factor", "high_freq_factor"))
    for i in range(0, dim, 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (i / dim)
        smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
        yield 1.0 if wavelength < high else rope["factor"] if wavelength > low else 1 / ((1 - smooth) / rope["factor"] + smooth)


def metadata(writer, c):
    rope = c["rope_parameters"]
    writer.add_vocab_size(c["vocab_size"])
    writer.add_context_length(c["max_position_embeddings"])
    writer.add_embedding_length(c["hidden_size"])
    writer.add_feed_forward_length(c["intermediate_size"])
    writer.add_block_count(c["num_hidden_layers"])
    writer.add_head_count(c["num_attention_heads"])
    writer.add_head_count_kv(c["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(c["rms_norm_eps"])
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_key_length(c["head_dim"])
    writer.add_value_length(c["head_dim"])
    if c.get("sliding_window"):
        writer.add_sliding_window(c["sliding_window"])
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_type(RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if rope["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", np.array([*divisors(rope, c["head_dim"])], dtype=np.float32))
    if "llama_4_scaling_beta" in rope:
        writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
        writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
        writer.add_rope_scaling_yarn_log_mul(rope["mscale_all_dim"])
        writer.add_attn_temperature_scale(rope["llama_4_scaling_beta"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet()) + ["he", "<|end|>", "<|mask|>"]
    kinds = [TokenType.NORMAL] * 257 + [TokenType.CONTROL] * 2
    writer.add_token_list(tokens + [f"[PAD{i}]" for i in range(len(tokens), c["vocab_size"])])
    writer.add_token_types(kinds + [TokenType.UNUSED] * (c["vocab_size"] - len(kinds)))
    writer.add_token_merges(["h e"])
    writer.add_eos_token_id(257)


for case in json.loads((FROM / "cases.json").read_text())["cases"]:
    if case["name"] not in CASES:
        continue
    config = case["config"]
    writer = GGUFWriter(HERE / f"scaled-{case['name']}.gguf", "mistral3" if config["model_type"] == "ministral3" else "llama")
    metadata(writer, config)
    for name, value in load_file(FROM / f"{case['weights']}.safetensors").items():
        w = value.float().numpy()
        if "q_proj" in name or "k_proj" in name:
            w = permute(w, config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"])
        kind = Types.BF16 if w.ndim == 2 else Types.F32
        writer.add_tensor(ggml_name(name), quantize(np.ascontiguousarray(w), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
