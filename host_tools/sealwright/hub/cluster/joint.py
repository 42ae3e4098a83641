"""The parts of a hub, joined by a cluster: `joining.Joint` over streams."""

from collections.abc import Callable, Iterable, Sequence

from ...errors import Usage
from ...home import Home
from ...link.broker import Broker
from ..joining import AtBroker, Failed, Lane, Sink, Source
from ..settings import Settings
from . import streams
from .brokered import ClusterBrokered
from .config import INTAKE, READINGS, Cluster, settler
from .link import Link
from .making import check_ledger
from .sinks import KnownStream, StreamSink
from .sources import StreamLane, StreamSource

_ACCOUNTS = {"intake": INTAKE, "readings": READINGS}


class ClusterJoint:
    """part: whose end it is. Raises Usage where the ledger is not divided as the cluster is, ClusterAway where no
    server answers."""

    def __init__(self, home: Home, settings: Settings, part: str) -> None:
        self._home, self._settings = home, settings
        self.cluster = Cluster.read(home.folder)
        self._links: list[Link] = []
        self._known: KnownStream | None = None
        if part in _ACCOUNTS:
            self._known = KnownStream(self.link(_ACCOUNTS[part]))

    def link(self, account: str) -> Link:
        """A connection as this account, closed with the joint; the one there is, if there is one."""
        made = Link(self.cluster, account)
        self._links.append(made)
        return made

    def sink(self) -> Sink:
        """The streams of what holds."""
        return StreamSink(self._links[0], self.cluster)

    def lanes(self) -> list[Lane]:
        """One for each shard that is this settler's, each with an account of its own."""
        shards = _own(self.cluster, self._settings.shards)
        check_ledger(self._home, self.cluster.shards)
        return [StreamLane(self.link(settler(one)), self.cluster, one) for one in shards]

    def readings(self, supports: Callable[[bytes], bool]) -> Source:
        """Of all partitions."""
        return StreamSource(self._links[0], streams.CHECKED_READINGS, "readings")

    def certificates(self, kid: bytes) -> Iterable[bytes]:
        """What verifiers and intake kept of this key hint."""
        return self._known.of([kid]).get(kid, []) if self._known is not None else ()

    def brokered(self, broker: Broker, failed: Failed) -> AtBroker:
        """Those that verifiers tell of."""
        return ClusterBrokered(self._home, self.cluster, broker, self._links[0])

    def close(self) -> None:
        """Leave the servers."""
        for link in self._links:
            link.close()


def _own(cluster: Cluster, named: Sequence[int] | None) -> Sequence[int]:
    if named is None:
        return range(cluster.shards)
    for one in named:
        if one >= cluster.shards:
            remedy = f"Its shards are 0 to {cluster.shards - 1}."
            raise Usage(f"the cluster has no shard {one}", remedy=remedy)
    return named
