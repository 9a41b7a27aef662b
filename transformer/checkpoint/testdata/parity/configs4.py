"""Writes configs4.json: config.json of some cases of parity.py as transformers 4 saves it.

    pip install --target transformers4 --no-deps transformers==4.57.6 huggingface_hub==0.36.0 tokenizers==0.22.1
    PYTHONPATH=transformers4 python configs4.py
"""
import json
import pathlib
import tempfile

import transformers as hf

HERE = pathlib.Path(__file__).parent
SIZES = {"vocab_size": 264, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
         "head_dim": 16, "max_position_embeddings": 128, "bos_token_id": 256, "eos_token_id": 257, "pad_token_id": None, "torch_dtype": "float32"}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
YARN = {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16}
WINDOW = {"use_sliding_window": True, "sliding_window": 8}
CASES = {
    "llama": (hf.LlamaConfig, {"architectures": ["LlamaForCausalLM"]}),
    "llama-theta": (hf.LlamaConfig, {"rope_theta": 500.0, "rms_norm_eps": 0.1}),
    "llama-linear": (hf.LlamaConfig, {"rope_scaling": {"rope_type": "linear", "factor": 4.0}}),
    "llama-llama3": (hf.LlamaConfig, {"rope_scaling": LLAMA3}),
    "llama-yarn": (hf.LlamaConfig, {"rope_scaling": YARN}),
    "llama-bias": (hf.LlamaConfig, {"attention_bias": True, "mlp_bias": True}),
    "llama-tied": (hf.LlamaConfig, {"tie_word_embeddings": True}),
    "qwen2-window": (hf.Qwen2Config, WINDOW | {"max_window_layers": 1}),
    "qwen3": (hf.Qwen3Config, {"rope_theta": 1e6}),
    "qwen3-window": (hf.Qwen3Config, WINDOW | {"max_window_layers": 2}),
    "mistral": (hf.MistralConfig, {"sliding_window": None}),
    "mistral-window": (hf.MistralConfig, {"sliding_window": 8}),
    "smollm3": (hf.SmolLM3Config, {"no_rope_layer_interval": 2, "rope_theta": 1e4}),
    "smollm3-window": (hf.SmolLM3Config, WINDOW | {"no_rope_layers": [0, 1, 0], "rope_theta": 1e4}),
}

golden = {}
for name, (kind, changes) in CASES.items():
    config = kind(**SIZES | changes)
    config.architectures = [kind.__name__.replace("Config", "ForCausalLM")]
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        golden[name] = json.loads((pathlib.Path(folder) / "config.json").read_text())
(HERE / "configs4.json").write_text("{\n" + ",\n".join(f"{json.dumps(n)}: {json.dumps(c)}" for n, c in golden.items()) + "\n}\n")
