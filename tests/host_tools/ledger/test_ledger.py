"""Settling from deposit to refund: nothing is paid twice, and what has no part in the ledger is left out."""

import io
import json

import pytest
from sealwright.errors import Truncated, Usage

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.conftest import holds, raws


def state(ledger):
    return ledger.balances(), ledger.channels(), list(ledger.entries()), ledger.head()


def test_a_trade_from_deposit_to_refund(world):
    ledger = world.ledger()
    channel = world.payer.open(world.payee, 300)
    bundle = [
        *world.certificates,
        world.owner.deposit(world.payer, 1000),
        channel,
        world.payer.voucher(channel, 120, seq=1),
        last := world.payer.voucher(channel, 200, seq=2),
        world.payee.close(channel, claims=(last,)),
    ]
    assert world.codes(ledger, bundle) == ["ok"] * 7
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (800, 200)
    (kept,) = ledger.channels()
    assert (kept.capacity, kept.paid, kept.refunded, kept.remaining, kept.closed) == (300, 200, 100, 0, True)
    assert sum(balance.amount for balance in ledger.balances()) == 0
    assert [(line.n, line.type, line.kind, line.amount) for line in ledger.entries()] == [
        (4, "command", "world", -1000),
        (4, "command", "device", 1000),
        (5, "channel-open", "device", -300),
        (5, "channel-open", "channel", 300),
        (7, "voucher", "channel", -120),
        (7, "voucher", "device", 120),
        (8, "voucher", "channel", -80),
        (8, "voucher", "device", 80),
        (9, "channel-close", "device", 100),
        (9, "channel-close", "channel", -100),
    ]
    report = ledger.audit()
    assert report.ok and (report.messages, report.entries, report.channels) == (9, 10, 1)
    assert report.head == ledger.head()


def test_settling_the_same_again_changes_nothing_and_is_ok(world):
    ledger = world.ledger()
    channel = world.payer.open(world.payee, 300)
    bundle = raws(
        [
            *world.certificates,
            world.owner.deposit(world.payer, 1000),
            channel,
            last := world.payer.voucher(channel, 120, not_after=NOW + 5),
            world.payee.close(channel, claims=(last,)),
        ]
    )
    assert {verdict.code for verdict in ledger.settle(bundle)} == {"ok"}
    before = state(ledger)
    world.at = NOW + 400 * DAY  # when the voucher and the channel are long expired
    again = list(ledger.settle(bundle + bundle))
    assert [(verdict.code, verdict.ok) for verdict in again] == [("already_settled", True)] * 12
    assert sorted(verdict.n for verdict in again) == list(range(12))
    assert state(ledger) == before
    assert ledger.audit().ok


def test_a_copy_with_a_broken_signature_is_not_already_settled(world):
    ledger, channel = world.opened()
    voucher = world.payer.voucher(channel, 10).raw
    assert world.codes(ledger, [voucher]) == ["ok"]
    assert world.codes(ledger, [voucher[:-1] + bytes([voucher[-1] ^ 1])]) == ["bad_signature"]


