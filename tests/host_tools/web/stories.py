"""A story with every type of message in it, as bodies and who signs them: what drawn bundles are made from.

Everything follows from labels, so two runs make the same bytes.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sealwright.verify import hash_times
from sealwright.wire.messages import (
    ChannelClose,
    Checkpoint,
    Chip,
    Claim,
    Command,
    Delegation,
    Division,
    Funding,
    LogEnd,
    Offer,
    Owned,
    Place,
    Receipt,
    Refund,
    RevealedTick,
    Shift,
    Status,
    Ticks,
    Transfer,
    sign_message,
)

from tests.host_tools.factory import DAY, NOW, Network, hash32, key
from tests.host_tools.rotated import after, rotation

NET, OTHER_NET = Network(), Network("other net", "other root")
TEST_NET = Network("emulated net", "test root", model="emulated board")
ENDED_NET = Network("ended net", "ended root", expires=NOW - 1)
SECRET, TICK = b"a secret", hash32("the last tick")
TICKS = Ticks(hash_times(TICK, 5), 3, 20)
KEYS = ("root", "issuer", "below", "payer", "payee", "third", "ledger", "other ledger", "owner", "buyer", "operator",
        "second", "stranger", "other root", "test root")  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A body, and the key that signs it."""

    body: Any
    key: Any

    @property
    def message(self):
        return sign_message(self.key, self.body)


class Story:
    """Notes what parties say, in order."""

    def __init__(self):
        self.said = []

    def say(self, signer, message_or_body):
        """Note a message or a body; the message."""
        body = getattr(message_or_body, "body", message_or_body)
        self.said.append(Said(body, signer))
        return self.said[-1].message


def _parties(story):
    issuer = NET.issuer(may_issue=1)
    below = replace(NET.issuer("below"), chain=(NET.certify(key("below"), issuer.key, may_issue=0),))
    parties = [NET.device("payer", issuer, expires=NOW + 20 * DAY), NET.device("payee", below), NET.device("third")]
    story.say(NET.key, NET.root)
    story.say(NET.key, issuer.certificate)
    story.say(issuer.key, below.certificate)
    for device, by in zip(parties, (issuer, below, NET), strict=True):
        story.say(by.key, device.certificate)
    for label in ("ledger", "other ledger"):
        story.say(NET.key, NET.ledger(label).certificates[0])
    story.say(OTHER_NET.key, OTHER_NET.certify(key("third")))
    story.say(TEST_NET.key, TEST_NET.certify(key("payee")))
    story.say(ENDED_NET.key, ENDED_NET.certify(key("third")))
    return issuer, below, parties


def _ownership(story, issuer, payer):
    owner, buyer = key("owner"), key("buyer")
    story.say(issuer.key, replace(NET.grant(payer, chain=(*payer.chain,)).body, issued_at=NOW - 5))
    given = story.say(owner, Delegation(payer.id, 0, ("pause", "resume"), NOW + DAY, NOW, key("operator").public))
    story.say(key("operator"), Command(payer.id, 1, "pause", None, NOW + 60, hash32("status"), given.digest))
    story.say(owner, NET.owner().deposit(payer, 1000, not_after=NOW))
    story.say(owner, NET.owner().withdraw(payer, 10))
    story.say(owner, NET.owner().firmware())
    story.say(owner, Transfer(payer.id, 1, owner.public, buyer.public, NOW))
    story.say(buyer, Transfer(payer.id, 2, buyer.public, owner.public, NOW))


def _money(story, payer, payee, third, payers_key):
    """Two channels; payers_key: what signs the payer's vouchers in the first."""
    first = story.say(payer.key, payer.open(payee, 1000, dispute_window=5 * DAY))
    other = story.say(third.key, third.open(payee, 50, ledger=None, expires=NOW - 1))
    story.say(key("ledger"), Funding(first.digest, 1000, NOW))
    told = {
        seq: story.say(payers_key, payer.voucher(first, amount, seq=seq, lane=lane, **more))
        for seq, amount, lane, more in (
            (1, 10, 0, {"not_before": NOW, "item": hash32("item")}),
            (2, 20, 0, {"not_after": NOW}),
            (3, 15, 0, {}),
            (4, 40, 63, {"hash_lock": sha256(SECRET).digest()}),
            (5, 5, 1, {"ticks": TICKS}),
            (6, 60, 2, {"merges": ((0, 1),)}),
        )
    }
    story.say(third.key, third.voucher(other, 30))
    for seq, tick in ((1, None), (2, None), (5, RevealedTick(5, TICK))):
        said = told[seq].body
        body = Receipt(first.digest, said.lane, said.seq, said.amount, told[seq].digest, tick)
        story.say(payee.key, body)
    story.say(payee.key, ChannelClose(first.digest, NOW, (Claim(0, 2, 20, told[2].digest), Claim(1, 5, 5, hash32("")))))
    story.say(payers_key, ChannelClose(first.digest, NOW))
    story.say(third.key, ChannelClose(other.digest, NOW, ()))
    story.say(key("ledger"), Refund(first.digest, 900, NOW))
    ledger = key("ledger")
    mine = ledger.public.device_id
    for rows, others in ((3, None), (4, None), (5, (LogEnd(7, hash32("head of 1"), hash32("tree of 1")),))):
        story.say(ledger, Checkpoint(mine, rows, hash32(f"head {rows}"), NOW, hash32("tree"), others))
    story.say(ledger, Division(mine, 1, 2, NOW))
    story.say(ledger, Shift(mine, payer.id, "credit", 5, Place(0, 3), NOW, Place(1, 1)))


def story():
    """The whole story, in an order in which all of it can hold."""
    told = Story()
    issuer, below, (payer, payee, third) = _parties(told)
    for n in range(3):
        told.say(payer.key, payer.reading(n, clock_quality=n + 1))
        told.say(third.key, third.reading(n))
    _ownership(told, issuer, payer)
    told.say(payer.key, rotation(payer, "second"))
    later = after(payer, "second")
    for n in range(2):
        told.say(later.key, later.reading(n))
    _money(told, payer, payee, third, later.key)
    for body in (payee.evidence().body, replace(third.evidence().body, sealed=bytes(38))):
        told.say(key("payee" if body.sealed is None else "third"), body)
    bench = below
    for device, chip in ((payer, None), (payee, Chip(bytes(9), bytes(4), bytes(32), bytes(64), 1))):
        told.say(bench.key, bench.factory_record(device, chip=chip))
    told.say(later.key, payer.peer_proof(payee))
    told.say(third.key, Status(third.id, hash32("nonce"), 1, 3, third.last, NOW, 2, "0.1.0", Owned(1, hash32("owner"))))
    told.say(payee.key, Offer(payee.id, "kWh", 83, "nEUR", NOW + 60, NOW, "tcp:solar:9000", 10))
    told.say(NET.key, NET.revoke(third, revoked_from=NOW + 2))
    return told.said
