"""The log's time, and what its rows were settled on: an altered view is found at the next row."""

import pytest
from sealwright.ledger.watch import Watch

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.behind import rows
from tests.host_tools.ledger.conftest import World, holds
from tests.host_tools.ledger.damage import change, codes


@pytest.mark.parametrize(
    ("alter", "back"),
    [
        (
            "UPDATE accounts SET balance = balance + 5 WHERE kind = 'device' AND balance = 50",
            "UPDATE accounts SET balance = balance - 5 WHERE kind = 'device' AND balance <> 0 AND name = ?",
        ),
        ("UPDATE lanes SET worth = '45'", None),
        ("UPDATE channels SET pays_up_to = 60", None),
        ("UPDATE channels SET claim_end = claim_end + 1", None),
    ],
    ids=["balance", "lane", "limit", "claim end"],
)
def test_a_row_that_was_settled_on_an_altered_view_is_named(world, alter, back):
    ledger, channel = world.opened(100)
    assert world.codes(ledger, [world.payer.voucher(channel, 50)]) == ["ok"]
    ledger.close()
    change(world.path, alter)
    assert world.codes(ledger, [world.payer.voucher(channel, 70, seq=2)]) == ["ok"]
    row = ledger.head().n
    ledger.close()
    if back is not None:  # who mends the view afterwards is found all the same
        change(world.path, (back, (world.payee.id,)))
    report = ledger.audit()
    assert ("altered_view", row) in {(finding.code, finding.row) for finding in report.findings}
    assert not any(finding.row is not None and finding.row < row for finding in report.findings)
    if back is not None:
        assert holds(ledger, world.payee) == 70 and "view_differs" not in codes(report)


def test_a_clock_set_back_moves_no_row_back(world):
    ledger, channel = world.opened(100)
    world.at = NOW + 5 * DAY
    assert world.codes(ledger, [world.payer.voucher(channel, 10)]) == ["ok"]
    world.at = NOW - 400 * DAY
    late = world.payer.voucher(channel, 20, seq=2, not_after=NOW + 4 * DAY)
    assert world.codes(ledger, [late, world.payer.voucher(channel, 30, seq=3)]) == ["expired", "ok"]
    assert world.codes(ledger, [world.payer.close(channel)]) == ["ok"]
    assert ledger.channels()[0].terms.claim_end == NOW + 8 * DAY
    assert times(world.path) == [NOW] * 6 + [NOW + 5 * DAY] * 3
    assert ledger.audit().ok


def times(place):
    return [row[0] for row in rows(place, "SELECT at FROM log ORDER BY n")]


def test_a_log_whose_time_falls_is_found(world, monkeypatch):
    """Written by a program that lets it fall: every hash is sound."""
    ledger, channel = world.opened(100)
    monkeypatch.setattr(Watch, "look", lambda self, not_before=0: setattr(self, "at", int(self._clock())))
    world.at = NOW - 1
    assert world.codes(ledger, [world.payer.voucher(channel, 10)]) == ["ok"]
    report = ledger.audit()
    assert [(finding.code, finding.row) for finding in report.findings] == [("time_falls", 7)]


def test_refunds_come_in_batches_and_all_of_them_come(world):
    """More channels than one transaction takes have ended."""
    ledger = world.funded(600)
    opens = [world.payer.open(world.payee, 1, nonce=n.to_bytes(16, "big"), expires=NOW + n) for n in range(600)]
    assert set(world.codes(ledger, opens)) == {"ok"}
    world.at = NOW + 3 * DAY + 549
    assert world.codes(ledger, [opens[0]]) == ["already_settled"]  # a settlement refunds one batch as it goes
    assert holds(ledger, world.payer) == 256
    assert ledger.refund_ended() == 550 - 256
    assert holds(ledger, world.payer) == 550 and ledger.refund_ended() == 0
    world.at += 50
    assert ledger.refund_ended() == 50
    assert ledger.audit().ok


def test_claims_that_end_soon(world):
    ledger = world.funded(100)
    opens = [world.payer.open(world.payee, 10, nonce=bytes((n,)) * 16, expires=NOW + n * DAY) for n in (3, 1, 2)]
    paid = world.payer.voucher(opens[2], 10)  # nothing is left to claim
    assert world.codes(ledger, [*opens, paid]) == ["ok"] * 4
    assert ledger.ending(4 * DAY - 1) == []
    assert [channel.digest for channel in ledger.ending(4 * DAY)] == [opens[1].digest]
    assert [channel.digest for channel in ledger.ending(6 * DAY)] == [opens[1].digest, opens[0].digest]
    found = ledger.channel(opens[0].digest)
    assert found is not None and found.terms.window == ledger.least_window == 3 * DAY
    assert ledger.channel(paid.digest) is None


def test_the_hash_of_a_row(world, tmp_path):
    ledger, _ = world.opened(100)
    head = ledger.head()
    assert ledger.row_hash(head.n) == head.hash
    assert ledger.row_hash(0) is None and ledger.row_hash(head.n + 1) is None
    twin = World(tmp_path / "twin.db")
    other, _ = twin.opened(101)
    assert other.row_hash(1) == ledger.row_hash(1) and other.row_hash(2) != ledger.row_hash(2)
