"""A log is one ledger's: another home's ledger writes nothing to it, and its own goes on after a renewal."""

import pytest
from sealwright.ledger import ForeignLedger

from tests.host_tools.factory import DAY
from tests.host_tools.ledger.conftest import holds

USES = {
    "settle": lambda world, ledger: list(ledger.settle([world.payer.reading().raw])),
    "deposit": lambda world, ledger: ledger.deposit(world.owner.deposit(world.payer, 5, seq=9).raw),
    "refund": lambda world, ledger: ledger.refund_ended(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_another_ledger_writes_nothing(world, use):
    ledger, _ = world.opened()
    world.at += 30 * DAY  # so there is something to refund
    head = ledger.head()
    with (
        world.ledger(identity=world.network.ledger("other")) as other,
        pytest.raises(ForeignLedger, match="another home's") as caught,
    ):
        use(world, other)
    assert caught.value.code == "foreign_ledger" and "--ledger" in caught.value.remedy
    assert ledger.head() == head and ledger.audit().ok


def test_a_renewed_certificate_is_of_the_same_ledger(world):
    world.funded().close()
    with world.ledger(identity=world.network.ledger(model="renewed")) as ledger:
        assert world.codes(ledger, [world.payer.open(world.payee, 5)]) == ["ok"]
        assert holds(ledger, world.payer) == 995 and ledger.audit().ok


def test_of_two_that_begin_one_the_second_is_refused(world):
    """The other one's first row comes after this one looked."""
    ledger, other = world.ledger(identity=world.network.ledger("other")), world.ledger()
    settlement = ledger._settlement(ledger._policy)
    list(other.settle([]))
    head = other.head()
    with pytest.raises(ForeignLedger):
        settlement.introduce()
    assert other.head() == head
