"""Runs a candidate program and then its test, and writes the verdict to descriptor 4.

Descriptor 3 gives the job: a line of numbers (the resource limits, then the lengths of the six texts that
follow) and the texts: nonce, source, setup, test, entry point, beside. The verdict counts only behind the nonce, and the nonce
is written only here. What runs after the candidate uses no name that the candidate could have replaced: the
builtins below are a copy made before it ran.
"""
import builtins
import collections
import posix
import resource
import sys

__builtins__ = dict(vars(builtins))  # what this file's functions and the test see from here on
pristine = __builtins__
settrace, setprofile, exception_traceback = sys.settrace, sys.setprofile, BaseException.__dict__["__traceback__"].__get__
type_name = type.__dict__["__name__"].__get__
exception_args = BaseException.__dict__["args"].__get__
write, leave = posix.write, posix._exit

leaves = {type(None), bool, int, float, complex, str, bytes, bytearray, range, type(Ellipsis)}
sequences = {list, tuple, set, frozenset, collections.deque}
mappings = {dict, collections.OrderedDict, collections.defaultdict}
iterators = {type(x for x in ()), map, filter, zip, enumerate, reversed, type(iter([])), type(iter(()))}
Counter, items_of = collections.Counter, dict.items


class NotData(Exception):
    """The candidate returned an object whose comparisons would be its own code."""


def data(value):
    """Return value if it is made of exact builtin types, whose == the candidate cannot have written."""
    kind = type(value)
    if kind in leaves:
        return value
    if kind in sequences:
        for item in value:
            data(item)
        return value
    if kind in mappings:
        for key, item in items_of(value):
            data(key), data(item)
        return value
    if kind is Counter:
        return data(dict(items_of(value)))
    if kind in iterators:
        return (data(item) for item in value)
    raise NotData(f"returned an object of type {type_name(kind)}: only plain data is compared")


def guard(function):
    """Wrap the candidate: its result is plain data, and the tracing that it set up ends when it returns."""

    def candidate(*args, **keywords):
        try:
            return data(function(*args, **keywords))
        finally:
            settrace(None)
            setprofile(None)

    return candidate


def describe(error):
    """One line about an exception, without calling code that the candidate may have written."""
    args = exception_args(error)
    text = args[0] if args and type(args[0]) is str else ""
    return f"{type_name(type(error))}: {text[:200]}" if text else type_name(type(error))


def failed_line(error, test):
    """The test's line that the exception passed through last."""
    lines, line, trace = test.split("\n"), 0, exception_traceback(error)
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<test>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""


def load(source):
    """Run the candidate as a module named candidate and return its names."""
    code = compile(source, "<candidate>", "exec")
    module = type(sys)("candidate")
    sys.modules["candidate"] = module
    exec(code, vars(module))
    return vars(module)


def check(names, setup, test, entry, beside):
    """Run check(candidate). The test may use the candidate's helpers, but the builtins are the original ones."""
    space = {name: value for name, value in names.items() if name not in pristine}
    space.update({"__builtins__": pristine, "__name__": "test"})
    exec(compile(setup, "<setup>", "exec"), space)
    candidate = space[entry] = names[entry] if beside else guard(names[entry])
    exec(compile(test, "<test>", "exec"), space)
    space["check"](candidate)


def judge(source, setup, test, entry, beside):
    """The result and a line of detail."""
    try:
        try:
            names = load(source)
        finally:
            settrace(None)
            setprofile(None)
    except (SyntaxError, ValueError) as error:
        if exception_traceback(error).tb_next is not None and exception_traceback(error).tb_next.tb_next is not None:
            return "runtime error", "while it was loaded: " + describe(error)
        return "syntax error", describe(error)
    except MemoryError:
        return "memory limit", ""
    except BaseException as error:
        return "runtime error", "while it was loaded: " + describe(error)
    if entry not in names:
        return "runtime error", f"the program defines no {entry}"
    try:
        check(names, setup, test, entry, beside)
    except AssertionError as error:
        return "fail", failed_line(error, test) or describe(error)
    except NotData as error:
        return "fail", describe(error)
    except MemoryError:
        return "memory limit", ""
    except BaseException as error:
        return "runtime error", describe(error)
    return "pass", ""


def receive():
    """Read the job, close its descriptor and bound this process; return the six texts."""
    chunks = []
    while chunk := posix.read(3, 1 << 20):
        chunks.append(chunk)
    posix.close(3)
    head, _, body = b"".join(chunks).partition(b"\n")
    numbers = [int(n) for n in head.split()]
    kinds = ("RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_STACK", "RLIMIT_CORE")
    for kind, most in zip(kinds, numbers):
        number = getattr(resource, kind)
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))
    texts = []
    for length in numbers[len(kinds):]:
        texts.append(body[:length].decode("utf-8", "replace"))
        body = body[length:]
    return texts


def main():
    sys.path[:] = [entry for entry in sys.path if entry]
    posix.environ.clear()
    nonce, source, setup, test, entry, beside = receive()
    write(4, (nonce + " ready\n").encode())
    out_of_memory = (nonce + " memory limit\n").encode()
    try:
        result, detail = judge(source, setup, test, entry, beside)
        message = f"{nonce} {result}\n{detail}".encode("utf-8", "replace")
    except MemoryError:
        message = out_of_memory
    write(4, message)
    leave(0)


main()
