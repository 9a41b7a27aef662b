"""Writes rope.json: the inverse frequencies and the attention factor of transformers' modeling_rope_utils for scalings that
cover every branch of the formulas.

    pip install torch==2.15.0 transformers==5.24.0 && python rope.py
"""
import json
import pathlib

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

HERE = pathlib.Path(__file__).parent
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
YARN = {"rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 16384}
CASES = [  # theta, numbers a head, positions, parameters
    (1e4, 64, 4096, {"rope_type": "linear", "factor": 4.0}),
    (5e5, 128, 131072, LLAMA3),
    (1e4, 16, 64, LLAMA3 | {"factor": 4.0, "original_max_position_embeddings": 16}),
    (1e4, 64, 2048, LLAMA3 | {"low_freq_factor": 2.0, "high_freq_factor": 8.0, "original_max_position_embeddings": 512}),
    (1e6, 128, 262144, YARN),
    (1e6, 128, 262144, YARN | {"truncate": False}),
    (1e6, 128, 262144, YARN | {"beta_fast": 64.0, "beta_slow": 2.0}),
    (1e6, 128, 262144, YARN | {"mscale": 1.0, "mscale_all_dim": 1.0}),
    (1e6, 128, 262144, YARN | {"mscale": 1.5, "mscale_all_dim": 0.5}),
    (1e6, 128, 262144, YARN | {"mscale": 1.5}),
    (1e6, 128, 262144, YARN | {"attention_factor": 0.75}),
    (1e4, 16, 64, YARN | {"factor": 4.0, "original_max_position_embeddings": 16}),
    (1e4, 16, 64, YARN | {"factor": 0.5, "original_max_position_embeddings": 128}),
    (1e4, 4, 64, YARN | {"factor": 4.0, "original_max_position_embeddings": 6}),  # the ramp has no width
    (1e8, 128, 393216, YARN | {"factor": 48.0, "original_max_position_embeddings": 8192, "beta_fast": 4.0}),
]

golden = []
for theta, dim, positions, parameters in CASES:
    config = LlamaConfig(hidden_size=4 * dim, num_attention_heads=4, max_position_embeddings=positions,
                         rope_parameters={**parameters, "rope_theta": theta})
    frequencies, scale = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config)
    golden.append({"theta": theta, "dim": dim, "positions": positions, "parameters": parameters,
                   "frequencies": frequencies.double().tolist(), "scale": scale})
(HERE / "rope.json").write_text("[\n" + ",\n".join(json.dumps(g) for g in golden) + "\n]\n")
