"""Bringing a device the ledger's word that its channels are funded: what a seller wants to see before it gives credit.

Purpose: settle the channel-opens that a device shows, and hand it the `funding` of each.
Limits: the device is any object with these calls, such as a `link.Client`; nothing here knows how it is reached.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from ..verify import Verdict
from ..wire.messages import Certificate, ChannelOpen, Funding, Message, Rotation, parse_message
from .ledger import Ledger


class HeldChannel(Protocol):
    """A channel as a device shows it: its messages and certificates, as received."""

    @property
    def messages(self) -> list[bytes]: ...

    @property
    def certificates(self) -> list[bytes]: ...


class Holder(Protocol):
    """A device that shows its channels."""

    def chain(self) -> list[Message[Certificate]]:
        """Its certificates, leaf first."""

    def rotations(self) -> list[Message[Rotation]]:
        """The rotations of its key, oldest first."""

    def channels(self) -> Iterable[HeldChannel]:
        """Its channels."""

    def ledger(self, raw: bytes) -> None:
        """Take a message of the ledger."""


class Brought(NamedTuple):
    """What became of a device's channel: `refused` is the verdict where the ledger did not fund it."""

    channel: bytes
    refused: Verdict | None = None


def bring_funding(ledger: Ledger, device: Holder) -> Iterator[Brought]:
    """Fund the channels of a device that have no funding yet, and hand it what the ledger signed.

    Raises LedgerError, and what the device's link raises.
    """
    for channel in list(device.channels()):
        messages = [parse_message(raw) for raw in channel.messages]
        opened = next((message for message in messages if isinstance(message.body, ChannelOpen)), None)
        if opened is None or any(isinstance(message.body, Funding) for message in messages):
            continue
        chain = [certificate.raw for certificate in reversed(device.chain())]
        chain += [rotation.raw for rotation in device.rotations()]
        verdicts = list(ledger.settle([*chain, *reversed(channel.certificates), opened.raw]))
        raw = ledger.funding(opened.digest)
        if raw is not None:
            device.ledger(raw)
            yield Brought(opened.digest)
        else:
            refused = next(verdict for verdict in verdicts if verdict.digest == opened.digest)
            yield Brought(opened.digest, refused)
