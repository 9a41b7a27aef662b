"""Reads a JSON list of programs, runs each with a time limit and writes the list of verdicts."""
import json
import signal
import sys


class TooLong(BaseException):
    pass


def stop(signum, frame):
    raise TooLong


def judge(program):
    try:
        code = compile(program, "program", "exec")
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        exec(code, {"__name__": "program"})
        return "passed"
    except AssertionError:
        return "wrong"
    except TooLong:
        return "timeout"
    except Exception as error:
        return repr(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


signal.signal(signal.SIGALRM, stop)
json.dump([judge(program) for program in json.load(sys.stdin)], sys.stdout)
