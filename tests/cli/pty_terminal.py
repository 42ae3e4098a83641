"""Runs a command on a terminal of some width."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from contextlib import contextmanager

LONG = 120  # seconds


def on_terminal(columns, *command, environment):
    """What the command writes to a terminal that is `columns` wide, line by line, without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [*map(str, command)], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL, env={**kept, "TERM": "xterm"}
    ) as process:
        os.close(slave)
        out = b""
        try:
            while data := os.read(master, 65536):
                out += data
        except OSError:  # Linux: the other end is closed
            pass
        process.wait(120)
    os.close(master)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.decode()).replace("\r\n", "\n").splitlines()


@contextmanager
def typed_at(*command, environment):
    """Somebody at the terminal of a command: a function that types, and one that reads until a text is there."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, preexec_fn=os.setsid)
    os.close(slave)
    seen = ""

    def until(words):
        nonlocal seen
        end = time.monotonic() + LONG
        while words not in seen:
            assert time.monotonic() < end, seen
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536).decode()

    try:
        yield lambda text: os.write(master, text.encode()), until
    finally:
        process.kill()
        process.wait(LONG)
        os.close(master)
