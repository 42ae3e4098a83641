"""Settling, message by message: who is paid, what is refused and why, and that nothing is paid twice."""

import io
import json
from hashlib import sha256

import pytest
from sealwright.errors import Malformed, Truncated, Usage, WrongType
from sealwright.messages import Ticks
from sealwright.verify import hash_times

from tests.host_tools.factory import DAY, NOW, Network, hash32
from tests.host_tools.ledger.conftest import holds, raws

SECRET = b"the payee knows"


def state(ledger):
    return ledger.balances(), ledger.channels(), list(ledger.entries()), ledger.head()


def test_a_trade_from_deposit_to_refund(world):
    ledger = world.ledger()
    channel = world.payer.open(world.payee, 300)
    bundle = [
        *world.certificates, world.owner.deposit(world.payer, 1000), channel,
        world.payer.voucher(channel, 120, seq=1), world.payer.voucher(channel, 200, seq=2),
        world.payee.close(channel),
    ]
    assert world.codes(ledger, bundle) == ["ok"] * 7
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (800, 200)
    (kept,) = ledger.channels()
    assert (kept.deposited, kept.paid, kept.refunded, kept.remaining, kept.closed) == (300, 200, 100, 0, True)
    assert sum(balance.amount for balance in ledger.balances()) == 0
    assert [(line.n, line.type, line.kind, line.amount) for line in ledger.entries()] == [
        (3, "command", "world", -1000), (3, "command", "device", 1000),
        (4, "channel-open", "device", -300), (4, "channel-open", "channel", 300),
        (5, "voucher", "channel", -120), (5, "voucher", "device", 120),
        (6, "voucher", "channel", -80), (6, "voucher", "device", 80),
        (7, "channel-close", "device", 100), (7, "channel-close", "channel", -100),
    ]
    report = ledger.audit()
    assert report.ok and (report.messages, report.entries, report.channels) == (7, 10, 1)
    assert report.head == ledger.head()


def test_settling_the_same_again_changes_nothing_and_is_ok(world):
    ledger = world.ledger()
    channel = world.payer.open(world.payee, 300)
    bundle = raws([
        *world.certificates, world.owner.deposit(world.payer, 1000), channel,
        world.payer.voucher(channel, 120, not_after=NOW + 5), world.payee.close(channel),
    ])
    assert {verdict.code for verdict in ledger.settle(bundle)} == {"ok"}
    before = state(ledger)
    world.at = NOW + 400 * DAY  # when the voucher and the channel are long expired
    again = list(ledger.settle(bundle + bundle))
    assert [(verdict.code, verdict.ok) for verdict in again] == [("already_settled", True)] * 12
    assert [verdict.n for verdict in again] == list(range(12))
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
    voucher = world.payer.voucher(channel, 10).raw
    twin = voucher[:-32] + (order - int.from_bytes(voucher[-32:], "big")).to_bytes(32, "big")
    assert world.codes(ledger, [voucher]) == ["ok"]
    assert world.codes(ledger, [twin]) == ["already_settled"]
    assert holds(ledger, world.payee) == 10


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


def test_older_and_lower_vouchers_are_refused(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 50, seq=5)]) == ["ok"]
    late = [pay(channel, 60, seq=4), pay(channel, 60, seq=5), pay(channel, 49, seq=6), pay(channel, 101, seq=6)]
    assert world.codes(ledger, late) == ["replay", "replay", "amount_decreased", "over_capacity"]
    assert world.codes(ledger, [pay(channel, 50, seq=6), pay(channel, 100, seq=7)]) == ["ok", "ok"]
    assert world.codes(ledger, [pay(channel, 1, lane=1)]) == ["over_capacity"]
    assert holds(ledger, world.payee) == 100


