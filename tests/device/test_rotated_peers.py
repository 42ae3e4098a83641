"""Devices that meet one whose key is rotated: they follow its line of keys, and refuse one that went back."""

import gc
import os

from check import raises
from rig import Issuer, provisioned, restarted
from rotated import NONCE, checked, rotate
from seal import channel, cose, identity, labels, messages, rpc
from seal.entropy import Pool
from seal.errors import BadCertificate, Malformed, Superseded
from seal.key_line import MAX_SEEN, MOST
from seal.records import ROTATED_RECORD
from seal.seller import Seller
from seal.service import Service
from trades import best, connect, pair, promised, refused, run, units


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
