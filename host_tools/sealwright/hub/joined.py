"""How the parts of this hub are joined: by the spool of one machine, or by the streams of a cluster."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ..errors import Usage
from ..home import Home
from ..link.broker import Broker
from .brokered import Brokered
from .consuming import BATCH_BYTES, Consumer
from .folder import HubFolder
from .joining import AtBroker, Failed, Joint, Lane, Later, Sink, Source, cluster_file
from .settings import Settings
from .spool import Spool
from .waiting import Waiting

SETTLE_BYTES: Final = 512 << 10  # of a batch that `settle` takes


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
        self._home, self._folder, self._settings = home, HubFolder(home.folder), settings

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

    def brokered(self, broker: Broker, failed: Failed) -> AtBroker:
        """Those whose readings it brings."""
        return Brokered(self._home, broker, failed)

    def close(self) -> None:
        """Nothing is open."""


def joint_of(home: Home, settings: Settings, part: str) -> Joint:
    """How the parts of this home's hub are joined. part: whose end it is. Raises Usage where the cluster's file is
    damaged, Unreachable where no server of it answers."""
    if not cluster_file(home.folder).exists():
        if settings.shards is not None:
            remedy = "`sealwright cluster init` makes the hub one of a cluster."
            raise Usage("--shards divides the work of a cluster's settlers, and this hub has none", remedy=remedy)
        return LocalJoint(home, settings)
    from .cluster.joint import ClusterJoint

    return ClusterJoint(home, settings, part)
