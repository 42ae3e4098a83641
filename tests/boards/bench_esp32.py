"""An ESP32 on the bench: boards/esp32 on the unix port, its console on a pty, its flash and power in our hands."""

import json
import os
import pty
import select
import shutil
import subprocess
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sealwright.device import Client, connect

from .contract import MICROPYTHON, ROOT, build

MODELS = ROOT / "boards" / "emulated" / "esp32"
RESET = 75
ENVIRONMENT = {**os.environ, "MICROPYPATH": f"{MODELS}:{ROOT / 'boards'}:{ROOT / 'firmware'}"}


class Esp32:
    """The board in `folder`. Its wire outlives its power, as a cable does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._wire, self._other = pty.openpty()
        tty.setraw(self._other)
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "hardware.json").write_text(json.dumps({"board": "esp32", "series": []}))
        self._write_flash()

    def _write_flash(self) -> None:
        """What `build` compiles for a board, as slim sources: no chip's machine code runs here."""
        files = self.folder / "files"
        sources = [path for name in build.PACKAGES for path in sorted((build.FIRMWARE / name).rglob("*.py"))]
        for source in sources:
            target = files / source.relative_to(build.FIRMWARE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(build.SLIMMER.slim(source))
        for name in ("board.py", "wiring.py"):
            (files / name).write_text(build.SLIMMER.slim(ROOT / "boards" / "esp32" / name))
        for name in ("boot.py", "main.py"):
            shutil.copy(build.FIRMWARE / name, files)
        script = Path(__file__).with_name("put_on_flash.py")
        subprocess.run([str(MICROPYTHON), str(script), str(files)], cwd=self.folder, env=ENVIRONMENT, check=True)

    @property
    def url(self) -> str:
        return f"serial:{os.ttyname(self._other)}"

    def power_on(self) -> None:
        command = [str(MICROPYTHON), "-X", "heapsize=400k", str(MODELS / "power_on.py")]
        self._process = subprocess.Popen(
            command, stdin=self._wire, stdout=self._wire, stderr=self._wire, cwd=self.folder, env=ENVIRONMENT
        )

    def power_off(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def ended(self, seconds: float = 20) -> int:
        """How its process ends by itself. Raises TimeoutExpired."""
        assert self._process
        return self._process.wait(seconds)

    @property
    def is_on(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def type(self, keys: bytes) -> None:
        os.write(self._other, keys)

    def says(self, seconds: float, until: bytes | None = None) -> bytes:
        """What comes over the wire in so many seconds, or until some bytes have come."""
        said, end = b"", time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and (until is None or until not in said):
            if select.select([self._other], [], [], left)[0]:
                said += os.read(self._other, 4096)
        return said

    @contextmanager
    def client(self) -> Iterator[Client]:
        with connect(self.url, 10) as client:
            yield client

    def throw_away(self) -> None:
        self.power_off()
        os.close(self._wire)
        os.close(self._other)
