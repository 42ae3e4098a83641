"""Rotations in the ledger: what an old key promised is paid, what it begins anew is refused, forks are kept."""

from itertools import permutations

import pytest
from sealwright.verify.codes import EQUIVOCATION
from sealwright.wire.messages import Owned, Status, Transfer, sign_message

from tests.host_tools.factory import DAY, NOW, hash32, key
from tests.host_tools.ledger.behind import rows
from tests.host_tools.ledger.conftest import holds
from tests.host_tools.rotated import after, rotation


@pytest.fixture(params=["same ledger", "opened anew"])
def again(request, world):
    """Gives the ledger, or the same file opened by another process."""

    def reopen(ledger):
        if request.param == "same ledger":
            return ledger
        ledger.close()
        return world.ledger()

    return reopen


def test_vouchers_of_any_key_of_the_line_are_paid(world, again):
    ledger, channel = world.opened(500)
    old, late = world.payer.voucher(channel, 10), world.payer.voucher(channel, 35, seq=3)
    turn, new = rotation(world.payer, "new"), after(world.payer, "new")
    assert world.codes(ledger, [old, turn]) == ["ok", "ok"]
    ledger = again(ledger)
    assert world.codes(ledger, [new.voucher(channel, 20, seq=2)]) == ["ok"]
    assert world.codes(ledger, [late]) == ["ok"], "an honest seller may have held it"
    assert holds(ledger, world.payee) == 35
    assert world.codes(ledger, [after(world.payer, "thief").voucher(channel, 90, seq=4)]) == ["bad_signature"]
    newest = after(new, "newest")
    assert world.codes(ledger, [rotation(new, "newest", 2), newest.voucher(channel, 40, seq=4)]) == ["ok", "ok"]
    assert holds(ledger, world.payee) == 40 and ledger.audit().ok


def test_newest_first_follows_the_line(world):
    ledger, channel = world.opened(500)
    turn, new = rotation(world.payer, "new"), after(world.payer, "new")
    vouchers = [
        world.payer.voucher(channel, 10),
        new.voucher(channel, 30, seq=3),
        world.payer.voucher(channel, 20, seq=2),
    ]
    assert world.codes(ledger, [turn, *vouchers], newest_first=True) == ["ok", "superseded", "ok", "superseded"]
    assert holds(ledger, world.payee) == 30 and ledger.audit().ok


def test_a_superseded_key_opens_nothing(world, again):
    ledger = world.funded(1000)
    one = world.payer.open(world.payee, 100)
    assert world.codes(ledger, [one]) == ["ok"]
    turn, new = rotation(world.payer, "new"), after(world.payer, "new")
    assert world.codes(ledger, [turn, world.payer.voucher(one, 60)]) == ["ok"] * 2
    ledger = again(ledger)
    two = world.payer.open(world.payee, 50, nonce=bytes(16))
    assert world.codes(ledger, [two]) == ["superseded_key"]
    assert holds(ledger, world.payer) == 900
    resigned = new.open(world.payee, 50, nonce=bytes(16))
    assert resigned.digest == two.digest
    assert world.codes(ledger, [resigned]) == ["ok"]
    assert holds(ledger, world.payer) == 850 and ledger.audit().ok


def test_what_the_log_has_is_settled_whichever_key_signed_the_copy(world, again):
    """A restored ledger takes the newest bundle first, where the device had signed its channel-open again."""
    ledger = world.funded(1000)
    turn, new = rotation(world.payer, "new"), after(world.payer, "new")
    before = world.payer.open(world.payee, 100)
    assert world.codes(ledger, [turn, new.open(world.payee, 100)]) == ["ok", "ok"]
    rows = ledger.head().n
    ledger = again(ledger)
    voucher = world.payer.voucher(before, 60)
    forged = after(world.payer, "thief").open(world.payee, 100)
    assert world.codes(ledger, [before, voucher, forged]) == ["already_settled", "ok", "bad_signature"]
    assert world.codes(ledger, [world.payer.open(world.payee, 101)]) == ["superseded_key"]
    assert ledger.head().n == rows + 1 and ledger.audit().ok