def test_merges_across_bundles(world):
    ledger, channel = world.opened(100)
    pay = world.payer.voucher
    assert world.codes(ledger, [pay(channel, 30, lane=1, seq=4), pay(channel, 20, lane=2, seq=1)]) == ["ok", "ok"]
    wrong = [
        pay(channel, 49, lane=1, seq=5, merges=((2, 1),)), pay(channel, 60, lane=1, seq=5, merges=((2, 0),)),
        pay(channel, 60, lane=1, seq=5, merges=((3, 9),)), pay(channel, 60, lane=1, seq=5, merges=((1, 9),)),
        pay(channel, 60, lane=1, seq=5, merges=((2, 1), (2, 1))),
    ]
    assert world.codes(ledger, wrong) == ["amount_decreased"] + ["bad_merge"] * 4
    assert world.codes(ledger, [pay(channel, 60, lane=1, seq=5, merges=((2, 3),))]) == ["ok"]
    assert holds(ledger, world.payee) == 60
    assert world.codes(ledger, [pay(channel, 25, lane=2, seq=3), pay(channel, 15, lane=2, seq=4)]) == ["replay", "ok"]
    assert holds(ledger, world.payee) == 75
    assert ledger.audit().ok


def test_closing(world):
    ledger, channel = world.opened(100)
    stranger = world.network.device("stranger")
    assert world.codes(ledger, [stranger.certificate, stranger.close(channel)]) == ["ok", "not_a_party"]
    assert world.codes(ledger, [world.payer.close(channel)]) == ["too_early"]
    assert world.codes(ledger, [world.payer.voucher(channel, 40)]) == ["ok"]
    world.at = channel.body.expires - 1
    assert world.codes(ledger, [world.payer.close(channel)]) == ["too_early"]
    world.at = channel.body.expires
    assert world.codes(ledger, [world.payer.voucher(channel, 50, seq=2)]) == ["expired"]
    assert world.codes(ledger, [world.payer.close(channel), world.payee.close(channel)]) == ["ok", "closed"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (60, 40)
    world.at = NOW
    assert world.codes(ledger, [world.payer.voucher(channel, 50, seq=2)]) == ["closed"]
    assert ledger.audit().ok  # each row as of its own time


def test_money_must_be_there(world):
    ledger = world.funded(100)
    one, two = world.payer.open(world.payee, 60), world.payer.open(world.payee, 60, nonce=hash32("2")[:16])
    other = world.payer.open(world.payee, 1, asset="Wh")
    assert world.codes(ledger, [one, two, other]) == ["ok", "unfunded", "unfunded"]
    assert world.codes(ledger, [world.payer.voucher(two, 1)]) == ["unknown_channel"]
    assert world.codes(ledger, [world.owner.deposit(world.payer, 20), two]) == ["ok", "ok"]
    assert holds(ledger, world.payer) == 0


def test_deposits(world):
    ledger = world.ledger()
    most = 2**63 - 1
    order = world.owner.deposit(world.payer, 5)
    assert [ledger.deposit(order.raw).code for _ in range(2)] == ["ok", "already_settled"]
    assert ledger.deposit(world.owner.deposit(world.payer, 6, seq=1).raw).code == "replay"
    assert ledger.deposit(world.owner.deposit(world.payee, 6, seq=1).raw).code == "ok"
    assert ledger.deposit(world.network.owner("other").deposit(world.payer, 6).raw).code == "unknown_signer"
    assert ledger.deposit(world.owner.deposit(world.payer, most - 10).raw).code == "over_supply"
    assert ledger.deposit(world.owner.deposit(world.payer, most - 11).raw).code == "ok"
    assert ledger.deposit(world.owner.deposit(world.payer, most, asset="Wh").raw).code == "ok"
    assert holds(ledger, world.payer) == most - 6
    assert ledger.audit().ok


@pytest.mark.parametrize(
    "arguments", [None, {}, {1: "credit"}, {1: "credit", 2: 0}, {1: "", 2: 5}, {1: "credit", 2: 2**63}, {1: 5, 2: 5},
                  {1: "credit", 2: True}, {1: "credit", 2: -1}, {1: "credit", 2: 5, 3: 0}, ["credit", 5]],
)
def test_deposits_that_say_nothing_clear(world, arguments):
    assert world.ledger().deposit(world.owner.command(world.payer, "deposit", arguments).raw).code == "bad_deposit"


def test_deposit_takes_deposits_only(world):
    ledger = world.ledger()
    for raw, error in ((b"\x01", Malformed), (world.payer.reading().raw, WrongType),
                       (world.owner.command(world.payer, "pause").raw, WrongType)):
        with pytest.raises(error):
            ledger.deposit(raw)


def test_what_has_no_part_in_the_ledger_is_judged_and_not_kept(world):
    ledger, channel = world.opened()
    head = ledger.head()
    voucher = world.payer.voucher(channel, 10)
    others = [world.payer.reading(), world.payer.reading(), world.payer.evidence(), world.payer.peer_proof(world.payee),
              world.owner.command(world.payer, "pause"), world.network.grant(world.payer)]
    assert world.codes(ledger, others) == ["ok"] * 6
    world.payer.seq += 1
    assert world.codes(ledger, [world.payer.reading()]) == ["ok"]  # a bundle may start anywhere
    assert ledger.head() == head
    receipt = world.payee.receipt(voucher)
    assert world.codes(ledger, [receipt, voucher, receipt]) == ["receipt_mismatch", "ok", "ok"]
    assert world.codes(ledger, [receipt, world.payee.receipt(voucher, amount=11)]) == ["ok", "receipt_mismatch"]
    assert ledger.head().n == head.n + 1


def test_a_hash_locked_voucher_needs_its_secret_and_the_log_keeps_it(world):
    ledger, channel = world.opened()
    voucher = world.payer.voucher(channel, 10, hash_lock=sha256(SECRET).digest())
    assert world.codes(ledger, [voucher]) == ["lock_missing"]
    assert world.codes(ledger, [voucher], secrets=[b"wrong", SECRET, b"other"]) == ["ok"]
    assert world.codes(ledger, [voucher]) == ["already_settled"]
    assert holds(ledger, world.payee) == 10
    assert ledger.audit().ok


def test_ticks_pay_as_they_are_revealed(world):
    ledger, channel = world.opened(100)
    seed = hash32("seed")
    root = hash_times(seed, 20)

    def reveal(count):
        return {root: (count, hash_times(seed, 20 - count))}

    voucher = world.payer.voucher(channel, 30, ticks=Ticks(root, 2, 20))
    assert world.codes(ledger, [voucher]) == ["ok"]
    assert world.codes(ledger, [voucher], ticks={root: (3, seed)}) == ["bad_tick"]
    assert world.codes(ledger, [voucher, voucher], ticks=reveal(3)) == ["ok", "already_settled"]
    assert holds(ledger, world.payee) == 36
    assert world.codes(ledger, [voucher], ticks=reveal(2)) == ["already_settled"]
    assert world.codes(ledger, [voucher], ticks=reveal(20)) == ["ok"]
    assert holds(ledger, world.payee) == 70
    assert world.codes(ledger, [world.payer.voucher(channel, 69, seq=2)]) == ["amount_decreased"]
    assert world.codes(ledger, [world.payer.voucher(channel, 31, lane=1)]) == ["over_capacity"]
    assert world.codes(ledger, [world.payer.voucher(channel, 75, seq=2)]) == ["ok"]
    assert [line.digest for line in ledger.entries()].count(voucher.digest) == 6
    assert ledger.audit().ok


def test_what_is_promised_counts_against_the_capacity(world):
    ledger, channel = world.opened(100)
    ticking = world.payer.voucher(channel, 10, ticks=Ticks(hash_times(hash32("s"), 9), 10, 9))
    assert world.codes(ledger, [ticking, world.payer.voucher(channel, 1, lane=1)]) == ["ok", "over_capacity"]
    assert world.codes(ledger, [world.payer.voucher(channel, 10, seq=2), world.payer.voucher(channel, 1, lane=1)]) == [
        "ok", "ok"]


def test_time(world):
    ledger, channel = world.opened()
    pay = world.payer.voucher
    early, late = pay(channel, 1, not_before=NOW + 1), pay(channel, 2, seq=2, not_after=NOW - 1)
    assert world.codes(ledger, [early, late]) == ["not_yet_valid", "expired"]
    world.at = NOW + 1
    assert world.codes(ledger, [early]) == ["ok"]
    old = world.network.device("old", expires=NOW + 10)
    assert world.codes(ledger, [old.certificate, old.open(world.payee, 0)]) == ["ok", "ok"]
    world.at = NOW + 10
    assert world.codes(ledger, [old.open(world.payee, 0, nonce=bytes(16))]) == ["expired_certificate"]
    assert world.codes(ledger, [world.payer.open(world.payee, 1, expires=NOW)]) == ["expired"]
    assert ledger.audit().ok


def test_time_moves_on_between_batches(world):
    """A long settlement: each batch is judged and logged as of its own time."""
    ledger, channel = world.opened()
    ticking = iter(range(NOW, NOW + 100))
    slow = world.ledger(clock=lambda: next(ticking))
    vouchers = [world.payer.voucher(channel, n, seq=n, not_after=NOW + 3) for n in range(1, 7)]
    assert world.codes(slow, vouchers, batch=1) == ["ok"] * 3 + ["expired"] * 3
    assert slow.audit().ok


def test_whom_to_trust(world):
    emulated = Network("emulated net", "emulated root", model="emulated")
    device = emulated.device("e")
    ledger = world.ledger()
    both = [world.network.root, emulated.root]
    plain = type(ledger)(world.path, both, [world.owner.key.public], clock=lambda: NOW)
    allowed = type(ledger)(world.path, both, [world.owner.key.public], clock=lambda: NOW, allow_test=True)
    bundle = [world.owner.deposit(device, 9), device.certificate, device.open(world.payee, 9)]
    assert world.codes(ledger, bundle) == ["ok", "unknown_signer", "unknown_signer"]
    assert world.codes(plain, bundle) == ["already_settled", "test_root", "test_root"]
    assert world.codes(allowed, bundle) == ["already_settled", "ok", "ok"]
    assert allowed.audit().ok
    assert {finding.code for finding in plain.audit().findings} == {"unacceptable_message", "view_differs"}
    assert not world.ledger(owners=[]).audit().ok


def test_custody_and_network(world):
    weak = world.network.device("weak", custody=0)
    strict = world.ledger(custody_floor=1)
    assert world.codes(strict, [weak.certificate, weak.open(world.payee, 0)]) == ["custody_too_low"] * 2
    ledger = world.ledger()
    assert world.codes(ledger, [weak.certificate, weak.open(world.payee, 0)]) == ["ok", "ok"]
    assert world.codes(strict, [weak.open(world.payee, 0, nonce=bytes(16))]) == ["custody_too_low"]
    assert strict.audit().ok  # it was taken when nobody demanded more
    elsewhere = world.ledger(network=hash32("another"))
    assert world.codes(elsewhere, [world.payer.certificate]) == ["wrong_network"]


def test_a_renewed_certificate(world):
    """The newer one counts whichever comes first, now and for an audit."""
    old = world.network.device("d", expires=NOW + 10)
    new = world.network.device("d", issued_at=NOW, expires=NOW + 1000)
    ledger = world.ledger()
    assert world.codes(ledger, [new.certificate, old.certificate]) == ["ok", "ok"]
    world.at = NOW + 20
    assert world.codes(world.ledger(), [old.certificate, new.open(world.payee, 0)]) == ["already_settled", "ok"]
    assert ledger.audit().ok


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


def test_numbers_at_their_limits(world):
    ledger, channel = world.opened(2**63 - 1, expires=2**64 - 1)
    top = 2**64 - 1
    vouchers = [world.payer.voucher(channel, 2**62, lane=top, seq=top - 1),
                world.payer.voucher(channel, 2**63 - 1, lane=0, seq=top, merges=((top, top),))]
    assert world.codes(ledger, vouchers) == ["ok", "ok"]
    assert holds(ledger, world.payee) == 2**63 - 1
    assert ledger.channels()[0].expires == top
    assert ledger.audit().ok


def test_paying_oneself(world):
    ledger = world.funded(10)
    channel = world.payer.open(world.payer, 10)
    assert world.codes(ledger, [channel, world.payer.voucher(channel, 4), world.payer.close(channel)]) == ["ok"] * 3
    assert holds(ledger, world.payer) == 10
    assert ledger.audit().ok


def test_export(world):
    ledger, channel = world.opened(7, asset="credit")
    out = io.StringIO()
    assert ledger.export(out, "json") == 4
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[3] == {"n": 4, "at": NOW, "type": "channel-open", "digest": channel.digest.hex(), "kind": "channel",
                        "name": channel.digest.hex(), "asset": "credit", "amount": 7}
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
