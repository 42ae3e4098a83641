"""Devices at the servers of a cluster, for intake: which were heard of, what is safe of their logs, and
their command links.

Verifiers say of each run of readings that it is kept. A run that goes on from what is safe makes more of the log safe;
one that leaves a gap does not: then the device is asked, as it keeps every reading until its owner acknowledges it.
Limits: of readings that nobody has taken for a day, see `streams.SAFE_SECONDS`, the device is asked again.
"""

import socket
from contextlib import suppress
from typing import Final

from ...errors import Unreachable, Usage
from ...home import Home
from ...link import Client
from ...link.broker.address import Broker, topic_of
from ...link.broker.session import DeviceTopics
from ...link.labels import REPLY_SECONDS
from ..log import Log, Safe
from . import safe, streams
from .config import Cluster
from .errors import ClusterAway
from .link import Link

_MOST: Final = 500  # messages of a look
_SECONDS: Final = 2.0


class ClusterBrokered:
    """As `brokered.Brokered`, but that readings go to verifiers. broker: of intake's account."""

    def __init__(self, home: Home, cluster: Cluster, broker: Broker, link: Link) -> None:
        self._home, self._cluster, self._link = home, cluster, link
        self.broker = broker
        self.logs: dict[bytes, Log] = {}
        self._next = 1

    def look(self) -> list[bytes]:
        """Take in what verifiers say; nothing comes for intake itself."""
        with suppress(ClusterAway):  # at the next look
            for _ in range(_MOST):
                found = self._link.after(streams.SAFE, self._next, streams.SAFE_SUBJECT)
                if found is None:
                    break
                self._next = found[0] + 1
                with suppress(ValueError):
                    self.note(safe.read(found[2]))
        return []

    def note(self, runs: list[safe.Run]) -> None:
        """These runs are kept."""
        for run in runs:
            device = bytes.fromhex(run.device)
            prev = None if run.prev is None else bytes.fromhex(run.prev)
            log = self.logs.setdefault(device, Log(device))
            log.take_run(run.first, Safe(run.last, bytes.fromhex(run.digest)), prev)

    def settle(self) -> None:
        """Nothing was given."""

    def urls(self) -> dict[str, Log]:
        """The devices that were heard of, by their URLs."""
        return {self.url(device): log for device, log in self.logs.items()}

    def heard_of(self, device: bytes) -> bool:
        """Whether this device (id) was heard of there."""
        return device in self.logs

    def url(self, device: bytes) -> str:
        """The URL of a device (id) at the cluster."""
        return f"mqtts://{self.broker.name}/{device.hex()}"

    def open(self, url: str) -> Client:
        """The command link of a device, by a server that answers. Raises Unreachable."""
        name = url.rpartition("/")[2]
        try:
            topic = topic_of(self._home, name)
        except Usage as error:
            raise Unreachable(f"the register has no device {name}") from error
        link = DeviceTopics(self._server(), topic)
        return Client(link, url, REPLY_SECONDS, most=REPLY_SECONDS, device=bytes.fromhex(name))

    def _server(self) -> Broker:
        own = self.broker
        for one in self._cluster.servers:
            with suppress(OSError):
                socket.create_connection((one.host, one.mqtt), _SECONDS).close()
                return Broker(one.host, one.mqtt, own.user, own.password, self._cluster.authority)
        raise ClusterAway("no server of the cluster answers")

    def close(self) -> None:
        """The link is its maker's to close."""
