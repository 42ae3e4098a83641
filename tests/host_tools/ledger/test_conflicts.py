"""Two messages of one signer that cannot both be true are kept once, and handed out as a proof."""

from tests.host_tools.factory import NOW
from tests.host_tools.ledger.conftest import holds


def test_two_vouchers_of_one_number(world):
    ledger, channel = world.opened(100)
    first = world.payer.voucher(channel, 40, seq=3)
    others = [world.payer.voucher(channel, amount, seq=3) for amount in (30, 45, 20, 50)]
    assert world.codes(ledger, [first, *others]) == ["ok"] + ["equivocation"] * 4
    assert holds(ledger, world.payee) == 50  # the highest counts
    assert ledger.equivocations() == [(first.raw, others[0].raw)]
    head = ledger.head()
    again = world.codes(ledger, [*others, world.payer.voucher(channel, 10, seq=3)])
    assert set(again) <= {"already_settled", "equivocation"}
    assert ledger.head() == head  # of contradictions the first: a payer cannot fill the log with them
    assert ledger.audit().ok


def test_each_number_has_its_proof(world):
    ledger, channel = world.opened(100)
    pairs = [(world.payer.voucher(channel, 10 * n, seq=n), world.payer.voucher(channel, 0, seq=n)) for n in (1, 2)]
    assert world.codes(ledger, [message for pair in pairs for message in pair]) == ["ok", "equivocation"] * 2
    assert ledger.equivocations() == [(one.raw, two.raw) for one, two in pairs]
    assert ledger.audit().ok


def test_two_closes_that_claim_differently(world):
    """The first one counts; each party's proof is kept once."""
    ledger, channel = world.opened(100)
    paid = world.payer.voucher(channel, 40)
    closes = [world.payee.close(channel, claims=(paid,)), world.payee.close(channel, claims=())]
    third = world.payee.close(channel)
    mine = [world.payer.close(channel), world.payer.close(channel, claims=(paid,))]
    assert world.codes(ledger, [*closes, third, *mine]) == [
        "ok", "equivocation", "equivocation", "ok", "equivocation"
    ]  # fmt: skip
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (60, 0)
    assert ledger.equivocations() == [(closes[0].raw, closes[1].raw), (mine[0].raw, mine[1].raw)]
    assert world.codes(ledger, [paid]) == ["ok"]
    assert holds(ledger, world.payee) == 40 and ledger.audit().ok


def test_the_same_claim_of_another_time_contradicts_nothing(world):
    ledger, channel = world.opened(100)
    assert world.codes(ledger, [world.payee.close(channel), world.payee.close(channel, at=NOW + 1)]) == ["ok", "ok"]
    assert ledger.equivocations() == [] and ledger.audit().ok
