"""Two messages of one signer that cannot both be true are kept once, and handed out as a proof."""

from tests.host_tools.factory import DAY, NOW
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


def test_a_close_signed_again_changes_nothing_and_takes_no_room(world):
    """Or a party could fill the log with closes of other times."""
    ledger, channel = world.opened(100)
    paid = world.payer.voucher(channel, 40)
    for party in (world.payer, world.payee):
        assert world.codes(ledger, [party.close(channel, claims=(paid,))]) == ["ok"]
        head = ledger.head()
        world.at += 60
        again = [party.close(channel, at=NOW + n, claims=(paid,)) for n in range(1, 4)]
        assert world.codes(ledger, again) == ["ok"] * 3 and ledger.head() == head
    assert ledger.channels()[0].terms.claim_end == NOW + 3 * DAY
    assert ledger.equivocations() == [] and ledger.audit().ok
