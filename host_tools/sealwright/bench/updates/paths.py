"""Which files a firmware message may name: the device's rule (firmware/seal/update.py), checked before it is sent."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ...targets.build import MANIFEST
from ...wire.messages import FirmwareFile

MAX_PATH: Final = 64
MAX_FILE: Final = 1 << 20

_NAME: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)?")
_RESERVED: Final = frozenset(name + end for name in (MANIFEST, "incoming") for end in ("", ".new")) | {"incoming.sum"}


def bad_paths(files: Sequence[FirmwareFile]) -> Iterator[str]:
    """Why a device refuses each of the files that it cannot stage, as text for people."""
    paths: set[str] = set()
    folders: set[str] = set()
    for path, size, _ in files:
        parts = path.split("/")
        if parts[0] in _RESERVED:
            yield f"{path!r} is a name of the device's own files"
        elif path in paths:
            yield f"{path!r} is named twice"
        elif len(path) > MAX_PATH or not all(_NAME.fullmatch(part) for part in parts):
            yield f"{path!r} is no path in a firmware slot"
        elif size > MAX_FILE:
            yield f"{path!r} has {size:,} bytes, and a device takes {MAX_FILE:,}"
        paths.add(path)
        folders.update("/".join(parts[:end]) for end in range(1, len(parts)))
    for path in sorted(paths & folders):
        yield f"{path!r} is both a file and a folder"
