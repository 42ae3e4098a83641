"""An ESP32 on the bench: boards/esp32 on the unix port, its console on a pty, with control of its flash and power."""

import json
import os
import pty
import select
import subprocess
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sealwright.emulator.esp32.flash import make_flash
from sealwright.emulator.esp32.interpreter import environment, micropython
from sealwright.emulator.esp32.process import HEAP
from sealwright.link import Client, connect

from .contract import ROOT

BOARD = ROOT / "boards" / "esp32"


class Esp32:
    """The board in `folder`. Its wire stays open without power, as a cable does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._wire, self._far_end = pty.openpty()
        tty.setraw(self._far_end)
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "hardware.json").write_text(json.dumps({"board": "esp32", "series": []}))
        make_flash(folder, BOARD)

    @property
    def url(self) -> str:
        return f"serial:{os.ttyname(self._far_end)}"

    def power_on(self) -> None:
        command = micropython("-X", f"heapsize={HEAP}", str(BOARD.parent / "emulated" / "esp32" / "power_on.py"))
        self._process = subprocess.Popen(
            command, stdin=self._wire, stdout=self._wire, stderr=self._wire, cwd=self.folder, env=environment(BOARD)
        )

    def power_off(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def wait(self, seconds: float = 120) -> int:
        """The exit code of its process, once it ends by itself. Raises TimeoutExpired."""
        assert self._process
        return self._process.wait(seconds)

    @property
    def is_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def type(self, keys: bytes) -> None:
        os.write(self._far_end, keys)

    def read_wire(self, seconds: float, until: bytes | None = None) -> bytes:
        """The bytes on the wire within so many seconds, or until `until` is among them."""
        output, end = b"", time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0 and (until is None or until not in output):
            if select.select([self._far_end], [], [], rest)[0]:
                output += os.read(self._far_end, 4096)
        return output

    @contextmanager
    def client(self) -> Iterator[Client]:
        with connect(self.url, 60) as client:
            yield client

    def throw_away(self) -> None:
        self.power_off()
        os.close(self._wire)
        os.close(self._far_end)
