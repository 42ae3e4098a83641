"""Which stream a checked message belongs into: readings by device, money by shard, authority to every shard.

As `ledger.shards.dealing`, without the ledger: what it had before it was divided is in shard 0, and the settler who is
given such a message by its digest hands it on.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ...errors import Rejected
from ...ledger.shards.authority import AUTHORITY
from ...ledger.shards.dealing import channel_of, home_of
from ...ledger.shards.places import shard_of
from ...wire.messages import Offer, Reading, parse_message
from ...wire.messages.plain import plain_voucher
from ...wire.messages.shapes import KID_AT, in_usual_place

PIECE_BYTES: Final = 256 << 10  # of checked messages that go together
MOST_BYTES: Final = 900 << 10  # of one message: servers take 1 MB
_FNV, _PRIME = 2166136261, 16777619


class Dealt(NamedTuple):
    """One message. kid: the key hint of its signer, where it is needed; shards: where it goes but for a reading."""

    kid: bytes
    is_reading: bool
    shards: tuple[int, ...]


def deal(raw: bytes, of: int) -> Dealt | None:
    """Where a checked message goes; None for what moves nothing anywhere. of: how many shards."""
    if in_usual_place(raw):
        return Dealt(raw[KID_AT], True, ())
    says = plain_voucher(raw)
    if says:
        return Dealt(b"", False, (shard_of(says[0], of),))
    try:
        message = parse_message(raw)
    except Rejected:
        return None
    match message.body:
        case Offer():
            return None
        case Reading():
            shards: tuple[int, ...] = ()
        case body if isinstance(body, AUTHORITY):
            shards = tuple(range(of))
        case _:
            channel = channel_of(message)
            home = home_of(message, of) if channel is None else shard_of(channel, of)
            shards = (home or 0,)
    return Dealt(message.kid, isinstance(message.body, Reading), shards)


def partition_of(text: str, of: int) -> int:
    """The partition of a device by its key hint in hex: FNV-1a, as the servers deal subjects by. It need not agree
    with theirs, which goes by the whole id: what comes by one way stays together."""
    found = _FNV
    for byte in text.encode():
        found = (found ^ byte) * _PRIME & 0xFFFFFFFF
    return found % of


def pieces(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Bundles of so many bytes at most, in order."""
    part: list[bytes] = []
    size = 0
    for raw in messages:
        if part and size + len(raw) > PIECE_BYTES:
            yield b"".join(part)
            part, size = [], 0
        part.append(raw)
        size += len(raw)
    if part:
        yield b"".join(part)
