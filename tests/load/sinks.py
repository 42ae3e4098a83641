"""Where a load goes: bundles in a folder, or a broker."""

import os
from pathlib import Path
from typing import Protocol

from sealwright.home import Home
from sealwright.hub.cluster.config import Cluster
from sealwright.link.broker import Broker
from sealwright.link.broker.address import network_topic
from sealwright.link.broker.session import Session
from sealwright.link.broker.trust import context

from .fleet import Machine
from .mqtt import Publisher

BUNDLE_BYTES = 8_000_000  # then the next file begins


class Sink(Protocol):
    """Takes what devices sign, in order. Nothing of it is certain before `close` returns."""

    def certificate(self, machine: Machine) -> None:
        """A device's certificate, before its first message."""

    def reading(self, machine: Machine, raw: bytes) -> None:
        """A reading."""

    def money(self, machine: Machine, raw: bytes) -> None:
        """A message of its grant, its money or its channel."""

    def close(self) -> None:
        """Hand in the rest."""


class Folder:
    """Bundles, each written whole and then renamed, so that who watches the folder finds no half of one."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name, self._count, self._pending, self._size = folder, name, 0, [], 0
        folder.mkdir(parents=True, exist_ok=True)

    _pending: list[bytes]

    def _add(self, raw: bytes) -> None:
        self._pending.append(raw)
        self._size += len(raw)
        if self._size >= BUNDLE_BYTES:
            self.close()

    def certificate(self, machine: Machine) -> None:
        self._add(machine.certificate)

    def reading(self, machine: Machine, raw: bytes) -> None:
        self._add(raw)

    money = reading

    def close(self) -> None:
        if not self._pending:
            return
        hidden = self._folder / f".{self._name}"
        with hidden.open("wb") as out:
            out.writelines(self._pending)
            out.flush()
            os.fsync(out.fileno())
        hidden.rename(self._folder / f"{self._name}-{self._count:06}.bundle")
        self._count, self._size = self._count + 1, 0
        self._pending.clear()


class Topics:
    """A broker, to which one account hands in for all devices under their own topics. Messages of money go to no
    broker: hosts fetch them."""

    def __init__(self, home: Home, broker: Broker) -> None:
        self._session = Session(broker, [])
        self._network = network_topic(home, test=True)

    def certificate(self, machine: Machine) -> None:
        self._session.publish(f"{self._network}{machine.id.hex()}/certificates", machine.certificate)

    def reading(self, machine: Machine, raw: bytes) -> None:
        self._session.publish(f"{self._network}{machine.id.hex()}/readings", raw)

    def money(self, machine: Machine, raw: bytes) -> None:
        pass

    def close(self) -> None:
        self._session.close()


class Servers:
    """All servers of a home's cluster, over some connections; a device's messages keep to one. What was acknowledged
    goes into the file `acked`, a bundle."""

    def __init__(self, home: Home, user: str, name: str, *, connections: int = 8, acked: Path | None = None) -> None:
        cluster = Cluster.read(home.folder)
        servers = [(one.host, one.mqtt) for one in cluster.servers]
        tls = context(Broker(*servers[0], authority=cluster.authority))
        password = os.environ.get("SEALWRIGHT_BROKER_PASSWORD", "")
        self._network = network_topic(home, test=True)
        self._file = None if acked is None else (acked / f"{name}.bundle").open("wb")
        note = (lambda raw: None) if self._file is None else self._file.write
        self._ways = [
            Publisher(
                servers[n % len(servers) :] + servers[: n % len(servers)], tls, user, password, f"{name}-{n}", note
            )
            for n in range(connections)
        ]

    def _publish(self, machine: Machine, topic: str, raw: bytes) -> None:
        # a buyer's vouchers rest on its certificate, and on nothing of its seller's
        way = self._ways[machine.number // 2 % len(self._ways)]
        way.publish(f"{self._network}{machine.id.hex()}/{topic}", raw)

    def certificate(self, machine: Machine) -> None:
        self._publish(machine, "certificates", machine.certificate)

    def reading(self, machine: Machine, raw: bytes) -> None:
        self._publish(machine, "readings", raw)

    def money(self, machine: Machine, raw: bytes) -> None:
        self._publish(machine, "money", raw)

    def close(self) -> None:
        for way in self._ways:
            way.close()
        if self._file is not None:
            self._file.close()
