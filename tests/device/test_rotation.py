"""Rotation: the old key signs the new one in, once, whole. The device is the same before and after; peers follow."""

import gc
import os

from check import raises
from element_bus import Element
from rig import Board, Clock, Issuer, PowerCut, RamStore, provision, provisioned, restarted
from seal import channel, cose, identity, labels, messages, rpc
from seal.device import DAMAGED, PROVISIONED, Device
from seal.entropy import Pool
from seal.errors import BadCertificate, BadSignature, Malformed, Refused, Replay, Superseded
from seal.key_line import MAX_SEEN, MOST
from seal.owner import Owner
from seal.provision import Provisioner
from seal.records import KEYS_RECORD, ROTATED_RECORD
from seal.seller import Seller
from seal.service import Service
from trades import best, connect, pair, promised, refused, run, units

NONCE = bytes(range(32))


def rotate(issuer, device):
    Owner(device).command(issuer.command(device, "rotate", NONCE))


def checked(device):
    """The device as a peer sees it, by its certificates and rotations."""
    return device.standing.check_peer(device.chain, device.rotations())


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


# ---- peers


def forged(device, slot, **changes):
    """A rotation of the device by the key in a slot of `keys`. changes: of its claims."""
    keys = changes.pop("keys", device.board.keystore)
    claims = {1: device.device_id, 2: 1, labels.IAT: 1, labels.CNF: {1: identity.cose_key(changes.pop("new"))}}
    claims.update(changes.pop("claims", {}))
    return cose.Signer(keys, slot, device.signer.kid).sign(labels.ROTATION, claims)[0]


def test_lines_that_do_not_hold():
    issuer = Issuer()
    device, other = provisioned(issuer), provisioned(issuer)
    new = issuer.keys.generate(2, Pool([os.urandom]).random)
    good = forged(device, 0, new=new)
    assert device.standing.check_peer(device.chain, [good]).public == new
    second = forged(device, 2, keys=issuer.keys, new=other.public, claims={2: 2, labels.SEQ: 5})
    assert device.standing.check_peer(device.chain, [good, second]).public == other.public
    earlier = forged(device, 2, keys=issuer.keys, new=other.public, claims={2: 2, labels.SEQ: 4})
    later = forged(device, 0, new=new, claims={labels.SEQ: 5})
    off = identity.cose_key(new)
    off[-3] = bytes(32)
    bad = (
        [forged(device, 0, keys=issuer.keys, new=new)],  # somebody else's key signs
        [forged(other, 0, new=new)],  # another device's
        [forged(device, 0, new=new, claims={2: 0})],
        [forged(device, 0, new=new, claims={2: 2})],
        [good, good],
        [second],
        [later, earlier],  # its log would go back
        [forged(device, 0, new=device.public)],
        [good, forged(device, 2, keys=issuer.keys, new=device.public, claims={2: 2})],
        [forged(device, 0, new=new, claims={labels.CNF: {1: off}})],
        [device.chain[0]],
        [b""],
        [good] * (MOST + 1),
    )
    for rotations in bad:
        raises(BadCertificate, device.standing.check_peer, device.chain, rotations)


def test_trade_goes_on_after_both_have_rotated():
    for unit in ("J", "reading"):
        issuer, buying, selling = pair(unit, budget=60)
        session, seller = connect(buying, selling)
        units(session, selling, 3)
        seller.release()
        paid = promised(buying)[0][1]
        assert paid
        rotate(issuer, buying)
        rotate(issuer, selling)
        buying, selling = restarted(buying), restarted(selling)
        selling.board.meter.restore(1003)
        session, seller = connect(buying, selling)
        assert best(selling) == promised(buying), "the last voucher, signed again, is the same"
        units(session, selling, 3)
        assert promised(buying)[0][1] > paid and best(selling) == promised(buying)
        run(session.close())
        _check_bundles(buying, selling)
        gc.collect()


def _check_bundles(buying, selling):
    """What each shows of the channel leads to the keys of now, for its own messages and the other's."""
    for device, other, role in ((buying, selling, 0), (selling, buying, 1)):
        count, shown, raws, chain = Service(device).channels(0)
        assert (count, shown) == (1, role)
        assert chain[: len(other.rotations())] == other.rotations()[::-1]
        by = {messages.parse(raw).type: messages.parse(raw) for raw in raws}
        by[labels.CHANNEL_OPEN].verify(buying.public)
        by[labels.VOUCHER].verify(buying.public)
        by[labels.CHANNEL_CLOSE].verify(selling.public)


def test_old_key_is_refused_once_the_new_one_was_seen():
    issuer, buying, selling = pair(budget=60)
    thief = restarted(buying)
    rotate(issuer, buying)
    connect(buying, selling)
    assert selling.journal.get(ROTATED_RECORD) == [[buying.device_id, 1, identity.device_id(buying.public)]]
    writes = selling.board.store.changes
    refused(Superseded.code, connect, thief, selling)
    assert selling.board.store.changes == writes
    rotate(issuer, thief)
    refused(Superseded.code, connect, thief, selling)  # another line
    rotate(issuer, thief)
    refused(Superseded.code, connect, thief, selling)  # a longer one
    rotate(issuer, buying)
    connect(buying, restarted(selling))


def test_seller_that_went_back_is_refused():
    issuer, buying, selling = pair(budget=60)
    thief = restarted(selling)
    rotate(issuer, selling)
    connect(buying, selling)
    raises(Superseded, connect, buying, thief)


def test_hello_of_another_shape():
    _, buying, selling = pair()
    for item in ([NONCE], [NONCE, buying.chain, [], 1], [NONCE, buying.chain, []], [NONCE, buying.chain, [1]], 5):
        reply, code = rpc.answer(Seller(selling).handlers(), rpc.HELLO, item)
        assert (reply, code) == (rpc.ERROR, [Malformed.code])


def test_seen_rotations_have_a_bound():
    issuer = Issuer()
    device = provisioned(issuer)
    device.journal.put(ROTATED_RECORD, [[bytes((n,)) * 32, 1, bytes(32)] for n in range(MAX_SEEN)])
    peer = provisioned(issuer)
    rotate(issuer, peer)
    device.standing.check_line(checked(peer))
    seen = device.journal.get(ROTATED_RECORD)
    assert len(seen) == MAX_SEEN and seen[-1][0] == peer.device_id and seen[0][0] != bytes(32)


def test_message_with_this_devices_kid_is_not_signed_for_a_peer():
    issuer, buying, selling = pair(budget=60)
    session, seller = connect(buying, selling)
    units(session, selling, 2)
    run(session.close())
    rotate(issuer, buying)
    digest = buying.payer.records()[0][1][channel.DIGEST]
    claims = channel.close_payload(digest, 5, [[0, 1, 60, bytes(32)]])
    trap = cose.Signer(selling.board.keystore, 0, buying.signer.kid).sign(labels.CHANNEL_CLOSE, claims)[0]
    assert buying.sign_anew(trap) == trap
    foreign = selling.signer.sign(labels.CHANNEL_CLOSE, claims)[0]
    assert buying.sign_anew(foreign) == foreign


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
