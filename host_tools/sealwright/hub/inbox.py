"""The folder into which people and the page drop bundles: each is taken, then removed.

A bundle is removed once all that holds in it is in the spool, on disk. A file that is no bundle, or whose messages were
not all taken, goes to `inbox/refused`, and beside it a text that says why. A kill in the middle takes the same file
again: nothing counts twice.
Limits: plain files alone are taken; what is still being copied waits until it is whole. Of refused files the newest
MOST_REFUSED are kept, MOST_REFUSED_BYTES in all.
"""

import os
import stat
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import SealwrightError, Truncated, cause_of
from ..verify import REMEDIES
from ..wire.bundle import read_bundle
from .fleet import BUNDLE
from .taking import Taker

MOST_REFUSED: Final = 200
MOST_REFUSED_BYTES: Final = 256 << 20
STILL_SECONDS: Final = 3.0  # a file that ends badly and was written within them may still be coming
_WHY: Final = ".why.txt"


class Inbox:
    """The folder `inbox`, and `refused` in it."""

    def __init__(self, folder: Path, refused: Path, taker: Taker) -> None:
        self._folder, self._refused, self._taker = folder, refused, taker
        self._work: Iterator[None] | None = None
        self._patience: dict[Path, tuple[int, int]] = {}  # files that may still be coming, as they were

    def step(self, seconds: float) -> bool:
        """Go on for some `seconds`; whether there was anything to do. Raises Stopped, Usage."""
        end, busy = time.monotonic() + seconds, False
        while time.monotonic() < end:
            if self._work is None:
                path = self._next()
                if path is None:
                    return busy
                self._work = self._take(path)
            busy = True
            if next(self._work, self) is self:
                self._work = None
        return busy

    def waiting(self) -> int:
        """How many files wait."""
        return sum(1 for _ in self._files())

    def _files(self) -> Iterator[Path]:
        with suppress(OSError), os.scandir(self._folder) as found:
            names = sorted(one.name for one in found if not one.name.startswith(".") and one.name != self._refused.name)
            yield from (self._folder / name for name in names)

    def _next(self) -> Path | None:
        for path in self._files():
            with suppress(OSError):
                found = path.lstat()
                if not stat.S_ISREG(found.st_mode):
                    if not stat.S_ISDIR(found.st_mode):
                        self._refuse(path, "it is no plain file")
                    continue
                if self._patience.get(path) != (found.st_mtime_ns, found.st_size) or not _is_fresh(found):
                    self._patience.pop(path, None)
                    return path
        return None

    def _take(self, path: Path) -> Iterator[None]:
        """Take a file, part by part."""
        counts: Counter[str] = Counter()
        messages = _Messages(path)
        for part in self._taker.take(messages, BUNDLE):
            counts += part
            yield
        if messages.error is not None:
            with suppress(OSError):
                found = path.lstat()
                if isinstance(messages.error, Truncated) and _is_fresh(found):
                    self._patience[path] = found.st_mtime_ns, found.st_size
                    return
        if not path.exists():  # somebody has taken it back
            return
        why = messages.why
        total = counts.pop("", 0)
        if not total and not why:
            why = "it is empty"
        for code in sorted(counts):
            why += f"\n{counts[code]} of {total} messages were left out as {code}: {REMEDIES.get(code, '')}"
        if why:
            self._refuse(path, why.strip())
        else:
            path.unlink(missing_ok=True)

    def _refuse(self, path: Path, why: str) -> None:
        target = self._refused / f"{time.time_ns()}-{path.name[-100:]}"
        path.replace(target)
        target.with_name(target.name + _WHY).write_text(f"{path.name}: {why}\n", errors="replace")
        self._taker.fault(None, "bundle_refused", f"{path.name}: {why}")
        self._prune()

    def _prune(self) -> None:
        """Keep the newest refused files: an inbox that anybody fills must not fill the disk."""
        kept = size = 0
        for path in sorted(self._refused.iterdir(), key=lambda one: one.name, reverse=True):
            with suppress(OSError):
                kept, size = kept + 1, size + path.lstat().st_size
                if kept > 2 * MOST_REFUSED or size > MOST_REFUSED_BYTES:
                    path.unlink()


class _Messages:
    """The messages of a file, up to where it breaks off. error: why it does, once they were read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.error: SealwrightError | OSError | None = None

    @property
    def why(self) -> str:
        """The error, for people."""
        if isinstance(self.error, SealwrightError):
            return f"{self.error}. {self.error.remedy}"
        return "" if self.error is None else cause_of(self.error)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from read_bundle(self._path)
        except (SealwrightError, OSError) as error:
            self.error = error


def _is_fresh(found: os.stat_result) -> bool:
    return 0 <= time.time() - found.st_mtime < STILL_SECONDS