def test_a_status_of_before_a_rotation_that_was_settled_is_settled(world, again):
    ledger = world.funded()
    device, heir = world.payee, key("heir").public
    given = sign_message(world.owner.key, Transfer(device.id, 1, world.owner.key.public, heir, NOW))

    def status(by, owned, of=device):
        return sign_message(by.key, Status(of.id, hash32("nonce"), 1, 0, None, NOW, 3, "1.0", owned))

    said, plain = status(device, Owned(1, heir.device_id)), status(device, None)
    assert world.codes(ledger, [world.network.grant(device), given, said, plain]) == ["ok"] * 4
    rows = ledger.head().n
    assert world.codes(ledger, [rotation(device, "new")]) == ["ok"]
    ledger = again(ledger)
    assert world.codes(ledger, [said, plain, given]) == ["already_settled"] * 3
    thief = status(device, Owned(1, key("thief").public.device_id))
    assert world.codes(ledger, [thief, status(device, None, world.payer)]) == ["superseded_key"] * 2
    other = sign_message(world.owner.key, Transfer(device.id, 1, world.owner.key.public, key("other").public, NOW))
    assert world.codes(ledger, [other]) == [EQUIVOCATION]
    words = [status(device, Owned(1, key("other").public.device_id)), said]
    assert world.codes(ledger, words) == ["superseded_key"] * 2, "in doubt it is the key of now that says it"
    assert world.codes(ledger, [status(after(device, "new"), Owned(1, heir.device_id))]) == ["ok"]
    assert ledger.head().n == rows + 3 and ledger.audit().ok


def rotated_payee(world):
    """(ledger, channel, voucher, the payee with its new key): of 100 the voucher pays 60; the payee has rotated."""
    ledger, channel = world.opened(100, expires=NOW + 30 * DAY)
    voucher = world.payer.voucher(channel, 60)
    assert world.codes(ledger, [rotation(world.payee, "payee's")]) == ["ok"]
    return ledger, channel, voucher, after(world.payee, "payee's")


