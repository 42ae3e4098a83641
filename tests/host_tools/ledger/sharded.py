"""Ledgers in shards on a real PostgreSQL, for tests."""

from contextlib import contextmanager

from sealwright.ledger.shards.places import shard_of

from tests.host_tools.factory import hash32
from tests.host_tools.ledger.conftest import World
from tests.host_tools.postgres import server


@contextmanager
def divided(into, make=World):
    """A world with a new ledger in so many shards; of 1, one without."""
    url = server().database()
    world = make(url)
    with world.ledger() as ledger:
        assert into == 1 or ledger.divide(into)
    yield world
    server().drop(url)


def channel_in(world, shard, of, capacity=100, label="", **terms):
    """A channel-open of the payer that belongs to this shard."""
    payer, payee = terms.pop("payer", world.payer), terms.pop("payee", world.payee)
    found = (
        payer.open(payee, capacity, nonce=hash32(f"{label} {n}")[:16], ledger=world.identity.id, **terms)
        for n in range(1000)
    )
    return next(one for one in found if shard_of(one.digest, of) == shard)


def state(ledger):
    """What a ledger says, whatever its shards: balances that are not 0, channels with what they owe."""
    balances = sorted((one.kind, one.name, one.asset, one.amount) for one in ledger.balances() if one.amount)
    channels = [(c.digest, min(c.worth, c.limit), c.paid, c.refunded, *ends_of(c)) for c in ledger.channels()]
    return balances, sorted(channels)


def ends_of(channel):
    return channel.limit, channel.terms.claim_end, channel.closed_at


def funded(world, amount=300):
    """A ledger with certificates and an amount on the payer's account."""
    ledger = world.ledger()
    assert world.codes(ledger, [*world.certificates, world.owner.deposit(world.payer, amount)]) == ["ok"] * 3
    return ledger


def sound(ledger):
    report = ledger.audit()
    assert report.ok, report.findings
    return report
