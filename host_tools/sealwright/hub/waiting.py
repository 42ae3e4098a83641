"""What the ledger refused for now: a voucher before its channel, a channel before its deposit.

The file `HOME/hub/waiting.bundle` has each of them once, oldest first; the part `settle` tries them again after the log
has grown. Limits: MOST_BYTES; beyond it the oldest are left out, and that is noted as a fault of nobody.
"""

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..errors import Usage, cause_of
from ..files import write_whole
from ..wire.bundle import read_bundle
from ..wire.messages import parse_message
from .spool import whole

MOST_BYTES: Final = 8 << 20
# of these codes a message may hold once something else has been settled
CODES: Final = frozenset(
    {
        "unknown_signer",
        "unknown_channel",
        "unfunded",
        "not_the_owner",
        "short_certificate",
        "not_yet_valid",
        "receipt_mismatch",
        "lock_missing",
        "bad_tick",
    }
)


class Waiting:
    """The messages that wait, by digest. Raises Usage where the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        try:
            data = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise Usage(f"cannot read {path}: {cause_of(error)}", remedy="Check its permissions.") from error
        for raw in read_bundle(data[: whole(data)]):
            self._add(parse_message(raw).digest, raw)

    def __len__(self) -> int:
        return len(self._kept)

    def messages(self) -> list[bytes]:
        """All of them, oldest first."""
        return list(self._kept.values())

    def update(self, new: Iterable[tuple[bytes, bytes]], done: Iterable[bytes]) -> int:
        """Keep what is new (digest, message), forget what is done (digests), on disk; how many were left out for lack
        of room."""
        before, lost = list(self._kept), 0
        for digest in done:
            self._size -= len(self._kept.pop(digest, b""))
        for digest, raw in new:
            self._add(digest, raw)
        while self._size > MOST_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1])
            lost += 1
        if list(self._kept) != before:
            try:
                write_whole(self._path, b"".join(self._kept.values()))
            except OSError as error:
                raise Usage(f"cannot write {self._path}: {cause_of(error)}", remedy="Free some space.") from error
        return lost

    def _add(self, digest: bytes, raw: bytes) -> None:
        if digest not in self._kept:
            self._kept[digest] = raw
            self._size += len(raw)
