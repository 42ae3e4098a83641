"""What a scenario of `cuts` is, and the parts that scenarios are made of. MicroPython only.

A scenario is a subclass of Scenario: `before` makes the flash that it begins with, `life` is what the device is asked
and does, once more after every cut, and `is_done` asserts the end. `life` notes in `told` what leaves the device, when
it leaves. The issuer and the other party of a trade have no flash that is cut.
"""

import os

import rig
from keystore.software import SoftwareKeyStore
from rig import Issuer, RamStore, policy
from seal.device import BLANK, KEYED, Device
from seal.owner import Owner
from seal.peers import Peers
from seal.provision import Provisioner
from seal.records import OWNER_SEQ
from seal.store import FileStore

STATE = "/board/state"
ISSUER = Issuer(engine=None)


class Board(rig.Board):
    """The rig's board, its state on the flash."""

    def __init__(self, flash, joules=0):
        super().__init__(FileStore(STATE, flash), None, joules)
        self.keystore = SoftwareKeyStore(self.store)


def started(flash, joules=1000):
    """The device after a start."""
    device = Device(Board(flash, joules))
    device.load()
    device.peers = Peers(device)
    return device


def provisioned(flash, told, spending=None):
    """The device, with an identity if it has none yet."""
    device = started(flash)
    if device.state in (BLANK, KEYED):
        provisioner, nonce = Provisioner(device), os.urandom(32)
        provisioner.evidence(nonce)
        told.public = device.public
        provisioner.grant(ISSUER.grant(device.public, nonce, spending or policy()))
        told.is_provisioned = True
    return device


def ask(device, told, op, value=None):
    """An owner's command, with the next number."""
    number = device.owner_record()[OWNER_SEQ] + 1
    raw = ISSUER.command(device, op, value, number)
    Owner(device).command(raw)
    told.done(raw, number)


def party(told, joules=0):
    """The other party: a device whose state is `told.other`."""
    store = RamStore()
    store.files = told.other
    device = Device(rig.Board(store, None, joules))
    device.board.keystore = SoftwareKeyStore(store)
    device.load()
    if device.state == BLANK:
        rig.provision(device, ISSUER, policy())
    device.peers = Peers(device)
    return device


class Scenario:
    name = ""
    again = 1  # second cuts after each so many first ones; 0: none
    step = 1  # between two cuts of the sample

    def before(self, flash, told):
        provisioned(flash, told)

    def life(self, flash, told):
        pass

    def look(self, device):
        """Raise Violation for what only this scenario can break, in any state."""

    def is_done(self, device):
        pass
