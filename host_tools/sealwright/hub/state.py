"""How the parts of a hub are: a file for each, written whole, which anyone may read at any time.

    {"part", "pid", "started", "at", "counts": {...}, "backlog": n, "held": false, "text": ...}

started, at: unix seconds. backlog: what is still to be done, in messages or, of intake, in bytes of the spool. held:
the part waits for another one, and `text` says for which. A file that is older than STALE_SECONDS is of a part that
does not run, or hangs.
"""

import json
import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

EVERY_SECONDS: Final = 1.0
STALE_SECONDS: Final = 30
_LONGEST_TEXT: Final = 500


class State:
    """The state of a part. `counts`, `backlog`, `held` and `text` are set by the part; `tell` writes them down."""

    def __init__(self, path: Path, part: str) -> None:
        self._path, self._part, self._started = path, part, int(time.time())
        self._told = 0.0
        self.counts: Counter[str] = Counter()
        self.backlog = 0
        self.held = False
        self.text = ""

    def tell(self, *, now: bool = False) -> None:
        """Write the state, if the last time was a second ago or `now`. A disk that refuses it stops no part: the
        file stays older, which readers see."""
        at = time.monotonic()
        if not now and self._told and at - self._told < EVERY_SECONDS:
            return
        self._told = at
        with suppress(OSError):
            _replace(self._path, json.dumps(self._values()).encode())

    def hold(self, text: str) -> None:
        """Say that the part waits, and for what; an empty text says that it goes on."""
        if text != (self.text if self.held else ""):
            self.held, self.text = bool(text), text
            self.tell(now=True)

    def _values(self) -> dict[str, Any]:
        return {
            "part": self._part,
            "pid": os.getpid(),
            "started": self._started,
            "at": int(time.time()),
            "counts": dict(self.counts),
            "backlog": self.backlog,
            "held": self.held,
            "text": self.text[:_LONGEST_TEXT],
        }


def _replace(path: Path, data: bytes) -> None:
    """As `files.write_whole`, but for the disk's flush: a state that a power cut takes is worth nothing anyway."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_states(folder: Path) -> dict[str, dict[str, Any]]:
    """The last state of each part, by its name. What cannot be read is left out."""
    told = {path.stem: read_state(path) for path in sorted(folder.glob("[a-z]*.json"))}
    return {name: one for name, one in told.items() if one}


def read_state(path: Path) -> dict[str, Any]:
    """The last state in a part's file; empty where it cannot be read."""
    with suppress(OSError, ValueError):
        told = json.loads(path.read_bytes())
        if isinstance(told, dict):
            return told
    return {}


def is_fresh(told: dict[str, Any]) -> bool:
    """Whether a part wrote this a short time ago."""
    at = told.get("at")
    return isinstance(at, int) and abs(time.time() - at) <= STALE_SECONDS
