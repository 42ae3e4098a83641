"""A store, and devices whose readings go into it."""

import sqlite3
from dataclasses import replace

import pytest
from sealwright.readings import ReadingStore
from sealwright.readings.intake import taking
from sealwright.verify import Policy, Verifier

from tests.host_tools.factory import NOW, Network

POLICY = Policy(at=NOW + 10**6)
TABLES = ("devices", "series", "messages", "digests", "measured", "support", "contradictions")


class Desk:
    """A network of an issuer and two devices, and a store."""

    def __init__(self, path):
        self.path, self.net = path, Network()
        self.issuer = self.net.issuer()
        self.roof, self.car = self.net.device("roof", self.issuer), self.net.device("car", self.issuer)
        self.certificates = [one.raw for one in (self.issuer.certificate, self.roof.certificate, self.car.certificate)]

    def store(self):
        return ReadingStore(self.path, patience=1)

    def take(self, *messages, policy=POLICY, batch=20_000, certificates=True):
        """What the store takes of a bundle, and the intake."""
        raws = [*(self.certificates if certificates else ()), *(getattr(one, "raw", one) for one in messages)]
        with self.store() as store, taking(store, batch) as intake:
            for verdict in Verifier([self.net.root], policy).run(raws):
                intake.add(verdict)
        return intake

    def dump(self):
        """What is in the store, whatever the numbers that it gave: by device id and by name."""
        connection = sqlite3.connect(self.path)
        queries = (
            "SELECT d.device, m.seq, m.at, m.clock, m.chained, m.digest, m.raw FROM messages m JOIN devices d "
            "ON d.id = m.device",
            "SELECT d.device, s.name, s.unit, v.at, v.seq, v.place, v.mantissa, v.exponent, v.other FROM measured v "
            "JOIN series s ON s.id = v.series JOIN devices d ON d.id = s.device",
            "SELECT g.head, d.device, g.seq FROM digests g JOIN devices d ON d.id = g.device",
            "SELECT digest, about, raw FROM support",
        )
        found = [sorted(connection.execute(query), key=repr) for query in queries]
        connection.close()
        return found

    def back(self, device, steps):
        """The device as a copy of its flash of so many readings ago would have it. steps: 0, or its state then."""
        return replace(device, seq=steps[0], last=steps[1])


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "readings.db")
