"""What joins the parts of a hub: intake gives, `settle` and `readings` take, each at its own pace.

On one machine that is the spool, a folder; past one machine, the streams of a cluster (`cluster`). What was given may
be acknowledged to devices. What was taken is given again until it is `passed`, so all that is done with it is
idempotent by digest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from ..link import Client
from ..link.broker import Broker
from .consuming import Batch
from .log import Log


class Sink(Protocol):
    """Where verified messages go."""

    @property
    def size(self) -> int:
        """Bytes that wait there, as far as is known here."""

    @property
    def room(self) -> int:
        """Bytes that it still takes, 0 where consumers have to go on first."""

    @property
    def disk_is_full(self) -> bool:
        """Whether the disk has too little left for those who consume."""

    def add(self, messages: Sequence[bytes], support: Mapping[bytes, bytes]) -> None:
        """Return when these messages are safe. support: what certifies their signers, by digest, issuers first. Raises
        SpoolFull for what passes by itself, Usage."""

    def trim(self) -> int:
        """Remove what all consumers have passed; how much."""

    def close(self) -> None:
        """Leave it."""


class Source(Protocol):
    """What a consumer has to do."""

    def next(self) -> Batch | None:
        """The next messages, or None where there are none yet; the same ones until they are `passed`."""

    def passed(self, batch: Batch) -> None:
        """What this batch is for is done, on disk."""

    def behind(self) -> int:
        """How much there is to do: bytes of the spool, or messages of a stream."""


class Later(Protocol):
    """What the ledger refused for now, by digest."""

    def __len__(self) -> int: ...

    def messages(self) -> list[bytes]:
        """All of them, oldest first."""

    def update(self, new: Iterable[tuple[bytes, bytes]], done: Iterable[bytes]) -> int:
        """Keep what is new (digest, message), forget what is done (digests), safely; how many were left out for lack of
        room."""


class Lane(Protocol):
    """What one settler takes, and what waits for it. shards: of a divided ledger, those that it settles into; None:
    all. forward: hands messages of other shards to their settlers."""

    source: Source
    later: Later
    shards: Sequence[int] | None

    def forward(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """Hand these (digest, message) to the settlers of their shards, safely."""


class AtBroker(Protocol):
    """Devices at a broker, see `brokered`."""

    broker: Broker
    logs: dict[bytes, Log]

    def look(self) -> list[bytes]: ...
    def settle(self) -> None: ...
    def urls(self) -> dict[str, Log]: ...
    def heard_of(self, device: bytes) -> bool: ...
    def url(self, device: bytes) -> str: ...
    def open(self, url: str) -> Client: ...
    def close(self) -> None: ...


# gets a device's id or None, a code and a text
Failed: TypeAlias = Callable[[bytes | None, str, str], None]


class Joint(Protocol):
    """The way between the parts of a home's hub."""

    def sink(self) -> Sink:
        """For intake."""

    def lanes(self) -> list[Lane]:
        """For `settle`: one, or one for each shard."""

    def readings(self, supports: Callable[[bytes], bool]) -> Source:
        """For `readings`. supports: which messages are to be given again with later ones."""

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """What others have found to certify this key hint."""

    def brokered(self, broker: Broker, failed: Failed) -> AtBroker:
        """The devices at the hub's own broker, for intake."""

    def close(self) -> None:
        """Leave it."""


def cluster_file(folder: Path) -> Path:
    """The file that makes the hub of the home in `folder` one of a cluster."""
    return folder / "hub" / "cluster" / "cluster.json"
