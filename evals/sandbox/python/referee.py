"""The trusted side: runs the tests, one after the other, each in a fork of this process.

A job is a JSON object: Source, Setup, Test, EntryPoint. What a job's process sends is "C" and a message for the
candidate's process, which the next frame answers, or "V", a result, a newline and a line of detail, which ends it.
A verdict is sent once: here a candidate's every misstep ends the test at once, so that no handler of exceptions
in it can take notice.
"""
import collections, copy, decimal, fractions, functools, gc, heapq, itertools, json, math, operator, os, random, re, string, typing


def finish(result, detail=""):
    send(f"V{result}\n{detail}".encode("utf-8", "replace"))
    leave(0)


class Referee(Wire):
    def post(self, data):
        send(b"C" + data)

    def call(self, target, args, keywords):
        try:
            return super().call(target, args, keywords)
        except NotData as error:
            finish("sandbox error", f"the test passes {error.args[0]}, which does not cross: it must run beside the candidate")

    def refused(self, why):
        finish("fail", f"{why if type(why) is str else 'returned something else'}: only plain data is compared")

    def broken(self, error):
        finish("runtime error", f"it broke the protocol: {describe(error)}")

    def load(self, source):
        """Have the candidate's process load the candidate, and return the names of what can be called there."""
        self.say(["load", source])
        kind, first, *rest = self.hear()
        if kind == "raise" and type(first) is MemoryError:
            finish("memory limit", "while it was loaded")
        if kind == "refused" and first in ("syntax error", "runtime error", "memory limit"):
            finish(first, rest[0] if type(rest[0]) is str else "")
        if kind == "loaded" and type(first) is list:
            return [name for name in first if type(name) is str]
        self.broken(Broken("no names"))


def names_in(code):
    """The global names that a code object uses, those of the functions in it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is type(code):
            names |= names_in(constant)
    return names


def judge(source, setup, test, entry):
    space = {"__name__": "test", "__builtins__": builtins}
    try:
        exec(compile(setup, "<setup>", "exec"), space)
        code = compile(test, "<test>", "exec")
    except BaseException as error:
        finish("sandbox error", f"the task's own code does not run: {describe(error)}")
    referee = Referee()
    names = referee.load(source)
    if entry not in names:
        finish("runtime error", f"the program defines no {entry}")
    for name in names_in(code).intersection(names).difference(space, vars(builtins)):
        space[name] = referee.stub(name)
    candidate = space[entry] = referee.stub(entry)
    try:
        exec(code, space)
        if "check" not in space:
            finish("sandbox error", "the test defines no check")
        check, space[entry] = space["check"], candidate  # an entry point may be named check too
        check(candidate)
    except AssertionError as error:
        why = f" ({entry} gave an object of type {Thing.compared}, which equals nothing here)" if Thing.compared else ""
        finish("fail", (failed_line(error, test) or describe(error)) + why)
    except MemoryError:
        finish("memory limit")
    except BaseException as error:
        finish("runtime error", describe(error))
    finish("pass")


def unreadable():
    """Keep other processes of the same user, where they are not kept apart otherwise, from this one's memory."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    except (ImportError, OSError, AttributeError):
        pass


def main():
    bound()
    unreadable()
    gc.disable()  # what is never collected is copied into no fork
    send(b"ready")
    while True:
        job = json.loads(receive())
        child = posix.fork()
        if child == 0:
            try:
                judge(job["Source"], job["Setup"], job["Test"], job["EntryPoint"])
            finally:
                leave(1)
        _, status = posix.waitpid(child, 0)
        if status != 0:
            send(b"Vruntime error\nthe test's process broke on what the program returned")


main()
