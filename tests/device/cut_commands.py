"""Scenarios of `cuts`: provisioning, and everything that the owner's and the issuer's signatures write."""

import os

from cut_scenario import ISSUER, Scenario, ask, provisioned, started
from rig import NOW, policy
from seal import cose, labels, rollback
from seal.device import PROVISIONED, WIPED
from seal.order import ACTIVE, STATUS, STOPPED
from seal.provision import Provisioner
from seal.records import (
    FIRMWARE_RECORD,
    IDENTITY_CHAIN,
    IDENTITY_RECORD,
    ORDER_RECORD,
    OWNER_IS_PAUSED,
    OWNER_OFFER,
    OWNER_POLICY,
    REVOKED_RECORD,
)
from updates import HSS_KEY

OFFER = ["nEUR", "J", 3]
TRADE = {1: "tcp:127.0.0.1:1", 2: bytes(32), 3: "nEUR", 4: "J", 5: 30, 7: 0}
ORDER = {3: "nEUR", 4: "J", 5: 30, 12: 5}


class Provisioning(Scenario):
    name, step = "provisioning", 9

    def before(self, flash, told):
        pass

    def life(self, flash, told):
        provisioned(flash, told)

    def is_done(self, device):
        assert device.state == PROVISIONED and device.owner_record()[OWNER_POLICY] == policy()


class Commands(Scenario):
    """Commands one after another; `holds`: device -> whether the last took effect."""

    def __init__(self, name, commands, holds, first=()):
        self.name, self._commands, self._holds, self._first = name, commands, holds, first

    def before(self, flash, told):
        device = provisioned(flash, told)
        for op, value in self._first:
            ask(device, told, op, value)

    def life(self, flash, told):
        device = started(flash)
        for op, value in self._commands:
            if not self._holds(device):
                ask(device, told, op, value)

    def is_done(self, device):
        assert self._holds(device), self.name


class Unlocking(Scenario):
    """A flash that was put back locks the device; the owner's word opens it."""

    name = "lock"

    def life(self, flash, told):
        device = started(flash)
        if not told.__dict__.get("is_opening"):
            rollback.lock_generation(device.journal)
            told.is_locked = True
            told.is_opening = True
        told.is_locked = False  # from here on the lock may be open
        ask(device, told, "unlock")

    def is_done(self, device):
        rollback.check(device.journal)


class Wiping(Scenario):
    name, step = "wipe", 7

    def before(self, flash, told):
        device = provisioned(flash, told)
        for _ in range(3):
            told.reading(device.sample()[0])

    def life(self, flash, told):
        device = started(flash)
        if device.state == PROVISIONED:
            told.is_wiping = True
            ask(device, told, "wipe")
            told.is_wiped = True

    def is_done(self, device):
        assert device.state == WIPED and [name for name in device.board.store.names() if name[0] == "r"] == []


class Renewal(Scenario):
    """A new chain for the same key, and a revocation by its issuer."""

    name = "renewal"
    WHO = bytes(31) + b"\x07"

    def life(self, flash, told):
        device = started(flash)
        if not self._is_renewed(device):
            status = cose.parse(device.standing.status(os.urandom(32))).digest
            chain = [ISSUER.certificate(device.public, exp=NOW + 999), ISSUER.root]
            Provisioner(device).grant(ISSUER.grant(device.public, status, chain=chain))
        if not device.journal.get(REVOKED_RECORD):
            from seal import renewal

            renewal.revoke(device, ISSUER.signer.sign(labels.REVOCATION, {1: self.WHO, 2: 1, 6: NOW})[0])

    def _is_renewed(self, device):
        return len(device.journal.get(IDENTITY_RECORD)[IDENTITY_CHAIN][0]) > len(ISSUER.certificate(device.public))

    def is_done(self, device):
        assert self._is_renewed(device) and device.journal.get(REVOKED_RECORD)[0][1] == self.WHO


class Compaction(Scenario):
    """Writes enough that LittleFS compacts the journal's folder."""

    name, again, step = "journal", 0, 9
    COUNT = 24

    def life(self, flash, told):
        device = started(flash)
        for price in range(1, self.COUNT + 1):
            offer = device.owner_record().get(OWNER_OFFER)
            if offer is None or offer[2] < price:
                ask(device, told, "offer", ["nEUR", "J", price])

    def is_done(self, device):
        assert device.owner_record()[OWNER_OFFER] == ["nEUR", "J", self.COUNT]


def order_is(status):
    return lambda device: (device.journal.get(ORDER_RECORD) or {STATUS: None})[STATUS] == status


def owner_has(key, value):
    return lambda device: device.owner_record().get(key) == value


SCENARIOS = [
    Provisioning(),
    Commands("policy", [("policy", policy(7))], owner_has(OWNER_POLICY, policy(7))),
    Commands("pause", [("pause", None)], owner_has(OWNER_IS_PAUSED, True)),
    Commands("resume", [("resume", None)], owner_has(OWNER_IS_PAUSED, False), [("pause", None)]),
    Commands("offer", [("offer", OFFER)], owner_has(OWNER_OFFER, OFFER)),
    Commands("interval", [("interval", {1: 5, 2: 3})], lambda device: device.owner_record().get(5) == 5),
    Commands("protect", [("protect", {"credit": 5})], lambda device: device.protection()["credit"] == 5),
    Commands("update-key", [("update-key", HSS_KEY)], lambda device: device.journal.get(FIRMWARE_RECORD) is not None),
    Commands("trade", [("trade", TRADE)], order_is(ACTIVE)),
    Commands("stop", [("stop", None)], order_is(STOPPED), [("trade", TRADE)]),
    Commands("order", [("order", ORDER)], order_is(ACTIVE)),
    Unlocking(),
    Renewal(),
    Compaction(),
    Wiping(),
]
