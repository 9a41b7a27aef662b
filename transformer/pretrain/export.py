"""Writes a checkpoint in Hugging Face's format."""
import dataclasses
import json
import os
import shutil

import torch
from safetensors.torch import save_file

import data

NAMES = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj", "o": "self_attn.o_proj",
         "q_norm": "self_attn.q_norm", "k_norm": "self_attn.k_norm", "gate": "mlp.gate_proj", "up": "mlp.up_proj",
         "down": "mlp.down_proj", "attn_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm"}


def published(name):
    """The Hugging Face name of one of our parameters."""
    if name in ("embed", "norm"):
        return {"embed": "model.embed_tokens.weight", "norm": "model.norm.weight"}[name]
    _, layer, part = name.split(".")
    return f"model.layers.{layer}.{NAMES[part]}.weight"


def checkpoint(folder, config, weights, tokenizer):
    """config.json, tokenizer.json and model.safetensors in bf16, each replaced whole."""
    os.makedirs(folder, exist_ok=True)
    head = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "torch_dtype": "bfloat16",
            **dataclasses.asdict(config), "hidden_act": "silu", "attention_bias": False, "rope_scaling": None,
            "tie_word_embeddings": True, "eos_token_id": data.EOS, "pad_token_id": data.EOS,
            "mask_token_id": data.MASK, "bd_sizes": data.BLOCKS}
    with open(os.path.join(folder, "config.json"), "w") as f:
        f.write(json.dumps(head, indent=2) + "\n")
    shutil.copyfile(tokenizer, os.path.join(folder, "tokenizer.json"))
    tensors = {published(k): v.bfloat16().contiguous() for k, v in weights.items()}
    save_file(tensors, os.path.join(folder, "new.safetensors"), {"format": "pt"})
    os.chmod(os.path.join(folder, "new.safetensors"), 0o644)
    os.replace(os.path.join(folder, "new.safetensors"), os.path.join(folder, "model.safetensors"))
