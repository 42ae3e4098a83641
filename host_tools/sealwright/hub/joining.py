"""What joins the parts of a hub: intake gives, `settle` and `readings` take, each at its own pace.

On one machine that is the spool, a folder; past one machine, the streams of a cluster (`cluster`). What was given may
be acknowledged to devices. What was taken is given again until it is `passed`, so all that is done with it is
idempotent by digest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from ..errors import Usage
from ..home import Home
from .consuming import BATCH_BYTES, Batch, Consumer
from .folder import HubFolder
from .settings import Settings
from .spool import Spool
from .waiting import Waiting

SETTLE_BYTES: Final = 512 << 10  # of a batch that `settle` takes


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

    def close(self) -> None:
        """Leave it."""


class LocalLane:
    """The spool, and the file of what waits."""

    def __init__(self, folder: HubFolder) -> None:
        self.source: Source = Consumer(folder.spool, "settle", size=SETTLE_BYTES)
        self.later: Later = Waiting(folder.path / "waiting.bundle")
        self.shards: Sequence[int] | None = None

    def forward(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """There is no other settler."""


class LocalJoint:
    """The spool of one machine."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._folder, self._settings = HubFolder(home.folder), settings

    def sink(self) -> Sink:
        """The spool's writer."""
        return Spool(self._folder.spool, most=self._settings.spool_bytes)

    def lanes(self) -> list[Lane]:
        """One."""
        return [LocalLane(self._folder)]

    def readings(self, supports: Callable[[bytes], bool]) -> Source:
        """The spool's reader."""
        return Consumer(self._folder.spool, "readings", supports=supports, size=BATCH_BYTES)

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """Nothing: the spool has with every message what certifies it."""
        return ()

    def close(self) -> None:
        """Nothing is open."""


def cluster_file(folder: Path) -> Path:
    """The file that makes the hub of the home in `folder` one of a cluster."""
    return folder / "hub" / "cluster" / "cluster.json"


def joint_of(home: Home, settings: Settings, part: str) -> Joint:
    """How the parts of this home's hub are joined. part: whose end it is. Raises Usage where the cluster's file is
    damaged, Unreachable where no server of it answers."""
    if not cluster_file(home.folder).exists():
        if settings.shards is not None:
            remedy = "`sealwright cluster init` makes the hub one of a cluster."
            raise Usage("--shards divides the work of a cluster's settlers, and this hub has none", remedy=remedy)
        return LocalJoint(home, settings)
    raise Usage("this version knows no cluster", remedy=f"Remove {cluster_file(home.folder)}.")
