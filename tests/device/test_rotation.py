"""Rotation: the old key signs the new one in, once, whole. The device is the same before and after; peers follow."""

import gc
import os

from check import raises
from element_bus import Element
from rig import Board, Clock, Issuer, PowerCut, RamStore, provision, provisioned, restarted
from rotated import NONCE, checked, rotate
from seal import cose, identity, labels, messages
from seal.device import DAMAGED, PROVISIONED, Device
from seal.errors import BadSignature, Malformed, Refused, Replay
from seal.key_line import MOST
from seal.owner import Owner
from seal.provision import Provisioner
from seal.records import KEYS_RECORD
from seal.service import Service


def test_rotation_keeps_the_device_and_changes_its_key():
    issuer = Issuer()
    device = provisioned(issuer)
    device.sample()
    before, kid, prev = device.public, device.signer.kid, device.log.prev
    rotate(issuer, device)
    assert device.public != before and device.state == PROVISIONED and device.signer.kid == kid
    raw = device.rotations()[0]
    claims = messages.parse(raw, labels.ROTATION).verify(before).payload
    assert identity.public_of(claims[labels.CNF][1]) == device.public
    assert (claims[1], claims[2], claims[labels.SEQ], claims[labels.PREV]) == (device.device_id, 1, 1, prev)
    reading, _ = device.sample()
    raises(BadSignature, messages.parse(reading).verify, before)
    again = restarted(device)
    assert (again.state, again.public, again.device_id) == (PROVISIONED, device.public, device.device_id)
    assert identity.kid(again.device_id) == again.signer.kid == kid and again.log.seq == 2
    assert messages.parse(again.sample()[0]).verify(device.public).header[labels.CWT_CLAIMS][labels.SEQ] == 3
    assert not again.board.keystore.has(0) and again.board.keystore.has(1), "the old key is gone"
    rotate(issuer, again)
    assert again.board.keystore.has(0) and not again.board.keystore.has(1)
    assert checked(again).public == again.public and checked(again).generation == 2


def test_rotation_before_the_first_reading_names_none():
    issuer = Issuer()
    device = provisioned(issuer)
    rotate(issuer, device)
    claims = messages.parse(device.rotations()[0]).payload
    assert claims[labels.SEQ] == 0 and labels.PREV not in claims


def test_who_may_rotate_and_when():
    issuer, stranger = Issuer(), Issuer()
    device = provisioned(issuer)
    command = issuer.command(device, "rotate", NONCE)
    raises(BadSignature, Owner(device).command, stranger.command(device, "rotate", NONCE))
    for wrong in (None, bytes(31), 7, {}):
        raises(Malformed, Owner(device).command, issuer.command(device, "rotate", wrong, seq=90))
    assert not device.rotations() and device.owner_record()[1] == 0
    Owner(device).command(command)
    raises(Replay, Owner(device).command, command)
    assert len(device.rotations()) == 1


class Trial:
    """The part of a slot's state that a rotation looks at."""

    on_trial = True


def test_no_rotation_while_older_firmware_may_come_back():
    issuer = Issuer()
    device = provisioned(issuer)
    owner = Owner(device)
    owner._firmware.slots = Trial()
    raises(Refused, owner.command, issuer.command(device, "rotate", NONCE))
    assert not device.rotations()


def test_rotations_have_an_end():
    issuer = Issuer()
    device = provisioned(issuer)
    for _ in range(MOST):
        rotate(issuer, device)
        gc.collect()
    raises(Refused, Owner(device).command, issuer.command(device, "rotate", NONCE))
    assert checked(restarted(device)).generation == MOST


def test_failure_leaves_the_old_key():
    issuer = Issuer()
    device = provisioned(issuer)
    public, put = device.public, device.journal.put

    def full(name, value):
        if name == KEYS_RECORD:
            raise OSError(28)
        put(name, value)

    device.journal.put = full
    raises(OSError, Owner(device).command, issuer.command(device, "rotate", NONCE))
    assert device.public == public and not device.board.keystore.has(1)
    device.journal.put = put
    rotate(issuer, device)
    assert device.public != public


def test_key_that_the_rotation_does_not_name_is_damage():
    issuer = Issuer()
    device = provisioned(issuer)
    rotate(issuer, device)
    device.board.keystore.wipe(1)
    device.board.keystore.generate(1, os.urandom)
    assert restarted(device).state == DAMAGED
    device.board.keystore.wipe(1)
    assert restarted(device).state == DAMAGED
    store = device.board.store
    for name in store.names():
        if name.startswith("j-"):
            store.remove(name)
    device.board.keystore.generate(1, os.urandom)
    assert restarted(device).state == DAMAGED, "a key without a journal is no blank device"


