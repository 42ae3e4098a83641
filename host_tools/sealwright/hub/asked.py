"""A device that a hub asks, and what it asks of it beside what it shows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import BadSignature, RefusedByDevice
from ..link import Client
from ..operate.gathering import Part
from ..wire.messages import ChannelOpen, Funding, parse_message
from .fleet import BROKER, URL
from .ledger_asked import LedgerAsked
from .log import Log

MOST_PAUSE: Final = 900.0  # seconds that a device is left alone which fails


@dataclass
class Asked:
    """A device that is asked: its part of the gathering, and when it is looked at again (time.monotonic).

    log: what came of its log by this way; stalled: for how many seconds it is left alone while that has a gap, as it
    shows everything after it each time. gathered: what came and was not taken yet. opens: channels it opened that no
    ledger has funded, as it showed. closed: channels it may forget once the ledger has their end, forgettable: at once.
    """

    part: Part
    device: bytes = b""
    log: Log = field(default_factory=Log)
    gathered: list[bytes] = field(default_factory=list)
    due: float = 0.0
    looked: float = -MOST_PAUSE
    pause: float = 0.0
    stalled: float = 0.0
    acked: int = 0
    acked_at: float = 0.0
    opens: list[bytes] = field(default_factory=list)
    closed: list[bytes] = field(default_factory=list)
    forgettable: list[bytes] = field(default_factory=list)
    info: dict[str, Any] | None = None

    @property
    def meant(self) -> bytes:
        """The id of the device that is asked: of the one that answered, or else of the one that the register has."""
        return self.device or self.log.device

    @property
    def how(self) -> str:
        """How it is seen."""
        return BROKER if self.part.url.startswith("mqtts:") else URL


def hear_what_it_forgot(client: Client, log: Log) -> None:
    """Have a device sign what its owner had it forget. Raises BadSignature where another one answers."""
    try:
        status = client.status().body
    except RefusedByDevice:  # whoever is between could say so, too
        return
    if status.device != log.device:
        raise BadSignature(f"{client.url} is answered by another device")
    # older firmware signs no such number: its word is as good as the way to it
    said = client.info().raw["acknowledged"] if status.acknowledged is None else status.acknowledged
    log.forget(said)


def unfunded(channels: Iterable[Any]) -> list[bytes]:
    """The channels that a device pays in and that it has no funding for."""
    found = []
    for channel in channels:
        if not channel.paying:
            continue
        bodies = [parse_message(raw) for raw in channel.messages]
        if not any(isinstance(one.body, Funding) for one in bodies):
            found += [one.digest for one in bodies if isinstance(one.body, ChannelOpen)]
    return found


def is_closed(ledger: LedgerAsked, digest: bytes) -> bool:
    """Whether the ledger has this channel's end. Raises LedgerError."""
    channel = ledger.channel(digest)
    return channel is not None and channel.closed_at is not None
