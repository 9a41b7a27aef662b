"""Writes what the tests of the families compare with: small random checkpoints of every family, as transformers saves them, and
transformers' logits of them in f32.

    pip install -r requirements.txt && python parity.py

- WEIGHTS.safetensors: the tensors of a checkpoint, bf16. Cases that have the same tensors share one file.
- cases.json: transformers' defaults, and cases. A case is a config.json, the weights, and the passes. The row at p of a pass attends to the positions below
  (p // span + 1) * span, and to all for span 0; in layers with a window, to none below p + 1 - window.
- logits.safetensors: the rows of each pass.
- tokenizer.json: bytes, one merge and the special tokens, for all.

transformers has no classes for the published diffusion families. What their code derives from stands for it, under an explicit
mask; their files get the published architecture, keys and tensor names.
"""
import json
import pathlib
import tempfile

import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

HERE = pathlib.Path(__file__).parent
END, MASK = 257, 258
LENGTH, VOCAB = 80, 264
ROWS = [0, 7, 21, 40, 63, LENGTH - 1]
SPANS = [1, 0, 8]
SIZES = {"vocab_size": VOCAB, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 128, "bos_token_id": 256, "eos_token_id": END, "pad_token_id": None}
PLAIN = {"rope_type": "default", "rope_theta": 1e4}
LINEAR = PLAIN | {"rope_type": "linear", "factor": 4.0}
LLAMA3 = PLAIN | {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
YARN = PLAIN | {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16}
MINISTRAL3 = YARN | {"mscale": 1.0, "mscale_all_dim": 1.0, "beta_fast": 32.0, "beta_slow": 1.0, "llama_4_scaling_beta": 0.1}


def text_tokenizer():
    """Bytes in byte-level BPE's order, one merge, and three special tokens."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    t = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)} | {"he": 256}, merges=[("h", "e")]))
    t.pre_tokenizer, t.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    t.add_special_tokens([AddedToken("<|end|>", special=True), AddedToken("<|mask|>", special=True)])
    assert t.token_to_id("<|end|>") == END and t.token_to_id("<|mask|>") == MASK
    t.save(str(HERE / "tokenizer.json"))


def fill(model, state):
    """Random numbers that bf16 holds, the same for every model with the same tensors: attention is far from uniform, so that a
    wrong position, window or bias shows."""
    generator = torch.Generator().manual_seed(7)
    for name, value in sorted(model.named_parameters()):
        noise = torch.randn(value.shape, generator=generator)
        scale = 0.2 if "q_proj" in name or "k_proj" in name else 0.1
        w = 1 + noise / 4 if "norm" in name else noise / 4 if "bias" in name else noise if "embed" in name else noise * scale
        value.data = state.setdefault(name, w.bfloat16().float())


def masks(span, window):
    """The additive masks of a pass, without and with the window."""
    p = torch.arange(LENGTH)
    limit = (p // span + 1) * span if span else torch.full_like(p, LENGTH)
    full = p[None] < limit[:, None]
    bound = full if window is None else full & (p[None] > p[:, None] - window)
    return [torch.zeros(LENGTH, LENGTH).masked_fill(~m, torch.finfo(torch.float32).min)[None, None] for m in (full, bound)]


def logits(model, config, tokens, span):
    text = config.get_text_config()
    window = getattr(text, "sliding_window", None)
    full, bound = masks(span, window)
    if span == 1:
        mask = None  # the model's own
    elif getattr(text, "layer_types", None):
        mask = {"full_attention": full, "sliding_attention": bound}
    else:
        mask = bound
    with torch.no_grad():
        return model(input_ids=tokens, attention_mask=mask, use_cache=False).logits[0, ROWS].contiguous()


# A case: name, weights, class, changes of SIZES, what the published config.json says instead, and tensors renamed.
def cases():
    llama, qwen2, qwen3 = (hf.LlamaForCausalLM, hf.Qwen2ForCausalLM, hf.Qwen3ForCausalLM)
    mistral, ministral, ministral3, smollm3 = (hf.MistralForCausalLM, hf.MinistralForCausalLM, hf.Ministral3ForCausalLM, hf.SmolLM3ForCausalLM)
    yield "llama", "llama", llama, {"rope_parameters": PLAIN}
    yield "llama-theta", "llama", llama, {"rope_parameters": PLAIN | {"rope_theta": 500.0}, "rms_norm_eps": 0.1}
    yield "llama-linear", "llama", llama, {"rope_parameters": LINEAR}
    yield "llama-llama3", "llama", llama, {"rope_parameters": LLAMA3}
    yield "llama-yarn", "llama", llama, {"rope_parameters": YARN}
    yield "llama-yarn-all", "llama", llama, {"rope_parameters": YARN | {
        "original_max_position_embeddings": 64, "beta_fast": 2.0, "beta_slow": 0.25, "truncate": False, "attention_factor": 1.2}}
    yield "llama-yarn-mscale", "llama", llama, {"rope_parameters": YARN | {"mscale": 1.5, "mscale_all_dim": 0.5}}
    yield "llama-bias", "llama-bias", llama, {"rope_parameters": PLAIN, "attention_bias": True, "mlp_bias": True}
    yield "llama-tied", "tied", llama, {"rope_parameters": PLAIN, "tie_word_embeddings": True}
    yield "qwen2", "qwen2", qwen2, {"rope_parameters": PLAIN | {"rope_theta": 1e6}}
    yield "qwen2-window", "qwen2", qwen2, {"rope_parameters": PLAIN, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}
    yield "qwen2-types", "qwen2", qwen2, {"rope_parameters": PLAIN, "use_sliding_window": True, "sliding_window": 12,
                                          "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
    yield "qwen2-yarn", "qwen2", qwen2, {"rope_parameters": YARN | {"rope_theta": 1e6}}
    yield "qwen3", "qwen3", qwen3, {"rope_parameters": PLAIN | {"rope_theta": 1e6}}
    yield "qwen3-window", "qwen3", qwen3, {"rope_parameters": PLAIN, "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 2}
    yield "qwen3-bias", "qwen3-bias", qwen3, {"rope_parameters": PLAIN, "attention_bias": True}
    yield "mistral", "llama", mistral, {"rope_parameters": PLAIN, "sliding_window": None}
    yield "mistral-window", "llama", mistral, {"rope_parameters": PLAIN, "sliding_window": 8}
    yield "ministral", "llama", ministral, {"rope_parameters": PLAIN, "sliding_window": 8, "layer_types": ["full_attention", "sliding_attention", "full_attention"]}
    yield "ministral3", "llama", ministral3, {"rope_parameters": MINISTRAL3}
    yield "ministral3-window", "llama", ministral3, {"rope_parameters": MINISTRAL3, "sliding_window": 8}
    yield "smollm3", "tied", smollm3, {"rope_parameters": PLAIN, "no_rope_layer_interval": 2}
    yield "smollm3-window", "tied", smollm3, {"rope_parameters": PLAIN, "no_rope_layers": [0, 1, 0], "use_sliding_window": True, "sliding_window": 8}
    yield "smollm3-bias", "llama-bias", smollm3, {"rope_parameters": PLAIN, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": False}
    yield "mistral3", "mistral3", hf.Mistral3ForConditionalGeneration, {"rope_parameters": MINISTRAL3}

    # The published diffusion families.
    mask = {"mask_token_id": MASK}
    yield "dream", "qwen2", qwen2, {"rope_parameters": PLAIN}, {"architectures": ["DreamModel"], "model_type": "Dream"} | mask
    yield "sdar", "qwen3", qwen3, {"rope_parameters": PLAIN}, {"architectures": ["SDARForCausalLM"], "model_type": "sdar", "block_size": 8,
                                                                "fuse_cross_entropy": True, "debug": False} | mask
    yield "fast-dllm", "qwen2", qwen2, {"rope_parameters": PLAIN}, {"architectures": ["Fast_dLLM_QwenForCausalLM"],
                                                                     "model_type": "Fast_dLLM_Qwen", "bd_size": 8} | mask
    yield "stable-diffcoder", "llama", llama, {"rope_parameters": PLAIN}, {"architectures": ["StableDiffcoderForCausalLM"], "block_size": 8} | mask
    yield "wedlm", "qwen3", qwen3, {"rope_parameters": PLAIN}, {"architectures": ["WeDLMForCausalLM"], "model_type": "wedlm", "qk_norm": True} | mask
    yield "i-dlm", "qwen3", qwen3, {"rope_parameters": PLAIN}, {"use_regular_causal": True} | mask
    yield "nemotron", "nemotron", ministral3, {"rope_parameters": MINISTRAL3}, {
        "architectures": ["NemotronLabsDiffusionModel"], "model_type": "nemotron_labs_diffusion", "block_size": 8, "dlm_paradigm": "bidirectional",
        "ar_loss_weight": 1.0, "dlm_loss_weight": None, "dp_varying_mask_ratio": False, "attention_bias": False, "mlp_bias": False} | mask
    yield "llada", "llada", llama, {"rope_parameters": PLAIN | {"rope_theta": 5e5}, "head_dim": 8, "rms_norm_eps": 1e-5}, "llada"


LLADA = {"d_model": 32, "n_heads": 4, "n_kv_heads": 2, "n_layers": 3, "mlp_hidden_size": 48, "vocab_size": VOCAB, "embedding_size": VOCAB,
         "max_sequence_length": 128, "rms_norm_eps": 1e-5, "rope_theta": 5e5, "eos_token_id": END, "pad_token_id": END, "mask_token_id": MASK,
         "architectures": ["LLaDAModelLM"], "model_type": "llada", "activation_type": "silu", "alibi": False, "alibi_bias_max": 8.0,
         "attention_dropout": 0.0, "attention_layer_norm": False, "attention_layer_norm_with_affine": True, "bias_for_layer_norm": False,
         "block_group_size": 1, "block_type": "llama", "embedding_dropout": 0.0, "flash_attention": False, "include_bias": False,
         "include_qkv_bias": False, "init_cutoff_factor": None, "init_device": "meta", "init_fn": "mitchell", "init_std": 0.02,
         "input_emb_norm": False, "layer_norm_type": "rms", "layer_norm_with_affine": True, "mlp_ratio": 4, "multi_query_attention": None,
         "precision": "amp_bf16", "residual_dropout": 0.0, "rope": True, "rope_full_precision": True, "scale_logits": False,
         "transformers_version": "4.46.3", "use_cache": False, "weight_tying": False}
LLADA_PARTS = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ff_norm", "self_attn.o_proj": "attn_out", "self_attn.": "",
               "mlp.gate_proj": "ff_proj", "mlp.up_proj": "up_proj", "mlp.down_proj": "ff_out"}


def published(weights, name):
    """A tensor's name in the files of a family."""
    if weights == "nemotron":
        return name.replace("model.", "encoder.", 1).replace("lm_head", "diffusion_head")
    if weights == "llada":
        whole = {"model.embed_tokens.weight": "wte.weight", "model.norm.weight": "ln_f.weight", "lm_head.weight": "ff_out.weight"}
        part = name.replace("model.layers.", "blocks.")
        for old, new in LLADA_PARTS.items():
            part = part.replace(old, new)
        return "model.transformer." + whole.get(name, part)
    return name


def build(kind, sizes):
    if kind is not hf.Mistral3ForConditionalGeneration:
        return kind(kind.config_class(**sizes, attn_implementation="eager")).eval()
    text = hf.Ministral3Config(**sizes)
    vision = {"model_type": "pixtral", "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "head_dim": 16,
              "image_size": 32, "patch_size": 16}
    config = hf.Mistral3Config(text_config=text.to_dict(), vision_config=vision, tie_word_embeddings=False, attn_implementation="eager")
    return kind(config).eval()


def defaults():
    """What transformers takes for a key that config.json lacks, by architecture."""
    out = {}
    for kind in {case[2] for case in cases() if len(case) == 4 and case[2] is not hf.Mistral3ForConditionalGeneration}:
        config, own = kind.config_class(), lambda key: getattr(kind.config_class, key, None)
        out[kind.__name__] = {"eps": own("rms_norm_eps"), "kv_heads": own("num_key_value_heads") or 0, "head_dim": own("head_dim") or 0,
                              "tied": own("tie_word_embeddings"), "window": own("sliding_window") or 0, "end": own("eos_token_id") or 0,
                              "rope": config.rope_parameters}
    return dict(sorted(out.items()))


def main():
    text_tokenizer()
    tokens = torch.randint(0, 256, (1, LENGTH), generator=torch.Generator().manual_seed(3))
    golden, rows, states, saved = [], {}, {}, set()
    for name, weights, kind, changes, *instead in cases():
        model = build(kind, SIZES | changes)
        fill(model, states.setdefault(weights, {}))
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            config = json.loads((pathlib.Path(folder) / "config.json").read_text())
            tensors = load_file(pathlib.Path(folder) / "model.safetensors")
        if instead:
            config = LLADA if instead[0] == "llada" else config | instead[0]
        if weights not in saved:
            saved.add(weights)
            save_file({published(weights, n): t.bfloat16().contiguous() for n, t in tensors.items()}, HERE / f"{weights}.safetensors")
        passes = []
        for span in SPANS:
            passes.append({"span": span, "logits": f"{name}.{span}"})
            rows[f"{name}.{span}"] = logits(model, model.config, tokens, span)
        golden.append({"name": name, "weights": weights, "passes": passes, "config": config})
    save_file(rows, HERE / "logits.safetensors")
    lines = ",\n".join(json.dumps(g) for g in golden)
    head = f'"tokens": {json.dumps(tokens[0].tolist())}, "rows": {ROWS},\n"defaults": {json.dumps(defaults())}'
    (HERE / "cases.json").write_text(f'{{{head},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
