"""What a verifier remembers between bundles, and what it shows of a signer that contradicts itself.

`Heads` keeps the newest reading of each device, whole, so that another one with its number is proof. `Forks` keeps the
first message in each place of the bundle at hand, and pairs it with the one that contradicts it.
Limits: of a log's older entries nothing is remembered; `Forks` holds a bundle's readings, vouchers and closes in
memory.
"""

import json
from collections.abc import Hashable, Iterable, Iterator
from typing import Final, NamedTuple, cast

from ..errors import SealwrightError, Usage
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Checkpoint,
    Message,
    Reading,
    Voucher,
    parse_as,
)
from ..wire.messages.unread import number_and_time
from .codes import EQUIVOCATION
from .readings import Head, time_of
from .verdict import BY_CHAIN, Verdict

_FORMAT: Final = 1


class Heads:
    """For each device (32 bytes) the newest reading of its log that held."""

    def __init__(self) -> None:
        self._newest: dict[bytes, Message[Reading]] = {}

    @classmethod
    def read(cls, data: bytes) -> "Heads":
        """From what `dump` gave. Raises Usage for anything else."""
        made = cls()
        try:
            held = json.loads(data)
            if held["format"] != _FORMAT:
                raise ValueError(held["format"])
            for row in held["heads"]:
                message = parse_as(bytes.fromhex(row["message"]), Reading)
                if (message.body.seq, message.digest.hex()) != (row["seq"], row["digest"]):
                    raise ValueError(row["seq"])
                made._newest[bytes.fromhex(row["device"])] = message
        except (ValueError, KeyError, TypeError, SealwrightError) as error:
            remedy = "Put it back from a copy, or name a new file: forks with what it held will not be seen."
            raise Usage("the file of log heads is damaged", remedy=remedy, code="bad_heads") from error
        return made

    def dump(self) -> bytes:
        """JSON: for each device the number, the digest and the bytes of its newest reading."""
        rows = [
            {"device": device.hex(), "seq": m.body.seq, "digest": m.digest.hex(), "message": m.raw.hex()}
            for device, m in sorted(self._newest.items())
        ]
        return json.dumps({"format": _FORMAT, "heads": rows}, indent=1).encode() + b"\n"

    def as_known(self) -> dict[bytes, Head]:
        """As `BundleMemory` takes it."""
        return {device: Head(m.body.seq, m.digest, time_of(m.body)) for device, m in self._newest.items()}

    def messages(self) -> Iterator[Message[Reading]]:
        """The readings."""
        yield from self._newest.values()

    def note(self, verdict: Verdict) -> None:
        """Keep a reading that holds and is newer than the one kept, unless a chain alone proves it: its own signature
        may be wrong, and what is kept is to be proof by itself. The seal of a chain comes after it."""
        device = verdict.device
        if verdict.proof == BY_CHAIN or not verdict.ok or device is None or verdict.type != Reading.NAME:
            return
        message = cast("Message[Reading]", verdict.message)
        newest = self._newest.get(device)
        if newest is None or number_and_time(message)[0] > number_and_time(newest)[0]:
            self._newest[device] = message


class Fork(NamedTuple):
    """Two messages of one signer that cannot both be true, and what a verifier needs beside them: certificates, issuers
    first, and the channel-open where they are of a channel."""

    needs: tuple[bytes, ...]
    first: bytes
    second: bytes

    def bundle(self) -> bytes:
        """A bundle that shows it."""
        return b"".join((*self.needs, self.first, self.second))


class Forks:
    """Pairs each contradicting message with the one it contradicts. earlier: readings of earlier bundles."""

    def __init__(self, earlier: Iterable[Message[Reading]] = ()) -> None:
        self._first: dict[Hashable, Message[Body]] = {}
        for message in earlier:
            self._first[_place(message)] = message
        self._certificates: dict[str, Message[Certificate]] = {}
        self._opens: dict[bytes, bytes] = {}

    def note(self, verdict: Verdict) -> Fork | None:
        """Remember a message whose signature held; the fork that it is part of, where both signatures hold: of what a
        chain alone proves, they may not."""
        message = verdict.message
        if message is None or verdict.device is None:
            return None
        if verdict.ok and isinstance(message.body, Certificate):
            self._certificates[message.body.subject] = Message(message.sign1, message.body)
        if verdict.ok and isinstance(message.body, ChannelOpen):
            self._opens[message.digest] = message.raw
        place = _place(message)
        if place is None:
            return None
        first = self._first.setdefault(place, message)
        if verdict.code != EQUIVOCATION or first.digest == message.digest:
            return None
        if verdict.proof is not None and not (self._is_signed(first) and self._is_signed(message)):
            return None
        return Fork((*self._chain(message.kid), *self._open(message)), first.raw, message.raw)

    def _is_signed(self, message: Message[Body]) -> bool:
        keys = (c.body.key for c in self._certificates.values() if c.body.key.kid == message.kid)
        return any(message.signed_by(key) for key in keys)

    def _chain(self, kid: bytes) -> tuple[bytes, ...]:
        found: list[bytes] = []
        certificate = next((c for c in self._certificates.values() if c.body.key.kid == kid), None)
        while certificate is not None and certificate.raw not in found:
            found.insert(0, certificate.raw)
            certificate = self._certificates.get(certificate.body.issuer)
        return tuple(found)

    def _open(self, message: Message[Body]) -> tuple[bytes, ...]:
        channel = getattr(message.body, "channel", None)
        return (self._opens[channel],) if channel in self._opens else ()


def _place(message: Message[Body]) -> Hashable:
    """What only one message of a signer may say; None for messages that contradict no other."""
    match message.body:
        case Reading():
            return (Reading.TYPE, message.kid, message.body.seq)
        case Voucher():
            return (message.body.channel, message.body.lane, message.body.seq)
        case ChannelClose():
            return (ChannelClose.TYPE, message.kid, message.body.channel)
        case Checkpoint():
            return (Checkpoint.TYPE, message.body.ledger, message.body.rows)
        case _:
            return None
