"""An agent on a real terminal: a pty that a test types at."""

import os
import pty
import re
import select
import subprocess
import time

from sealwright.agent.calling import Agent

from tests.cli.runner import ENTRY, LONG, hearing, wait_until


class OnTerminal:
    """`sealwright agent` of a home, with somebody at its terminal."""

    def __init__(self, cli, *options, environment=None):
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*ENTRY, "agent", "--home", str(cli.home), *map(str, options)],
            preexec_fn=lambda: (hearing(), os.setsid(), os.open(os.ttyname(slave), os.O_RDWR)),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**cli.environment(), "TERM": "dumb", **(environment or {})},
        )
        os.close(slave)
        self.said = ""
        self.agent = Agent(cli.home)

    def until(self, words):
        """Read until these words are there; what came since the last time."""
        end, seen = time.monotonic() + LONG, ""
        while words not in seen:
            assert time.monotonic() < end, self.said
            if select.select([self._master], [], [], 0.2)[0]:
                try:
                    piece = os.read(self._master, 65536).decode()
                except OSError:
                    piece = ""
                if not piece:
                    raise AssertionError(f"ended: {self.said}")
                seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece).replace("\r\n", "\n")
                self.said += seen
        return seen

    def type(self, text):
        os.write(self._master, text.encode() + b"\n")

    def outcome(self, asked):
        """What came of an act, once something has."""

        def found():
            one = self.agent.look(asked["id"])
            return one if one["state"] not in ("waiting", "asked") else None

        return wait_until(found)

    def end(self):
        """The exit code, after a kill where it still runs."""
        try:
            self.agent.lock()
        except Exception:
            self.process.kill()
        while True:  # a full terminal would hold it up
            try:
                if not os.read(self._master, 65536):
                    break
            except OSError:
                break
        code = self.process.wait(LONG)
        os.close(self._master)
        return code
