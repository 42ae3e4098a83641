"""Fundings in the log: one after each channel-open, as it was locked, for a payer whose certificates last."""

import shutil

import pytest
from sealwright.ledger import settling
from sealwright.wire.messages import Funding

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.conftest import World
from tests.host_tools.ledger.damage import codes


def says(monkeypatch, change):
    """What the ledger says of its own accord goes through change(body) -> bodies."""
    say = settling.Settlement.say

    def changed(self, body, act, effect):
        for one in change(body) if isinstance(body, Funding) else [body]:
            say(self, one, act, effect)

    monkeypatch.setattr(settling.Settlement, "say", changed)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda body: [], {"unfunded_channel"}),
        (lambda body: [body, Funding(body.channel, body.amount, body.funded_at + 1)], {"unacceptable_message"}),
        (lambda body: [Funding(body.channel, body.amount + 1, body.funded_at)], {"unacceptable_message"}),
        (lambda body: [Funding(body.channel, body.amount, body.funded_at - 1)], {"unacceptable_message"}),
    ],
    ids=["none", "two", "more", "earlier"],
)
@pytest.mark.parametrize("last", [False, True])
def test_an_audit_wants_the_funding_of_each_channel(world, monkeypatch, change, found, last):
    says(monkeypatch, change)
    ledger, channel = world.opened()
    if not last:
        assert world.codes(ledger, [world.payer.voucher(channel, 5)]) == ["ok"]
    assert found <= codes(ledger.audit()) <= found | {"unfunded_channel", "stray_funding", "view_differs"}


def test_an_audit_wants_each_funding_right_after_its_channel(world, monkeypatch):
    held = []
    says(monkeypatch, lambda body: held.append(body) or (held if len(held) == 2 else []))
    ledger = world.funded()
    channels = [world.payer.open(world.payee, 10, nonce=bytes([n]) * 16) for n in range(2)]
    assert world.codes(ledger, channels) == ["ok", "ok"]
    assert codes(ledger.audit()) == {"unfunded_channel", "stray_funding"}


def test_an_audit_wants_certificates_that_outlast_the_claim(world, monkeypatch):
    short = world.network.device("d", expires=NOW + 33 * DAY - 1)
    ledger, channel = world.ledger(), short.open(world.payee, 10)
    bundle = [world.payee.certificate, short.certificate, world.owner.deposit(short, 10), channel]
    monkeypatch.setattr(settling, "check_standing", lambda judge, terms: None)
    assert world.codes(ledger, bundle) == ["ok"] * 4
    first = ledger.audit().findings[0]
    assert first.code == "unacceptable_message" and "short_certificate" in first.what


def test_a_funding_of_another_copy_of_the_ledger_is_not_kept(tmp_path):
    world = World(tmp_path / "ledger.db")
    ledger = world.funded()
    ledger.close()
    shutil.copy(world.path, tmp_path / "older.db")
    opened = world.payer.open(world.payee, 1000)
    assert world.codes(ledger, [opened]) == ["ok"]
    old = ledger.funding(opened.digest)
    ledger.close()
    shutil.copy(tmp_path / "older.db", world.path)
    world.at += 60
    assert world.codes(ledger, [opened]) == ["ok"] and ledger.funding(opened.digest) != old
    before = ledger.head()
    assert world.codes(ledger, [old]) == ["ok"] and ledger.head() == before
    assert ledger.audit().ok


def test_settling_nothing_refunds_what_has_ended(world):
    ledger, channel = world.opened()
    world.at = channel.body.expires + 30 * DAY
    assert list(ledger.settle([])) == []
    assert ledger.channel(channel.digest).refunded == 1000 and ledger.audit().ok
