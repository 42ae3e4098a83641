"""A world in which nothing is left to chance, so that two interpreters must make the same bytes. Runs on both.

Keys are SHA-256 of a label, made here and nowhere kept; entropy is a counter hashed; the clock stands still. All that
signs is a `Witness`: the device's own Signer, which also prints what it signed, a JSON line a message.
"""

import gc
import json

from keystore.software import SoftwareKeyStore
from rig import NETWORK, NOW, Board, RamStore
from seal import cose, identity, labels
from seal.compat import hexlify, sha256
from seal.device import Device
from seal.own_key import DEVICE_SLOT
from seal.peers import Peers

FAR = NOW + 86400 * 365
MAX_UINT = 0xFFFFFFFFFFFFFFFF


def hash32(label):
    return sha256(label.encode())


class Stream:
    """An entropy source: SHA-256 of a label and a counter."""

    def __init__(self, label):
        self.name = label
        self._count = 0

    def __call__(self, size):
        data = b""
        while len(data) < size:
            self._count += 1
            data += hash32(f"{self.name} {self._count}")
        return data[:size]


class FixedEntropy:
    extras = ()

    def __init__(self, label):
        self.sources = [Stream(label)]


class Witness(cose.Signer):
    """A Signer that prints each message. key: the label of its secret, or None when nobody can sign it again."""

    count = 0

    def __init__(self, key, keystore, slot, entropy=None):
        self._public = keystore.public(slot)
        super().__init__(keystore, slot, identity.kid(identity.device_id(self._public)), entropy)
        self._key = key

    def move(self, slot):
        super().move(slot)
        self._public, self._key = self._keystore.public(slot), None  # nobody else has what its entropy made

    def sign(self, kind, payload, claims=None):
        gc.collect()  # a machine of 239 KB holds all of this
        raw, digest = super().sign(kind, payload, claims)
        line = {"raw": hexlify(raw), "digest": hexlify(digest), "public": hexlify(self._public)}
        line["key"] = self._key
        line["n"] = Witness.count
        Witness.count += 1
        print(json.dumps(line))
        return raw, digest


def keys(*names):
    """A keystore with one key a slot, SHA-256 of its label."""
    store = SoftwareKeyStore(RamStore(), engine="plain")
    for slot, label in enumerate(names):
        store.generate(slot, lambda _, label=label: hash32(label))
    return store


class FixedDevice(Device):
    """A device with a key of its own from `label`, blank otherwise. Its messages are exactly RFC 6979."""

    def __init__(self, label, joules=0):
        board = Board(joules=joules)
        board.entropy = FixedEntropy(label)
        super().__init__(board)
        self.peers = Peers(self)
        self._label = label
        self.load()
        board.keystore.generate(DEVICE_SLOT, lambda _: hash32(label))
        self.load()

    def load_key(self):
        super().load_key()
        self.signer = Witness(self._label, self.board.keystore, DEVICE_SLOT)


class Authority:
    """A root, an issuer below it, and the owner of every device."""

    def __init__(self):
        self.keys = keys("root", "issuer", "owner")
        self.root, self.issuer, self.owner = [
            Witness(label, self.keys, slot) for slot, label in enumerate(("root", "issuer", "owner"))
        ]
        self.root_certificate = self.certify(self.root, self.keys.public(0), self.keys.public(0), {labels.MAY_ISSUE: 3})
        issuer = {labels.MAY_ISSUE: 0, labels.EXP: FAR, labels.MODEL: "issuer", labels.CUSTODY: 2}
        self.issuer_certificate = self.certify(self.root, self.keys.public(0), self.keys.public(1), issuer)
        self._commands = 0

    def certify(self, signer, issuer, public, more):
        """A certificate for `public` (64 bytes) by `signer`, whose key is `issuer`. more: claims to add or change."""
        claims = {
            labels.ISS: identity.did_key(issuer),
            labels.SUB: identity.did_key(public),
            labels.IAT: NOW,
            labels.CTI: sha256(public)[:16],
            labels.CNF: {1: identity.cose_key(public)},
            labels.UEID: identity.ueid(identity.device_id(public)),
            labels.CUSTODY: 0,
            labels.NETWORK: NETWORK,
        }
        claims.update(more)
        return signer.sign(labels.CERTIFICATE, claims)[0]

    def grant(self, signer, device, nonce, chain, policy=None, ledger=None):
        """The grant by `signer`, who issued the device's certificate."""
        claims = {
            1: device.device_id,
            2: chain,
            3: identity.cose_key(self.keys.public(2)),
            4: NETWORK,
            5: NOW,
            labels.NONCE: nonce,
        }
        if policy is not None:
            claims[6] = policy
        if ledger is not None:
            claims[labels.GRANT_LEDGER] = ledger
        return signer.sign(labels.GRANT, claims)[0]

    def command(self, device, op, *arguments):
        """The owner's next command to a device, with or without arguments."""
        self._commands += 1
        claims = {1: device.device_id, 2: self._commands, 3: op, labels.COMMAND_NOT_AFTER: FAR}
        if arguments:
            claims[4] = arguments[0]
        return self.owner.sign(labels.COMMAND, claims)[0]
