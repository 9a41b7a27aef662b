"""Writes NAME.gguf and models.json: a small random model of each architecture, and transformers' logits of it in f32.

    pip install gguf==0.19.0 torch==2.15.0 transformers==5.23.0 accelerate && python models.py

The diffusion architectures are the autoregressive ones that they share their layers with, attending to the whole sequence.
"""
import base64
import json
import pathlib

import numpy as np
import torch
from gguf import GGMLQuantizationType as Types, GGUFWriter, TokenType
from gguf.quants import dequantize, quantize
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

HERE = pathlib.Path(__file__).parent
HIDDEN, HEADS, KV_HEADS, INNER, LAYERS, VOCAB, EPS, THETA = 64, 4, 2, 96, 2, 288, 1e-5, 5e5
END, MASK, ROWS = 260, 261, 24
# name: architecture, class, rows of q and k in pairs, whole sequence, type of the matrices, tied, further metadata
MODELS = {
    "llama": ("llama", LlamaForCausalLM, LlamaConfig, True, False, Types.Q4_1, True, {}),
    "qwen2": ("qwen2", Qwen2ForCausalLM, Qwen2Config, False, False, Types.Q8_0, False, {}),
    "qwen3": ("qwen3", Qwen3ForCausalLM, Qwen3Config, False, False, Types.Q5_0, True, {}),
    "dream": ("dream", Qwen2ForCausalLM, Qwen2Config, False, True, Types.Q4_0, False, {"causal": False, "mask": MASK}),
    "llada": ("llada", LlamaForCausalLM, LlamaConfig, True, True, Types.BF16, False, {"causal": False, "mask": MASK, "shift": False, "bos": True}),
}
PARTS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def byte_tokens():
    """The character that stands for each byte in byte-level BPE: itself where it is printable, else one from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(moved)) for b in range(256)]


def permute(w, heads):
    """llama.cpp's order of the rows of q and k, as its converter has it."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def restore(w, heads):
    return w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def ggml_name(name):
    whole = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    if name in whole:
        return whole[name]
    _, _, layer, part = name.split(".", 3)
    part, kind = part.rsplit(".", 1)
    return f"blk.{layer}.{PARTS[part]}.{kind}"


def metadata(writer, architecture, more):
    writer.add_vocab_size(VOCAB)
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(EPS)
    writer.add_rope_freq_base(THETA)
    writer.add_key_length(HIDDEN // HEADS)
    writer.add_value_length(HIDDEN // HEADS)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    tokens = byte_tokens() + ["he", "ll", "hell", "Ġhe", "<|end|>", "<|mask|>"]
    kinds = [TokenType.NORMAL] * 260 + [TokenType.CONTROL] * 2
    writer.add_token_list(tokens + [f"[PAD{i}]" for i in range(len(tokens), VOCAB)])
    writer.add_token_types(kinds + [TokenType.UNUSED] * (VOCAB - len(kinds)))
    writer.add_token_merges(["h e", "l l", "he ll", "Ġ he"])
    writer.add_bos_token_id(END)
    writer.add_eos_token_id(END)
    if "mask" in more:
        writer.add_mask_token_id(more["mask"])
    if "causal" in more:
        writer.add_causal_attention(more["causal"])
    if "shift" in more:
        writer.add_diffusion_shift_logits(more["shift"])
    if "bos" in more:
        writer.add_add_bos_token(more["bos"])


golden = {}
for name, (architecture, kind, config, pairs, whole, quantised, tied, more) in MODELS.items():
    torch.manual_seed(1)
    model = kind(config(vocab_size=VOCAB, hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                        num_key_value_heads=KV_HEADS, head_dim=HIDDEN // HEADS, rms_norm_eps=EPS, tie_word_embeddings=tied,
                        max_position_embeddings=512, rope_parameters={"rope_type": "default", "rope_theta": THETA})).eval()
    writer = GGUFWriter(HERE / f"{name}.gguf", architecture)
    metadata(writer, architecture, more)
    for parameter, value in model.named_parameters():
        noise = torch.randn_like(value)
        w = (1 + noise / 4 if "norm" in parameter else noise / 16).detach().numpy()
        heads = HEADS if "q_proj" in parameter else KV_HEADS
        reorder = pairs and ("q_proj" in parameter or "k_proj" in parameter)
        stored = permute(w, heads) if reorder else w
        # Rows of 96 and 64 numbers: whole blocks of 32.
        as_type = quantised if w.ndim == 2 else Types.F32
        packed = quantize(np.ascontiguousarray(stored), as_type)
        writer.add_tensor(ggml_name(parameter), packed, raw_dtype=as_type)
        back = dequantize(packed, as_type)
        value.data = torch.from_numpy(np.ascontiguousarray(restore(back, heads) if reorder else back))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tokens = torch.randint(0, 256, (1, ROWS))
    mask = torch.zeros(1, 1, ROWS, ROWS) if whole else None
    with torch.no_grad():
        logits = model(input_ids=tokens, attention_mask=mask).logits[0]
        if name in ("llama", "qwen2"):  # transformers' own reader agrees; of qwen3 it does not read key_length
            own = AutoModelForCausalLM.from_pretrained(HERE, gguf_file=f"{name}.gguf", dtype=torch.float32).eval()
            assert torch.allclose(own(input_ids=tokens).logits[0], logits, atol=1e-4), name
        if whole:
            assert not torch.allclose(model(input_ids=tokens).logits[0], logits, atol=1e-2), name
    golden[name] = {"whole": whole, "tokens": tokens[0].tolist(), "rows": [0, 5, ROWS - 1],
                    "logits": base64.b64encode(logits[[0, 5, ROWS - 1]].numpy().astype("<f4").tobytes()).decode()}
text = json.dumps(golden, separators=(",", ":")).replace('"},"', '"},\n"')
(HERE / "models.json").write_text(text + "\n")
