"""Continuing a bundle without reading all of it: a file beside it says what was gathered.

    .NAME.index      a line of JSON, the digests of the messages that are no readings, and the newest readings of each
                     device, as received

The file is a help and nothing more: where it is missing, damaged, or of another bundle, the bundle is read. What the
bundle has beyond it is read in any case. Limits: whether a copy of an older reading came before is not remembered; a
collector asks a device for those after the newest alone.
"""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import SealwrightError
from ..files import write_whole
from ..wire.bundle import read_bundle
from .collecting import Collector

WORTH: Final = 1000  # messages from which on a bundle has an index
_FORMAT: Final = 1
_TAIL: Final = 4096  # bytes before the end of what it covers, which must be those of the bundle
_SIZE: Final = 32  # bytes of a digest


class Covered(NamedTuple):
    """The beginning of a bundle that was gathered before: its bytes and its messages."""

    size: int = 0
    messages: int = 0


def index_of(bundle: Path) -> Path:
    """The file beside this bundle."""
    return bundle.with_name(f".{bundle.name}.index")


def recall(bundle: Path, collector: Collector) -> Covered:
    """Have the collector remember what the index covers, and return that; nothing where there is no good one."""
    try:
        data = index_of(bundle).read_bytes()
        line, _, rest = data.partition(b"\n")
        said = json.loads(line)
        covered, others = Covered(int(said["size"]), int(said["count"])), int(said["others"]) * _SIZE
        if said["format"] != _FORMAT or said["sum"] != sha256(rest).hexdigest():
            return Covered()
        if said["tail"] != _tail(bundle, covered.size):
            return Covered()
        newest = list(read_bundle(rest[others:]))
        collector.restore((rest[at : at + _SIZE] for at in range(0, others, _SIZE)), newest)
    except (OSError, ValueError, KeyError, TypeError, SealwrightError):
        return Covered()
    return covered


def note(bundle: Path, covered: Covered, collector: Collector, taken: int) -> None:
    """Write the index, if it is worth it and the folder takes it. taken: how many messages the collector has taken if
    the bundle has all of them. An interrupt may come between the two: then there is no new index, or what was taken
    last would be in no bundle, and never asked for again."""
    if covered.messages < WORTH:
        return
    others, newest = collector.gathered()
    rest = b"".join((*others, *newest))
    if collector.taken != taken:  # looked at last: a device's thread may be at work
        return
    with suppress(OSError):
        said = {
            "format": _FORMAT,
            "size": covered.size,
            "count": covered.messages,
            "others": len(others),
            "tail": _tail(bundle, covered.size),
            "sum": sha256(rest).hexdigest(),
        }
        write_whole(index_of(bundle), json.dumps(said).encode() + b"\n" + rest)


def _tail(bundle: Path, size: int) -> str:
    """SHA-256 of the bytes before this offset. Raises OSError, and ValueError for a bundle that is shorter."""
    with bundle.open("rb") as file:
        start = max(0, size - _TAIL)
        file.seek(start)
        tail = file.read(size - start)
    if len(tail) != size - start:
        raise ValueError("the bundle is shorter than its index says")
    return sha256(tail).hexdigest()