def test_wipe_leaves_no_key():
    issuer = Issuer()
    device = provisioned(issuer)
    rotate(issuer, device)
    Owner(device).command(issuer.command(device, "wipe"))
    assert not device.board.keystore.has(0) and not device.board.keystore.has(1)


def test_renewal_goes_on():
    issuer = Issuer()
    device = provisioned(issuer)
    first = device.public
    rotate(issuer, device)
    status = cose.parse(Service(device).info(NONCE)["status"]).verify(device.public)
    claims = messages.parse(issuer.grant(first, status.digest)).payload
    Provisioner(device).grant(issuer.signer.sign(labels.GRANT, claims)[0])
    assert device.state == PROVISIONED and checked(device).public == device.public


def test_device_shows_its_rotations():
    issuer = Issuer()
    device = provisioned(issuer)
    service = Service(device)
    assert service.info(None)["rotations"] == 0 and service.chain("rotations") == []
    rotate(issuer, device)
    assert service.info(None)["rotations"] == 1 and service.chain("rotations") == device.rotations()
    assert service.chain(None) == device.chain


def test_status_of_before_is_forgotten():
    issuer = Issuer()
    device = provisioned(issuer)
    old = Service(device).info(NONCE)["status"]
    rotate(issuer, device)
    new = Service(device).info(NONCE)["status"]
    assert new != old
    messages.parse(new).verify(device.public)


# ---- power cuts


def cut(make, number, late):
    """A rotation whose power is cut at this write, and the device after it; whether the cut came."""
    issuer, device = make()
    issuer_command = issuer.command(device, "rotate", NONCE)
    device.board.store.cut_after(number, late)
    try:
        Owner(device).command(issuer_command)
        return issuer, restarted(device), False
    except PowerCut:
        return issuer, restarted_with_cuts(device), True


def restarted_with_cuts(device):
    """After a restart that is cut at its first write, too, and then another."""
    board = Board(RamStore(device.board.store.files), Clock())
    board.store.cut_after(1, False)
    try:
        again = Device(board)
        again.load()
    except PowerCut:
        pass
    return restarted(Device(board))


def test_power_cut_at_every_write():
    for earlier in (0, 1, 2):
        issuer = Issuer()
        base = provisioned(issuer)
        base.sample()
        for _ in range(earlier):
            rotate(issuer, base)
        states = set()
        for late in (False, True):
            number, came = 0, True
            while came:
                number += 1
                _, after, came = cut(lambda: (issuer, restarted(base)), number, late)
                states.add(_whole(issuer, base, after))
                gc.collect()
        assert number >= 6 and states == {earlier, earlier + 1}, (number, states)


def _whole(issuer, base, after):
    """How many rotations a device has, which is one whole device: one key, and the rotations that lead to it."""
    assert after.state == PROVISIONED and after.device_id == base.device_id
    peer = checked(after)
    assert peer.public == after.public and peer.generation == len(after.rotations())
    slots = [slot for slot in (0, 1) if after.board.keystore.has(slot)]
    assert after.slot() in slots
    if after.rotations():
        assert slots == [after.slot()], "one key"
    else:  # the first rotation was cut before its commit: the new key never signs
        assert after.public == base.public
    messages.parse(after.sample()[0]).verify(after.public)
    count = len(after.rotations())
    Owner(after).command(issuer.command(after, "rotate", NONCE))
    assert len(after.rotations()) == count + 1, "the next command finishes it"
    assert [slot for slot in (0, 1) if after.board.keystore.has(slot)] == [after.slot()]
    return count


# ---- a chip that keeps the keys


def test_rotation_in_a_chip_takes_its_next_slot():
    issuer, element = Issuer(), Element()
    device = on_element(element)
    provision(device, issuer)
    lives = [device.public]
    for _ in range(6):
        rotate(issuer, device)
        device = on_element(element)
        assert device.state == PROVISIONED and device.public not in lives
        lives.append(device.public)
        messages.parse(device.sample()[0]).verify(device.public)
        gc.collect()
    raises(Refused, Owner(device).command, issuer.command(device, "rotate", NONCE))
    device = on_element(element)
    assert device.public == lives[-1] and checked(device).generation == 6, "seven keys, and no place for another"


def on_element(element):
    """A device with this chip, after a reset."""
    board = Board(element.store)
    board.keystore = element.restart()
    device = Device(board)
    device.load()
    return device
