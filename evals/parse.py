"""Parses Python texts, one request a line, and never runs any of them.

A request is {"text": ..., "entry": ...}; the answer is
  {"ok": bool, "line": n, "why": "...",            does the whole text compile; if not, where it fails
   "defines": bool,                                does it give the entry's name a meaning at its top
   "returns": bool,                                by a function that returns something, or a class
   "lacks": [...],                                 names that it uses and nowhere binds
   "future": n,                                    lines that the imports from __future__ take
   "run": [first, last] or null}                   the longest run of whole lines that compiles and is no prose, where
                                                   that is not the whole
Lines count from 1. A run with the entry's function wins over one that binds the name otherwise, and that over any without it.
"""
import ast
import builtins
import json
import resource
import sys

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
functions = (ast.FunctionDef, ast.AsyncFunctionDef)
scopes = functions + (ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def parse(text):
    """The tree, or the line and the reason of the failure: a "return" outside of a function parses, but is no program."""
    try:
        tree = ast.parse(text)
        compile(tree, "answer", "exec", dont_inherit=True)
        return tree, 0, ""
    except SyntaxError as error:
        return None, error.lineno or 0, error.msg
    except (ValueError, MemoryError, RecursionError) as error:
        return None, 0, type(error).__name__


def meaning(tree, entry):
    """What the name is at the top: 2 for a function that returns something and for a class, 1 for any other, 0 for nothing."""
    best, nodes = 0, list(tree.body)
    for node in nodes:  # which grows
        if not isinstance(node, scopes):
            nodes.extend(ast.iter_child_nodes(node))
        if isinstance(node, functions + (ast.ClassDef,)) and node.name == entry:
            best = max(best, 2 if isinstance(node, ast.ClassDef) or any(map(returns, ast.walk(node))) else 1)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == entry:
            best = max(best, 1)
        elif isinstance(node, ast.alias) and (node.asname or node.name.split(".")[0]) == entry:
            best = max(best, 1)
    return best


def returns(node):
    return isinstance(node, (ast.Yield, ast.YieldFrom)) or isinstance(node, ast.Return) and node.value is not None


def lacks(tree):
    """The names that the tree uses and binds nowhere, in any scope."""
    used, bound = set(), set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name.split(".")[0])
        else:
            bound.update(getattr(node, field, None) for field in ("name", "arg", "rest"))
    return sorted(used - bound)


def prose(node):
    """A word or two at the top of an answer can be an expression: names alone do nothing as a statement."""
    return isinstance(node, ast.Expr) and not any(
        isinstance(part, (ast.Call, ast.Await, ast.Constant, ast.NamedExpr)) for part in ast.walk(node))


def trimmed(tree):
    """The first and the last line of the tree's statements, without prose before and behind them."""
    body = tree.body
    while body and prose(body[0]):
        body = body[1:]
    while body and prose(body[-1]):
        body = body[:-1]
    if not body:
        return None
    first = min([body[0].lineno] + [d.lineno for d in getattr(body[0], "decorator_list", [])])
    return first, body[-1].end_lineno


def longest(text, entry):
    """Start at each line of column 0. An error names the line from which on no end can help, so few ends are tried."""
    lines, best, budget = text.split("\n"), None, 2_000_000  # bytes parsed, a second or two
    for start, line in enumerate(lines):
        if not line[:1].strip():
            continue
        end = len(lines)
        while start < end and budget > 0:
            if best and best[0] > 1 and best[1] >= end - start:
                break
            part = "\n".join(lines[start:end])
            budget -= len(part) + 100
            tree, failed, _ = parse(part)
            if tree is not None:
                span = trimmed(tree)
                if span is not None:
                    has = meaning(tree, entry)
                    length = span[1] - span[0] + 1
                    if best is None or (has, length) > best[:2]:
                        best = (has, length, start + span[0], start + span[1])
                break
            end = min(end - 1, start + failed - 1) if 0 < failed else end - 1
    return best and best[2:]


def answer(text, entry):
    tree, line, why = parse(text)
    if tree is None:
        return {"ok": False, "line": line, "why": why, "run": longest(text, entry)}
    future = [n.end_lineno for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "__future__"]
    first, last = trimmed(tree) or (1, 0)
    run = None if first > last or not any(map(prose, tree.body)) else [first, last]
    what = meaning(tree, entry)
    return {"ok": True, "run": run, "defines": what > 0, "returns": what > 1, "lacks": lacks(tree), "future": max(future, default=0)}


for request in sys.stdin:
    request = json.loads(request)
    print(json.dumps(answer(request["text"], request["entry"])), flush=True)
