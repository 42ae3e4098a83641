"""Rotations in the ledger: what an old key promised is paid, what it begins anew is refused, forks are kept."""

import pytest
from sealwright.verify.codes import EQUIVOCATION

from tests.host_tools.factory import DAY, NOW
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


def test_a_superseded_key_opens_and_closes_nothing(world, again):
    ledger = world.funded(1000)
    one = world.payer.open(world.payee, 100)
    assert world.codes(ledger, [one]) == ["ok"]
    turn, new = rotation(world.payer, "new"), after(world.payer, "new")
    their, newer = rotation(world.payee, "payee's"), after(world.payee, "payee's")
    voucher = world.payer.voucher(one, 60)
    assert world.codes(ledger, [turn, their, voucher]) == ["ok"] * 3
    ledger = again(ledger)
    two = world.payer.open(world.payee, 50, nonce=bytes(16))
    assert world.codes(ledger, [two]) == ["superseded_key"]
    low = world.payee.close(one, claims=())
    assert world.codes(ledger, [low, world.payer.close(one)]) == ["superseded_key"] * 2
    assert holds(ledger, world.payer) == 900, "nobody gave anything up"
    resigned = new.open(world.payee, 50, nonce=bytes(16))
    assert resigned.digest == two.digest
    assert world.codes(ledger, [resigned, newer.close(one, claims=(voucher,))]) == ["ok", "ok"]
    assert holds(ledger, world.payer) == 890 and ledger.audit().ok


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
