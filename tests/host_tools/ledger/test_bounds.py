"""The rules of settlement at their bounds: whose signature counts, when a claim ends, what the log keeps."""

from dataclasses import replace

import pytest
from sealwright.verify import hash_times
from sealwright.wire.messages import Ticks, sign_message

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.conftest import holds, raw_of

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def resigned(message):
    """The same message with its other signature: (r, n - s) holds too."""
    return message.raw[:-32] + (N - int.from_bytes(message.raw[-32:], "big")).to_bytes(32, "big")


@pytest.fixture
def strangers(world):
    """Certified devices: some have an id below that of the payer or of the payee, some above."""
    made = [world.network.device(f"stranger {number}") for number in range(6)]
    for party in (world.payer, world.payee):
        assert min(one.id for one in made) < party.id < max(one.id for one in made)
    return made


def test_nobody_opens_pays_acknowledges_or_closes_for_another(world, strangers):
    ledger, channel = world.opened(1000)
    assert ledger.deposit(world.owner.deposit(world.payer, 500).raw).ok
    assert world.codes(ledger, [one.certificate for one in strangers]) == ["ok"] * 6
    good, before = world.payer.voucher(channel, 5), holds(ledger, world.payer)
    assert world.codes(ledger, [good]) == ["ok"]
    forged = []
    for one in [*strangers, world.payee]:
        opened = world.payer.open(world.payee, 10, nonce=hash32("other")[:16])
        forged += [sign_message(one.key, opened.body), one.voucher(channel, 9, seq=2)]
    forged += [one.receipt(good) for one in [*strangers, world.payer]]
    forged += [one.close(channel) for one in strangers]
    assert set(world.codes(ledger, forged)) == {"not_a_party"}
    (kept,) = ledger.channels()
    assert (kept.paid, kept.closed, holds(ledger, world.payer)) == (5, False, before)
    assert world.codes(ledger, [world.payee.receipt(good), world.payee.close(channel)]) == ["ok", "ok"]
    assert ledger.channels()[0].closed


def test_a_claim_holds_to_its_last_second(world):
    ledger, channel = world.opened(1000, expires=NOW + DAY)
    other = world.payer.open(world.payee, 10, expires=NOW + DAY, nonce=bytes(16))
    late = world.payer.open(world.payee, 10, expires=NOW + DAY, nonce=bytes([1]) * 16)
    end = ledger.channels()[0].terms.claim_end
    assert end == NOW + 4 * DAY
    pay = world.payer.voucher
    messages = [other, pay(channel, 5), world.payee.close(channel)]
    world.at = end - 1
    assert ledger.deposit(world.owner.deposit(world.payer, 20).raw).ok
    assert world.codes(ledger, messages) == ["ok"] * 3
    world.at = end
    again = [late, pay(channel, 6, seq=2), world.payer.close(channel, claims=())]
    assert world.codes(ledger, again) == ["expired"] * 3
    assert (ledger.channel(channel.digest).paid, ledger.audit().ok) == (5, True)


def test_the_times_of_a_voucher_include_their_ends(world):
    ledger, channel = world.opened()
    pay = world.payer.voucher
    cases = [("not_before", 1, "not_yet_valid"), ("not_before", 0, "ok"), ("not_after", -1, "expired")]
    cases += [("not_after", 0, "ok"), ("not_before", -1, "ok"), ("not_after", 1, "ok")]
    for lane, (name, seconds, code) in enumerate(cases):
        assert world.codes(ledger, [pay(channel, 1, lane=lane, **{name: NOW + seconds})]) == [code]
    assert ledger.channels()[0].paid == 4


def test_of_revocations_the_earliest_counts_and_others_are_not_kept(world):
    ledger, lost = world.ledger(), world.network.device("lost")
    assert world.codes(ledger, [lost.certificate]) == ["ok"]
    rows = []
    for reason, start in enumerate((NOW, NOW, NOW + 1, NOW - 1, NOW - 1)):
        assert world.codes(ledger, [world.network.revoke(lost, revoked_from=start, reason=reason)]) == ["ok"]
        rows.append(ledger.head().n)
    assert [after - before for before, after in zip(rows, rows[1:], strict=False)] == [0, 0, 1, 0]
    assert ledger.audit().ok


def test_a_channel_is_closed_from_its_first_close_or_once_nothing_remains(world):
    ledger, channel = world.opened(10)
    pay, shown = world.payer.voucher, lambda: ledger.channels()[0]
    assert not shown().closed
    assert world.codes(ledger, [pay(channel, 9)]) == ["ok"] and not shown().closed
    assert not replace(shown(), paid=9).closed and replace(shown(), closed_at=NOW).closed
    assert world.codes(ledger, [pay(channel, 10, seq=2)]) == ["ok"] and shown().closed and shown().closed_at is None


def test_a_device_leaves_with_all_it_has_and_no_more(world):
    ledger = world.funded(100)
    assert world.codes(ledger, [world.network.grant(world.payer)]) == ["ok"]
    for amount, code in ((101, "unfunded"), (0, "bad_withdrawal"), (100, "ok"), (1, "unfunded")):
        assert ledger.withdraw(world.owner.withdraw(world.payer, amount).raw).code == code, amount
    assert holds(ledger, world.payer) == 0


def test_a_channel_locks_all_that_the_payer_has_and_no_more(world):
    ledger = world.funded(100)
    for capacity, code in ((101, "unfunded"), (0, "unfunded"), (100, "ok")):
        opened = world.payer.open(world.payee, capacity, nonce=hash32(str(capacity))[:16])
        assert world.codes(ledger, [opened]) == [code], capacity


def test_what_is_said_of_a_voucher_beside_the_best_of_its_lane(world):
    ledger, channel = world.opened(10**6)
    root = hash_times(hash32("s"), 5)
    ticking = world.payer.voucher(channel, 5000, seq=5, ticks=Ticks(root, 2, 5))

    def said(message, **more):
        (verdict,) = ledger.settle([raw_of(message)], **more)
        return verdict.code, verdict.why

    assert said(world.payer.voucher(channel, 4000, seq=4)) == ("ok", "")
    assert said(ticking) == ("ok", ""), "a higher number needs no word"
    assert said(ticking, ticks={root: (3, hash_times(hash32("s"), 2))}) == ("ok", ""), (
        "nor do more ticks of one voucher"
    )
    assert said(resigned(ticking))[0] == "already_settled", "fewer ticks shown take nothing back"
    assert said(world.payer.voucher(channel, 5006, seq=9)) == ("ok", ""), "as much as before"
    code, why = said(world.payer.voucher(channel, 5005, seq=8))
    assert code == "amount_decreased" and "number 8" in why
    code, why = said(world.payer.voucher(channel, 6000, seq=1))
    assert code == "ok" and "counts" in why
    assert ledger.channels()[0].paid == 6000 and ledger.audit().ok


def test_a_receipt_says_what_its_voucher_says(world):
    ledger, channel = world.opened()
    paid = world.payer.voucher(channel, 10, seq=5, lane=3)
    assert world.codes(ledger, [paid]) == ["ok"]
    for step in (-1, 1):
        for name, value in (("amount", 10), ("seq", 5), ("lane", 3)):
            receipt = world.payee.receipt(paid, **{name: value + step})
            assert world.codes(ledger, [receipt]) == ["receipt_mismatch"], (name, step)
    assert world.codes(ledger, [world.payee.receipt(paid)]) == ["ok"]
