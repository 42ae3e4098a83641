"""Boards on a wire, without hardware: a pty with a process behind it, whose cable can be pulled."""

import os
import pty
import signal
import subprocess
import sys
import threading
import tty
from pathlib import Path

HERE = Path(__file__).parent
RESET = 42
RUN = "import sys, micropython_unix; sys.exit(micropython_unix.run_main(sys.argv[1:]))"


class PromptBoard:
    """A board that runs prompt.py on a flash image in `folder`; it is powered and plugged in. `url`: its wire."""

    def __init__(self, folder, blocks=352):
        self._tty = folder / "tty"
        self._image = folder / "flash.img"
        self._blocks = blocks
        self.url = f"serial:{self._tty}"
        self.resets = 0
        if not self._image.exists():
            self._image.write_bytes(b"\xff" * (4096 * blocks))
        self._process = None
        self.plug()

    def plug(self):
        """Connect the wire and switch on."""
        self._wire, self._other = pty.openpty()
        tty.setraw(self._other)
        self._tty.unlink(missing_ok=True)
        self._tty.symlink_to(os.ttyname(self._other))
        self._plugged = True
        self._start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _start(self):
        command = [sys.executable, "-P", "-c", RUN, "micropython", "-X", "heapsize=400k", str(HERE / "prompt.py")]
        self._process = subprocess.Popen(
            [*command, str(self._image), str(self._blocks)], stdin=self._wire, stdout=self._wire, cwd=self._image.parent
        )

    def _watch(self):
        while self._plugged:
            if self._process.wait() == RESET and self._plugged:
                self.resets += 1
                self._start()
            else:
                return

    def pause(self):
        """Have the board answer nothing until `go_on`, as one that is busy."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def pull(self):
        """Take the cable out, and the power with it."""
        if self._plugged:
            self._plugged = False
            self._process.kill()
            self._process.wait()
            os.close(self._wire)
            os.close(self._other)
