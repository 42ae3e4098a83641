"""A commit whose answer never comes, from a server that stays away: whether it was kept is not known, and said so."""

import signal

import pytest
from sealwright.ledger import OutcomeUnknown
from sealwright.ledger.store.postgres.engine import PostgresDatabase

from tests.host_tools.ledger.behind import rows
from tests.host_tools.ledger.conftest import World, holds
from tests.host_tools.postgres import own_server

pytestmark = pytest.mark.postgres


@pytest.fixture
def mortal():
    """A server that the test may stop."""
    made = own_server()
    yield made
    made.stop(signal.SIGQUIT)


def test_a_commit_without_an_answer_is_told_as_what_it_is(mortal, monkeypatch):
    """The server has kept the deposit, and is gone before it says so."""
    world = World(mortal.database())
    ledger = world.funded()
    monkeypatch.setattr("sealwright.ledger.store.postgres.engine.OUTAGE_SECONDS", 0.5)
    run, left = PostgresDatabase.run, [1]

    def lost(self, sql, *more):
        run(self, sql, *more)
        if sql == "COMMIT" and left[0] and rows(world.path, "SELECT count(*) FROM orders") == [(2,)]:
            left[0] = 0
            mortal.stop()
            run(self, "SELECT 1")  # raises what a commit does whose answer is lost

    monkeypatch.setattr(PostgresDatabase, "run", lost)
    try:
        with pytest.raises(OutcomeUnknown, match="not known whether") as caught:
            ledger.deposit(world.owner.deposit(world.payer, 5, seq=7).raw)
    finally:
        monkeypatch.undo()
        mortal.start()
    assert "ledger balances" in caught.value.remedy and caught.value.code == "ledger_outcome_unknown"
    assert holds(ledger, world.payer) == 1005
