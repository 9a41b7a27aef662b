"""The beginning of every script that the sandbox starts: its limits and its pipes.

Descriptor 3 brings frames and descriptor 4 takes them: four bytes of length, the lowest first, and so many bytes.
The arguments are the resource limits. The builtins are copied, so that a candidate that replaces one in this
process harms only itself.
"""
import builtins
import posix
import resource
import sys

__builtins__ = dict(vars(builtins))
leave = posix._exit
type_name = type.__dict__["__name__"].__get__
exception_args = BaseException.__dict__["args"].__get__
exception_traceback = BaseException.__dict__["__traceback__"].__get__


def bound():
    """Set the limits that the arguments give, -1 for none, and leave no trace of how this process was started."""
    kinds = ("RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_STACK", "RLIMIT_CORE")
    for kind, most in zip(kinds, map(int, sys.argv[1:])):
        number = getattr(resource, kind)
        hard = resource.getrlimit(number)[1]
        if most >= 0:
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(number, (most, most))
    sys.argv[:] = [""]
    sys.path[:] = [entry for entry in sys.path if entry]
    posix.environ.clear()


def read_exactly(size):
    chunks = []
    while size > 0:
        chunk = posix.read(3, min(size, 1 << 20))
        if not chunk:
            leave(0)  # the judge has gone, or is done with this process
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def receive():
    """The next frame's bytes; the process ends where there is none."""
    return read_exactly(int.from_bytes(read_exactly(4), "little"))


def send(data):
    data = len(data).to_bytes(4, "little") + data
    view = memoryview(data)
    while len(view):
        view = view[posix.write(4, view):]


def describe(error):
    """One line about an exception, without calling code that the candidate may have written."""
    args = exception_args(error)
    text = args[0] if args and type(args[0]) is str else ""
    return f"{type_name(type(error))}: {text[:200]}" if text else type_name(type(error))


def line_of(error):
    """Where the parser gave up, of an error that it raised."""
    line = error.lineno if type(error) in (SyntaxError, IndentationError, TabError) else None
    return f" (line {line})" if type(line) is int else ""


def failed_line(error, test):
    """The test's line that the exception passed through last."""
    lines, line, trace = test.split("\n"), 0, exception_traceback(error)
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<test>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""


def load(source):
    """Run the candidate as a module named candidate and return its names, or a Refusal. Its main block does not run."""
    try:
        code = compile(source, "<candidate>", "exec")
    except MemoryError:
        raise Refusal("memory limit", "while it was compiled")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Refusal("syntax error", describe(error) + line_of(error))
    module = type(sys)("candidate")
    sys.modules["candidate"] = module
    try:
        exec(code, vars(module))
    except MemoryError:
        raise Refusal("memory limit", "while it was loaded")
    except BaseException as error:
        raise Refusal("runtime error", "while it was loaded: " + describe(error))
    return vars(module)


class Refusal(Exception):
    """A result and a detail: the candidate could not be loaded."""
