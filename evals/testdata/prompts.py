"""Writes prompts.json: the prompts of EvalPlus and lm-evaluation-harness for one task, by their own code, in SmolLM2's chat template.

    pip install transformers==5.24.0 jinja2==3.1.6 && pip download --no-deps evalplus==0.3.1 lm_eval==0.4.13 && unzip both wheels here
    python prompts.py EVALPLUS_FOLDER LM_EVAL_FOLDER
"""
import importlib.util
import json
import pathlib
import re
import sys

from jinja2 import BaseLoader, Environment, StrictUndefined
from transformers.utils.chat_template_utils import render_jinja_template

evalplus, lm_eval = map(pathlib.Path, sys.argv[1:])
here = pathlib.Path(__file__).parent
template = (here / "../../transformer/chat/testdata/templates/SmolLM2-135M-Instruct.jinja").read_text(encoding="utf-8")
task = 'from typing import List\n\n\ndef pick(xs: List[int]) -> int:\n    """ Give the first of {xs} & "more" {{ x }}.\n    >>> pick([1])\n    1\n    """\n'


class Tokenizer:
    chat_template = template

    def apply_chat_template(self, messages, tokenize=False, **more):
        return render_jinja_template(conversations=[messages], chat_template=template, bos_token="<|im_start|>", eos_token="<|im_end|>", **more)[0][0]


spec = importlib.util.spec_from_file_location("utility", evalplus / "evalplus/provider/utility.py")
utility = importlib.util.module_from_spec(spec)
spec.loader.exec_module(utility)
source = (evalplus / "evalplus/codegen.py").read_text()
instruction, response = (re.search(rf'{name}_prefix = "(.*)"', source)[1] for name in ("instruction", "response"))
yaml = (lm_eval / "lm_eval/tasks/humaneval/humaneval_instruct.yaml").read_text()
jinja = Environment(loader=BaseLoader, undefined=StrictUndefined, keep_trailing_newline=True)  # as lm_eval/utils.py has it
text, begin = (jinja.from_string(json.loads(re.search(rf"{key}: (.*)", yaml)[1])).render(prompt=task) for key in ("doc_to_text", "gen_prefix"))
golden = {"task": task, "prompts": {
    "evalplus": utility.make_raw_chat_prompt(task.strip() + "\n", instruction, response, Tokenizer()),
    "lm-eval": Tokenizer().apply_chat_template([{"role": "user", "content": text}, {"role": "assistant", "content": begin}], continue_final_message=True),
    "chat": Tokenizer().apply_chat_template([{"role": "user", "content": f"{instruction}\n```\n{task.strip()}\n```\n"}], add_generation_prompt=True),
    "fenced": "```python\n" + task, "completion": task}}
(here / "prompts.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="")
