"""Prints every message of the schema, made by the device's own code: `micropython -X heapsize=900k make_messages.py`.

Two devices are provisioned, commanded, and trade with each other; what that does not bring about, a Signer is given by
hand. CPython and MicroPython must print the same.
"""

import gc

from by_hand import any_arguments, by_hand
from fixed import FAR, Authority, FixedDevice, FixedEntropy, Stream, Witness, hash32, keys
from rig import NOW, Board
from seal import channel, labels, offers, order
from seal.batch import Batch
from seal.device import PROVISIONED, Device
from seal.own_key import DEVICE_SLOT
from seal.owner import Owner
from seal.provision import Provisioner
from trades import connect, run


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
    selling.board.keystore.proof = lambda nonce, device_id: bytes(6) + hash32("token")  # as of a board that is sealed
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
        (buying, "interval", ({1: 60, 2: 60, 3: 3600},)),
        (buying, "clock", (NOW + 1,)),
        (buying, "stop", ()),
        (selling, "offer", (None,)),
        (selling, "ack", ({1: selling.log.seq, 2: closed},)),
        (selling, "ack", ({1: 0},)),
        (buying, "rotate", (hash32("rotation nonce"),)),
        (buying, "protect", ({"least_left": 0, "credit": labels.MAX_AMOUNT},)),
        (selling, "wipe", ()),
    ):
        Owner(device).command(authority.command(device, op, *arguments))


def offered(selling):
    """Its offers as it announces them, with its address and without."""
    longest = channel.Offer("A" * 32, "u" * 32, labels.MAX_AMOUNT)
    for offer, most in ((channel.Offer("nEUR", "J", 0), 239), (longest, 239), (longest, 225)):
        offers.sign(selling.signer, selling.device_id, offer, "espnow:0123456789ab", NOW, most)


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


def batch_of_samples(device):
    """A reading of three samples, a minute apart."""
    minutes = iter(range(9))
    device.batch = Batch(lambda: next(minutes) * 60_000)
    device.batch.add(device.measure())
    device.batch.add(device.measure())
    device.sample()


def main():
    authority = Authority()
    buying, selling = provisioned(authority)
    buying.sample()
    batch_of_samples(buying)
    trade(authority, buying, selling, "J", 300)
    trade(authority, buying, selling, "reading", 7)
    offered(selling)
    commands(authority, buying, selling)
    signer = Witness("by hand", keys("by hand"), 0)
    by_hand(signer)
    any_arguments(signer)
    from_entropy()


main()
