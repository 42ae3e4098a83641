"""Prints every message of the schema, made by the device's own code: `micropython -X heapsize=800k make_messages.py`.

Two devices are provisioned, commanded, and trade with each other; what that does not bring about, a Signer is given by
hand. CPython and MicroPython must print the same.
"""

import gc

from fixed import FAR, MAX_UINT, Authority, FixedDevice, FixedEntropy, Stream, Witness, hash32, keys
from rig import NETWORK, NOW, Board
from seal import cbor, channel, labels, order, voucher
from seal.device import DEVICE_SLOT, PROVISIONED, Device
from seal.owner import Owner
from seal.provision import Provisioner
from trades import connect, run
from updates import FILES
from updates import claims as update_claims


def provisioned(authority):
    """A buying device under the issuer with a full policy, and a selling one under the root with none."""
    buying, selling = FixedDevice("buying"), FixedDevice("selling", joules=1000)
    keys_of = authority.keys
    leaf = {labels.MODEL: "rig", labels.EXP: FAR, labels.CUSTODY: 1}
    chain = [authority.issuer_certificate, authority.root_certificate]
    chain.insert(0, authority.certify(authority.issuer, keys_of.public(1), buying.public, leaf))
    other = [authority.certify(authority.root, keys_of.public(0), selling.public, {}), authority.root_certificate]
    limits = {"nEUR": {1: 1000, 2: 100000}, "credit": {1: 0, 2: labels.MAX_AMOUNT}, "": {1: 1, 2: 1}}
    policy = {1: limits, 2: [selling.device_id, hash32("payee")], 3: 900, 4: FAR}
    role = {labels.ROLES: labels.ROLE_LEDGER}
    ledger = [authority.certify(authority.root, keys_of.public(0), keys_of.public(2), role), authority.root_certificate]
    for device, signer, certificates, spending, kept in (
        (buying, authority.issuer, chain, policy, ledger),
        (selling, authority.root, other, None, None),
    ):
        provisioner = Provisioner(device)
        nonce = hash32("host nonce")
        provisioner.evidence(nonce)
        provisioner.grant(authority.grant(signer, device, nonce, certificates, spending, kept))
        assert device.state == PROVISIONED
    authority.grant(authority.root, selling, nonce, other, {1: {"nEUR": {1: 1, 2: 1}}}, other)
    authority.certify(authority.root, keys_of.public(0), selling.public, {labels.ROLES: labels.ROLE_LEDGER})
    return buying, selling


def trade(authority, buying, selling, unit, budget):
    """One whole trade: order, proofs, channel, bills, vouchers, receipts, close."""
    Owner(selling).command(authority.command(selling, "offer", ["nEUR", unit, 3]))
    wanted = {1: "tcp:127.0.0.1:1", 2: selling.device_id, 3: "nEUR", 4: unit, 5: budget, 6: 86400, 7: 0}
    Owner(buying).command(authority.command(buying, "trade", wanted))
    session, seller = connect(buying, selling)
    while not run(session.step()):
        selling.board.meter.joules += 30
    run(session.close())
    seller.release()
    order.finish(buying, order.DONE)
    gc.collect()


def commands(authority, buying, selling):
    """Every operation an owner has, run by a device; the last one erases it."""
    closed = [record[channel.DIGEST] for _, record in selling.payee.records()]
    for device, op, arguments in (
        (buying, "pause", ()),
        (buying, "resume", ()),
        (buying, "policy", ({1: {"nEUR": {1: 1, 2: 2}}},)),
        (buying, "interval", (86400,)),
        (buying, "clock", (NOW + 1,)),
        (buying, "stop", ()),
        (selling, "offer", (None,)),
        (selling, "ack", ({1: selling.log.seq, 2: closed},)),
        (selling, "ack", ({1: 0},)),
        (buying, "protect", ({"least_left": 0, "credit": labels.MAX_AMOUNT},)),
        (selling, "wipe", ()),
    ):
        Owner(device).command(authority.command(device, op, *arguments))


