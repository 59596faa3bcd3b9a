#!/usr/bin/env python3
"""Runs a command on a terminal of its own and prints what it sends there.

    terminal.py [--columns N] [--when PATTERN ACTION]... [--answer PATTERN TEXT]... COMMAND...

ACTION, once for each --when and in their order, as soon as PATTERN (a regular expression) is in what came since the one before:
    columns=N   the terminal gets another width
    signal=N    the command gets that signal
TEXT is typed, and ended, whenever PATTERN is in what came since the last answer.
Exits as the command does, 128 + N where a signal ended it.
"""
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time


def set_columns(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))


def act(action, fd, pid):
    what, value = action.split("=")
    if what == "columns":
        set_columns(fd, int(value))
    elif what == "signal":
        os.kill(pid, int(value))
    else:
        sys.exit("terminal.py: no such action: " + action)


def main(arguments):
    columns = 80
    steps = []
    answers = []
    while arguments and arguments[0].startswith("--"):
        if arguments[0] == "--columns":
            columns = int(arguments[1])
            arguments = arguments[2:]
        elif arguments[0] == "--when":
            steps.append((re.compile(arguments[1].encode()), arguments[2]))
            arguments = arguments[3:]
        elif arguments[0] == "--answer":
            answers.append((re.compile(arguments[1].encode()), arguments[2].encode() + b"\n"))
            arguments = arguments[3:]
        else:
            sys.exit("terminal.py: no such option: " + arguments[0])
    master, slave = os.openpty()
    set_columns(slave, columns)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.close(slave)
        os.close(master)
        os.execvp(arguments[0], arguments)
    os.close(slave)
    deadline = time.monotonic() + float(os.environ.get("DBR_TEST_TIMEOUT", "60"))
    since = unanswered = b""
    while True:
        ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
            sys.exit("terminal.py: the command did not end")
        try:
            data = os.read(master, 65536)
        except OSError:  # the command has closed its end
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        since += data
        while steps:
            found = steps[0][0].search(since)
            if not found:
                break
            act(steps.pop(0)[1], master, pid)
            since = since[found.end() :]
        unanswered += data
        for pattern, text in answers:
            if pattern.search(unanswered):
                unanswered = b""
                os.write(master, text)
                break
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if steps:
        sys.exit("terminal.py: never seen: %r" % steps[0][0].pattern)
    sys.exit(status if status >= 0 else 128 - status)


main(sys.argv[1:])
