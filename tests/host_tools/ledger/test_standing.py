"""Funding fixes a payer's standing; a revocation stops new channels and opens the window of those there are."""

import pytest
from sealwright.wire.messages import Funding, Refund, parse_message, sign_message

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.conftest import holds


def test_the_ledger_signs_what_it_locked_and_what_it_gave_back(world):
    ledger, channel = world.opened(100)
    world.at = NOW + 40 * DAY
    assert ledger.refund_ended() == 1 and ledger.refund_ended() == 0
    rows = [parse_message(raw) for raw in log(ledger)]
    assert [message.type for message in rows[-3:]] == ["channel-open", "funding", "refund"]
    assert rows[-2].body == Funding(channel.digest, 100, NOW)
    assert rows[-1].body == Refund(channel.digest, 100, NOW + 40 * DAY)
    assert all(message.signed_by(world.identity.key.public) for message in rows[-2:])
    assert rows[0].digest == world.identity.certificates[0].digest
    assert holds(ledger, world.payer) == 100 and ledger.audit().ok


def log(ledger):
    return [bytes(row[0]) for row in ledger._database().rows("SELECT message FROM log ORDER BY n")]


def test_nobody_else_signs_for_the_ledger(world):
    """Neither a device nor another ledger of the same network funds or refunds anything here."""
    ledger, channel = world.opened(100)
    other = world.network.ledger("another ledger")
    head = ledger.head()
    forged = [
        *other.certificates,
        sign_message(other.key, Refund(channel.digest, 100, NOW)),
        sign_message(world.payer.key, Refund(channel.digest, 100, NOW)),
        sign_message(other.key, Funding(channel.digest, 100, NOW)),
    ]
    assert world.codes(ledger, forged) == ["ok", "wrong_ledger", "not_a_ledger", "wrong_ledger"]
    assert ledger.head().n == head.n + 1 and ledger.channels()[0].remaining == 100
    early = sign_message(world.identity.key, Refund(channel.digest, 100, NOW))
    assert world.codes(ledger, [early]) == ["not_yet_valid"]  # not even the ledger, before the claim's end
    assert ledger.audit().ok


def test_a_payers_certificate_must_outlast_the_claim(world):
    """Refused at funding when it ends before; a renewal helps."""
    end = NOW + 33 * DAY  # expiry and window
    short = world.network.device("d", expires=end - 1)
    ledger = world.ledger()
    bundle = [world.payee.certificate, short.certificate, world.owner.deposit(short, 10)]
    channel = short.open(world.payee, 10)
    assert world.codes(ledger, [*bundle, channel]) == ["ok"] * 3 + ["short_certificate"]
    assert holds(ledger, short) == 10
    enough = world.network.device("d", expires=end, issued_at=NOW)
    assert world.codes(ledger, [enough.certificate, channel]) == ["ok", "ok"]
    assert ledger.audit().ok


@pytest.mark.parametrize("left", [DAY, 10])
def test_a_renewal_later_in_the_bundle_counts(world, left):
    """For a certificate that ends too soon, and for one that has ended."""
    old = world.network.device("d", expires=NOW + left)
    new = world.network.device("d", issued_at=NOW)
    ledger = world.ledger()
    assert world.codes(ledger, [old.certificate, world.owner.deposit(old, 10)]) == ["ok", "ok"]
    world.at = NOW + 20
    assert world.codes(ledger, [old.open(world.payee, 10), new.certificate]) == ["ok", "ok"]
    assert ledger.audit().ok


def test_an_issuers_certificate_must_outlast_the_claim_too(world):
    issuer = world.network.issuer("issuer", expires=NOW + 10 * DAY)
    device = world.network.device("far", issuer)
    ledger = world.ledger()
    bundle = [issuer.certificate, device.certificate, world.owner.deposit(device, 10), device.open(world.payee, 10)]
    assert world.codes(ledger, bundle) == ["ok"] * 3 + ["short_certificate"]


def test_vouchers_of_a_funded_channel_are_paid_whatever_the_certificate_says_now(world):
    """The certificate ended sooner than it said at funding, and the operator demands more: the voucher is paid."""
    payer = world.network.device("d", custody=1, expires=NOW + 2 * DAY)
    ledger = world.ledger(least_window=DAY)
    channel = payer.open(world.payee, 100, expires=NOW + DAY)
    bundle = [payer.certificate, world.payee.certificate, world.owner.deposit(payer, 100), channel]
    assert world.codes(ledger, bundle) == ["ok"] * 4
    sooner = world.network.device("d", custody=1, expires=NOW + DAY, issued_at=NOW)
    assert world.codes(ledger, [sooner.certificate]) == ["ok"]
    world.at = NOW + 2 * DAY - 1
    later = world.ledger(custody_floor=2)
    assert world.codes(later, [payer.voucher(channel, 60)]) == ["ok"]
    assert world.codes(later, [payer.open(world.payee, 1, nonce=hash32("new")[:16])]) == ["custody_too_low"]
    assert holds(ledger, world.payee) == 60 and later.audit().ok


def test_a_revocation_of_the_payer(world):
    ledger, channel = world.opened(100)
    assert world.codes(ledger, [world.owner.deposit(world.payer, 50)]) == ["ok"]
    world.at = NOW + DAY
    assert world.codes(ledger, [world.network.revoke(world.payer, revoked_from=NOW + DAY)]) == ["ok"]
    assert ledger.channels()[0].terms.claim_end == NOW + 4 * DAY
    assert world.codes(ledger, [world.payer.open(world.payee, 50, nonce=bytes(16))]) == ["revoked"]
    world.at = NOW + 4 * DAY - 1
    assert world.codes(ledger, [world.payer.voucher(channel, 70)]) == ["ok"]
    world.at += 1
    assert ledger.refund_ended() == 1
    assert world.codes(ledger, [world.payer.voucher(channel, 80, seq=2)]) == ["expired"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (80, 70)
    assert ledger.audit().ok


def test_a_revocation_of_the_payee_takes_nothing_from_it(world):
    ledger, channel = world.opened(100)
    assert world.codes(ledger, [world.network.revoke(world.payee)]) == ["ok"]
    paid = world.payer.voucher(channel, 70)
    assert world.codes(ledger, [paid, world.payee.close(channel, claims=(paid,))]) == ["ok", "ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (30, 70)
    assert ledger.audit().ok


def test_only_its_issuer_or_one_above_revokes_a_device(world):
    ledger, channel = world.opened(100)
    hostile = world.network.issuer("hostile")
    forged = [world.network.revoke(world.payer, hostile), world.network.revoke(world.payer, world.payee)]
    assert world.codes(ledger, [hostile.certificate, *forged]) == ["ok", "bad_certificate", "bad_certificate"]
    assert ledger.channels()[0].closed_at is None and ledger.audit().ok
