"""A transfer of ownership on a real LittleFS, its power cut at every operation of the flash: one owner, always.

MicroPython only: CPython has no VfsLfs2.
"""

import os

import littlefs
from check import raises
from littlefs import cut_everywhere, mounted
from persons import Person
from rig import Board, Issuer, policy, provision
from seal.device import Device
from seal.errors import FormerOwner, Replay, SealError
from seal.owner import Owner
from seal.store import FileStore

PATH = "ownership-" + os.urandom(6).hex() + ".tmp"


def loaded():
    device = Device(Board(FileStore("/board")))
    device.load()
    return device


def test_a_cut_at_any_operation_leaves_one_owner():
    littlefs.format(PATH)
    issuer, new, heir = Issuer(), Person(), Person()
    old, made = Person(issuer.owner, issuer.owner_public), []

    def begin(_):
        device = loaded()
        provision(device, issuer, policy())
        Owner(device).command(issuer.command(device, "interval", 7))
        made.append(new.order(device, "take", old.transfer(device, new)))
        made.append(heir.order(device, "take", old.transfer(device, heir), seq=9))

    assert not mounted(PATH, begin)
    take, other = made
    states = {True: 0, False: 0}

    def look(_):
        device = loaded()
        assert device.fault is None and device.owner_key in (old.public, new.public)
        is_new = device.owner_key == new.public
        states[is_new] += 1
        assert device.owner_record()[5] == 7 and 3 in device.owner_record(), "pace and policy stay"
        if is_new:
            raises(Replay, Owner(device).command, take)
            raises(FormerOwner, Owner(device).command, old.order(device, "pause"))
            Owner(device).command(new.order(device, "pause"))
        else:  # it is the old owner's still, who may give it to somebody else
            raises(SealError, Owner(device).command, new.order(device, "pause"))
            Owner(device).command(other)
            assert loaded().owner_key == heir.public

    for operation, part in cut_everywhere(PATH, lambda _: Owner(loaded()).command(take), (0, 7, 16)):
        assert not mounted(PATH, look), (operation, part)
    assert states[True] >= 3 and states[False] > 10, states
    os.remove(PATH)