def test_an_honest_close_by_the_payees_old_key_is_not_worthless(world, again):
    ledger, channel, voucher, _ = rotated_payee(world)
    old = world.payee.close(channel, claims=(voucher,))
    assert world.codes(ledger, [old, voucher]) == ["ok", "ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (0, 60)
    rows = ledger.head().n
    ledger = again(ledger)
    assert world.codes(ledger, [old]) == ["already_settled"]
    world.at += DAY
    assert world.codes(ledger, [world.payee.close(channel, claims=())]) == ["ok"], "as good as none"
    assert ledger.head().n == rows
    world.at += 2 * DAY
    assert ledger.refund_ended() == 1, "and not after the expiry, weeks later"
    assert holds(ledger, world.payer) == 40 and ledger.audit().ok


def test_a_thief_of_the_payees_old_key_gives_nothing_up(world, again):
    ledger, channel, voucher, newer = rotated_payee(world)
    assert world.codes(ledger, [world.payee.close(channel, claims=())]) == ["ok"]
    assert holds(ledger, world.payer) == 0, "nothing is given up"
    ledger = again(ledger)
    claimed = newer.close(channel, claims=(voucher,))
    assert world.codes(ledger, [voucher, claimed]) == ["ok", "ok"], "and no contradiction is made of it"
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (40, 60)
    low = newer.close(channel, NOW + 1, claims=())
    assert world.codes(ledger, [low]) == [EQUIVOCATION], "a party's own two claims are one"
    assert ledger.equivocations() == [(claimed.raw, low.raw)]
    assert ledger.audit().ok


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_comes_first_of_closes_by_old_keys_money_ends_the_same(world, order):
    ledger, channel, voucher, _ = rotated_payee(world)
    assert world.codes(ledger, [rotation(world.payer, "new")]) == ["ok"]
    theirs = [world.payee.close(channel, claims=of) for of in ((), (voucher,))]
    messages = [voucher, *theirs, world.payer.close(channel, claims=())]
    for at in order:
        assert world.codes(ledger, [messages[at]]) == ["ok"]
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (0, 60)
    assert not ledger.equivocations()
    world.at += 3 * DAY
    assert ledger.refund_ended() == 1
    assert holds(ledger, world.payer) == 40 and ledger.audit().ok


def test_a_close_that_the_device_signs_again_counts_in_full(world, again):
    ledger, channel, voucher, newer = rotated_payee(world)
    old, new = (one.close(channel, claims=(voucher,)) for one in (world.payee, newer))
    assert old.digest == new.digest
    assert world.codes(ledger, [voucher, old]) == ["ok", "ok"]
    ledger = again(ledger)
    assert world.codes(ledger, [new]) == ["ok"]
    assert holds(ledger, world.payer) == 40, "refunded at once"
    rows = ledger.head().n
    assert world.codes(ledger, [old, new]) == ["already_settled"] * 2
    assert ledger.head().n == rows and ledger.audit().ok


def test_a_payers_close_by_an_old_key_pays_what_it_claims(world, again):
    ledger, channel = world.opened(100)
    voucher, new = world.payer.voucher(channel, 60), after(world.payer, "new")
    assert world.codes(ledger, [rotation(world.payer, "new"), world.payer.close(channel, claims=(voucher,))]) == [
        *("ok", "ok")
    ]
    assert holds(ledger, world.payee) == 60, "as the voucher does"
    ledger = again(ledger)
    more = new.voucher(channel, 80, seq=2)
    assert world.codes(ledger, [new.close(channel, claims=(more,))]) == ["ok"]
    assert holds(ledger, world.payee) == 80 and not ledger.equivocations() and ledger.audit().ok


def test_a_rotation_is_kept_once(world, again):
    ledger = world.funded()
    turn = rotation(world.payer, "new")
    assert world.codes(ledger, [turn]) == ["ok"]
    rows = ledger.head().n
    ledger = again(ledger)
    assert world.codes(ledger, [turn, rotation(world.payer, "new"), *world.certificates]) == ["already_settled"] * 4
    assert ledger.head().n == rows


def test_contradicting_rotations(world, again):
    ledger, channel = world.opened(500)
    ledger.deposit(world.owner.deposit(world.payer, 100).raw)
    one, two, three = (rotation(world.payer, label) for label in ("new", "thief's", "third"))
    new = after(world.payer, "new")
    assert world.codes(ledger, [one, two]) == ["ok", EQUIVOCATION]
    rows = ledger.head().n
    assert world.codes(ledger, [three]) == [EQUIVOCATION]
    assert ledger.head().n == rows, "one pair is proof enough"
    assert ledger.equivocations() == [(one.raw, two.raw)]
    ledger = again(ledger)
    assert world.codes(ledger, [new.open(world.payee, 100, nonce=bytes(16))]) == [EQUIVOCATION], "whose key is it?"
    assert world.codes(ledger, [new.voucher(channel, 20)]) == ["ok"], "what is funded is paid"
    assert ledger.audit().ok


def test_rotations_of_strangers_fill_no_log(world):
    ledger = world.funded()
    rows, device = ledger.head().n, world.payer
    for generation in range(1, 11):
        world.codes(ledger, [rotation(device, f"key {generation}", generation)])
        device = after(device, f"key {generation}")
    assert ledger.head().n == rows + 8
    assert world.codes(ledger, [rotation(world.network.device("unknown"), "x")]) == ["unknown_signer"]
    other = world.payee
    assert world.codes(ledger, [rotation(other, "x", rotated_at=NOW + DAY)]) == ["not_yet_valid"]
    assert ledger.head().n == rows + 8 and ledger.audit().ok


def test_the_audit_sees_a_rotation_taken_out_of_the_views(world):
    ledger, channel = world.opened(500)
    turn, new = rotation(world.payer, "new"), after(world.payer, "new")
    assert world.codes(ledger, [turn, new.voucher(channel, 20)]) == ["ok", "ok"]
    ledger.close()
    rows(world.path, "DELETE FROM certificates WHERE kid = ?", (world.payer.key.public.kid,))
    with world.ledger() as ledger:
        assert "view_differs" in {finding.code for finding in ledger.audit().findings}
