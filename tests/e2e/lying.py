"""A board's program that lies of its chip: keystores to be put in the place of the honest one, in a real device.

Which lie is told stands in the file `lie` of the board's folder. Runs on the device: imports nothing of the host's.
"""

import os

from keystore import atecc608_attest
from keystore import atecc608_config as ours
from keystore.atecc608 import Atecc608
from keystore.element import ElementKeyStore
from keystore.software import SoftwareKeyStore
from seal import p256
from seal.compat import sha256

NONCE, CONFIG, SLOT, PUBLIC, ATTESTATION, STATEMENT, SIGNATURE = range(7)
SERIAL = 9  # a byte of it in the configuration; 13 in the statement


def changed(data, at, value):
    return data[:at] + bytes((value,)) + data[at + 1 :]


class Claim(SoftwareKeyStore):
    """No chip at all, and no word of one."""

    custody = 2

    def random(self, count):
        return os.urandom(count)


class Program(Claim):
    """No chip at all: a program that answers like one to the last bit, with the serial number it was given."""

    def __init__(self, store, serial):
        super().__init__(store)
        self.serial = serial
        self.config = ours.wanted(bytes(128))
        self.config = self.serial[:4] + b"\x00\x00\x60\x03" + self.serial[4:] + b"\x01\x01\x00" + self.config[16:]
        self.config = self.config[:86] + b"\x00\x00\x7e\xff" + self.config[90:]

    def report(self):
        return [1, self.config[4:8], self.serial, self.config, self.config]

    def attest(self, nonce):
        secret = bytes(31) + b"\x05"
        said = atecc608_attest._statement(self.config, 0)
        digest = atecc608_attest._digest(self.config, 0, nonce, self.public(0), said)
        signature = p256.sign(secret, digest, bytes(32))
        return [nonce, self.config, 0, self.public(0), p256.public_key(secret), said, signature, None]


class Chip(ElementKeyStore):
    """A real chip, of which the report is changed by `lie`."""

    def __init__(self, chip, store, lie):
        super().__init__(chip, store)
        self.lie = lie
        self.kept = None

    def attest(self, nonce):
        report = super().attest(nonce)
        if self.kept is None:
            self.kept = list(report)
        return self.lie(self, report, nonce)


class Unlocked(Chip):
    """A real chip that keeps the key in a slot which it never locks."""

    def generate(self, slot, random):
        chip = self._chip
        lock, chip.lock_slot = chip.lock_slot, lambda slot: None
        try:
            self._publics[slot] = chip.generate(self._place(slot))
        finally:
            chip.lock_slot = lock
        self._store.write("element", self._config[0:4] + self._config[8:13])
        return self._publics[slot]

    def has(self, slot):
        return slot in self._publics


class Beside(Claim):
    """The key is in software; the chip on the board tells of another key, its own."""

    def __init__(self, chip, store, lie):
        super().__init__(store)
        self.keys = ElementKeyStore(chip, store)
        self.lie = lie

    def report(self):
        return self.keys.report()

    def lock(self, wanted):
        self.keys.lock(wanted)

    def attest(self, nonce):
        if not self.keys.has(0):
            self.keys.generate(0, None)
        return self.lie(self, self.keys.attest(nonce), nonce)


def as_it_is(keys, report, nonce):
    return report


def old(keys, report, nonce):
    return keys.kept


def old_as_new(keys, report, nonce):
    return [nonce] + keys.kept[1:]


def says_locked(keys, report, nonce):
    report[CONFIG] = changed(report[CONFIG], 88, report[CONFIG][88] & 0xFE)
    report[STATEMENT] = changed(report[STATEMENT], 20, 0)
    return report


def other_serial(keys, report, nonce):
    report[CONFIG] = changed(report[CONFIG], SERIAL, report[CONFIG][SERIAL] ^ 1)
    return report


def other_serial_twice(keys, report, nonce):
    report = other_serial(keys, report, nonce)
    report[STATEMENT] = changed(report[STATEMENT], 13, report[STATEMENT][13] ^ 1)
    return report


def own_public(keys, report, nonce):
    report[PUBLIC] = keys.public(0)
    return report


def own_signature(keys, report, nonce):
    """Signed by the device's own key, which the chip lets sign anything: so it is shown as the attestation key."""
    report = other_serial_twice(keys, report, nonce)
    held = nonce
    for block in range(4):
        part = report[CONFIG][32 * block : 32 * block + 32]
        held = sha256(part + bytes((0x15, 0, block)) + atecc608_attest._COMMON + held)
    held = sha256(held + bytes((0x40, 8, report[SLOT])) + atecc608_attest._COMMON + report[PUBLIC])
    report[ATTESTATION] = keys.public(0)
    report[SIGNATURE] = keys.sign(0, sha256(held + report[STATEMENT]))
    return report


LIES = {
    "claim": lambda chip, store: Claim(store),
    "program": lambda chip, store: Program(store, bytes.fromhex("0123aabbccddee99ee")),
    "open": lambda chip, store: Unlocked(chip, store, as_it_is),
    "says locked": lambda chip, store: Unlocked(chip, store, says_locked),
    "another's": lambda chip, store: Beside(chip, store, as_it_is),
    "another's as mine": lambda chip, store: Beside(chip, store, own_public),
    "old": lambda chip, store: Chip(chip, store, old),
    "old as new": lambda chip, store: Chip(chip, store, old_as_new),
    "serial": lambda chip, store: Chip(chip, store, other_serial),
    "serial twice": lambda chip, store: Chip(chip, store, other_serial_twice),
    "own signature": lambda chip, store: Chip(chip, store, own_signature),
    "none": lambda chip, store: Chip(chip, store, as_it_is),
}


def find(i2c, store, is_empty):
    """In the place of `keystore.finding.atecc608`."""
    with open("lie") as file:
        return LIES[file.read()](Atecc608(i2c), store)