def by_hand(signer):
    """The keys of the schema that no device of today fills in."""
    network, own, other, digest = NETWORK, hash32("payer"), hash32("payee"), hash32("channel")
    opened = {1: channel.VERSION, 2: network, 3: own, 4: other, 5: "", 6: 0, 7: MAX_UINT, 8: bytes(16)}
    signer.sign(labels.CHANNEL_OPEN, opened)
    opened.update({6: labels.MAX_AMOUNT, 9: labels.MAX_AMOUNT, 10: "\u00b5\u6c34\U00010151", 11: 86400})
    signer.sign(labels.CHANNEL_OPEN, opened)
    opened[labels.TERMS_LEDGER] = hash32("ledger")
    signer.sign(labels.CHANNEL_OPEN, opened)
    for kind in (labels.FUNDING, labels.REFUND):
        signer.sign(kind, {1: digest, 2: labels.MAX_AMOUNT, 6: NOW})
    for claims in ([], [[0, MAX_UINT, 0, hash32("voucher")], [63, 0, labels.MAX_AMOUNT, hash32("other")]]):
        signer.sign(labels.CHANNEL_CLOSE, {1: digest, 2: NOW, labels.CLOSE_CLAIMS: claims})
    receipt = {1: digest, 2: 0, 3: 1, 4: 2, 5: hash32("voucher"), 6: [3, hash32("tick")]}
    signer.sign(labels.RECEIPT, receipt)
    signer.sign(labels.COMMAND, {1: bytes(32), 2: 0, 3: "", labels.COMMAND_STATUS: digest})
    stat = {1: own, labels.NONCE: digest, 2: 0, 3: MAX_UINT, 4: None, labels.IAT: 0, labels.CLOCK_QUALITY: 3}
    signer.sign(labels.STATUS, stat | {labels.FIRMWARE: ""})
    signer.sign(labels.STATUS, stat | {4: digest, labels.FIRMWARE: "1.0"})
    for reason in range(5):
        signer.sign(labels.REVOCATION, {1: own, 2: reason, labels.IAT: NOW})
    signer.sign(labels.VOUCHER, voucher.payload(digest, 0, 0, 0))
    full = voucher.payload(digest, 1, MAX_UINT, labels.MAX_AMOUNT, hash32("item"))
    full.update({5: NOW, 6: FAR, 7: hash32("lock"), 9: [[0, 23], [24, 255], [256, 65535], [65536, 1 << 32]]})
    full[10] = {1: hash32("tick"), 2: 1, 3: 1 << 20}
    signer.sign(labels.VOUCHER, full)
    for key in (5, 6, 7, 9, 10):
        signer.sign(labels.VOUCHER, {1: digest, 2: 2, 3: key, 4: 5, key: full[key]})
    fraction = cbor.Tag(4, [-3, -2150])
    records = [
        {-2: "room-", -3: NOW, -4: "Cel", 0: "t", 2: fraction, 6: -1},
        {0: "", 1: "lon", 2: -MAX_UINT - 1, 6: cbor.Tag(4, [MAX_UINT, MAX_UINT])},
        {3: "text \U00010151"},
        {4: True},
        {4: False, -3: cbor.Tag(4, [0, 0])},
        {8: bytes(range(256))},
        {},
    ]
    signer.sign(labels.FIRMWARE_UPDATE, update_claims(FILES, MAX_UINT, arch="armv6m"))
    claims = {labels.IAT: 0, labels.SEQ: MAX_UINT, labels.PREV: hash32("before"), labels.CLOCK_QUALITY: 0}
    claims[labels.FIRMWARE] = ""
    signer.sign(labels.READING, records, claims)


def any_arguments(signer):
    """Commands may carry any value of the profile."""
    deep = 0
    for _ in range(cbor.MAX_DEPTH - 2):
        deep = [deep]
    keyed = {"b": 1, "aa": 2, b"b": 3, b"": 4, 0: 5, 23: 6, 24: 7, 255: 8, 256: 9, -1: 10, -24: 11, -25: 12, -257: 13}
    keyed[1 << 32] = keyed[-MAX_UINT - 1] = keyed[""] = keyed["\u00fc"] = [True, False, None]
    for value in (None, True, 0, -1, "", b"", [], {}, deep, keyed, cbor.Tag(4, "no number"), "x" * 256, bytes(1024)):
        signer.sign(labels.COMMAND, {1: bytes(32), 2: 0, 3: "", 4: value})


def from_entropy():
    """A key that a blank board draws from its own entropy, and signatures with entropy added."""
    board = Board()
    board.entropy = FixedEntropy("board")
    device = Device(board)
    device.load()
    provisioner = Provisioner(device)
    provisioner.evidence(hash32("first nonce"))
    signer = Witness(None, board.keystore, DEVICE_SLOT, device.pool.random)
    device.signer = signer
    provisioner.evidence(hash32("second nonce"))
    signer.sign(labels.CHANNEL_CLOSE, {1: hash32("channel"), 2: NOW})
    seeded = Witness(None, keys("by hand"), 0, Stream("added"))
    seeded.sign(labels.PEER_PROOF, {1: bytes(32), 2: bytes(32), labels.NONCE: bytes(32), labels.OWN_NONCE: bytes(32)})


def main():
    authority = Authority()
    buying, selling = provisioned(authority)
    buying.sample()
    trade(authority, buying, selling, "J", 300)
    trade(authority, buying, selling, "reading", 7)
    commands(authority, buying, selling)
    signer = Witness("by hand", keys("by hand"), 0)
    by_hand(signer)
    any_arguments(signer)
    from_entropy()


main()