def test_a_second_signature_of_the_same_message_is_already_settled(world):
    """ECDSA signatures are malleable: (r, n - s) holds too, so messages go by their digest."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    ledger, channel = world.opened()
    voucher = world.payer.voucher(channel, 10)
    assert world.codes(ledger, [voucher]) == ["ok"]
    head = ledger.head()
    for raw in (voucher.raw, channel.raw, *world.certificates):
        twin = raw[:-32] + (order - int.from_bytes(raw[-32:], "big")).to_bytes(32, "big")
        assert world.codes(ledger, [twin]) == ["already_settled"]
    assert holds(ledger, world.payee) == 10 and ledger.head() == head


def test_vouchers_in_later_bundles_need_neither_certificates_nor_their_channel(world):
    ledger, channel = world.opened()
    ledger.close()
    later = world.ledger()
    assert world.codes(later, [world.payer.voucher(channel, 10, seq=1)]) == ["ok"]
    later.close()
    assert world.codes(world.ledger(), [world.payer.voucher(channel, 25, seq=2)]) == ["ok"]
    assert holds(world.ledger(), world.payee) == 25


def test_a_chain_of_issuers_is_recalled_whole(world):
    issuer = world.network.issuer("issuer")
    device = world.network.device("far", issuer)
    ledger = world.ledger()
    assert ledger.deposit(world.owner.deposit(device, 100).raw).ok
    assert world.codes(ledger, [issuer.certificate, device.certificate]) == ["ok", "ok"]
    assert world.codes(world.ledger(), [device.open(world.payee, 100)]) == ["ok"]
    assert world.ledger().audit().ok


def test_what_has_no_part_in_the_ledger_is_judged_and_not_kept(world):
    ledger, channel = world.opened()
    head = ledger.head()
    voucher = world.payer.voucher(channel, 10)
    others = [
        world.payer.reading(),
        world.payer.reading(),
        world.payer.evidence(),
        world.payer.peer_proof(world.payee),
        world.owner.command(world.payer, "pause"),
    ]
    assert world.codes(ledger, others) == ["ok"] * 5
    world.payer.seq += 1
    assert world.codes(ledger, [world.payer.reading()]) == ["ok"]  # a bundle may start anywhere
    assert ledger.head() == head
    receipt = world.payee.receipt(voucher)
    assert world.codes(ledger, [receipt, voucher, receipt]) == ["ok"] * 3
    assert world.codes(ledger, [receipt, world.payee.receipt(voucher, amount=11)]) == ["ok", "receipt_mismatch"]
    assert ledger.head().n == head.n + 1


def test_bytes_that_are_no_message(world):
    ledger, channel = world.opened()
    head = ledger.head()
    verdicts = list(ledger.settle([b"", b"\xff", b"\x18\x01", channel.raw + b"\x00", channel.raw[:-1], bytes(70000)]))
    assert [verdict.code for verdict in verdicts] == ["malformed"] * 2 + ["not_deterministic"] + ["malformed"] * 3
    assert all(verdict.why and not verdict.ok for verdict in verdicts)
    assert ledger.head() == head


@pytest.mark.parametrize("batch", [1, 2, 3, 128])
def test_a_bundle_that_breaks_off_counts_up_to_there(world, batch):
    ledger, channel = world.opened()

    def broken():
        yield world.payer.voucher(channel, 1, seq=1).raw
        yield world.payer.voucher(channel, 2, seq=2).raw
        raise Truncated("the bundle ends in the middle of message 2")

    assert world.codes(ledger, broken(), batch=batch) == ["ok", "ok", "malformed"]
    assert holds(ledger, world.payee) == 2


def test_verdicts_come_only_when_settled(world):
    ledger, channel = world.opened()
    verdicts = ledger.settle(raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 7)), batch=2)
    for amount in (2, 2, 4, 4, 6, 6):
        assert next(verdicts).code == "ok"
        assert holds(world.ledger(), world.payee) == amount


def test_export(world):
    ledger, channel = world.opened(7, asset="credit")
    out = io.StringIO()
    assert ledger.export(out, "json") == 4
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[3] == {
        "n": 5,
        "at": NOW,
        "type": "channel-open",
        "digest": channel.digest.hex(),
        "kind": "channel",
        "name": channel.digest.hex(),
        "asset": "credit",
        "amount": "7",
    }
    out = io.StringIO()
    assert ledger.export(out, "csv") == 4
    rows = out.getvalue().splitlines()
    assert rows[0] == "n,at,type,digest,kind,name,asset,amount" and len(rows) == 5
    assert rows[4].endswith(",credit,7")
    with pytest.raises(Usage):
        ledger.export(out, "xml")


def test_entries_may_be_read_while_other_things_are_done(world):
    ledger, channel = world.opened()
    entries = ledger.entries()
    next(entries)
    assert world.codes(ledger, [world.payer.voucher(channel, 1)]) == ["ok"]
    assert ledger.audit().ok
    assert len(list(entries)) == 3  # the state as of when it was begun
