"""Transfers and delegations in a bundle: a verdict for each, whatever their order."""

from itertools import permutations

from sealwright.verify import Verifier
from sealwright.verify.ownership import Owners, Step
from sealwright.wire.messages import Delegation, Owned, sign_message

from tests.host_tools.factory import NOW, hash32, key
from tests.host_tools.world import NET, OWNER, PAYER, policy, transfer


def codes(messages, **changes):
    """In the order of the messages."""
    verdicts = Verifier([NET.root], policy(**changes)).run(message.raw for message in messages)
    return [verdict.code for verdict in sorted(verdicts, key=lambda verdict: verdict.n)]


CHAIN = [transfer(OWNER.key, key("b"), 1), transfer(key("b"), key("c"), 2), transfer(key("c"), OWNER.key, 3)]


def test_a_chain_holds_in_any_order():
    for order in permutations(CHAIN):
        assert codes(order) == ["ok"] * 3
        assert codes(order, owners=()) == ["ok"] * 3


def test_a_chain_that_does_not_join_is_found_in_any_order():
    stranger = transfer(key("x"), key("y"), 2)
    for order in permutations([CHAIN[0], stranger]):
        assert sorted(codes(order)) == ["not_the_owner", "ok"]


def test_what_nobody_here_knows_is_said_to_prove_little():
    first = Verifier([NET.root], policy(owners=())).check(CHAIN[0].raw)
    assert first.ok and "not that it owned it" in first.why
    assert Verifier([NET.root], policy()).check(CHAIN[0].raw).why == ""


def test_two_transfers_of_one_generation_contradict_each_other():
    both = [CHAIN[0], transfer(OWNER.key, key("x"), 1)]
    assert codes(both) == ["ok", "equivocation"] and codes(both[::-1]) == ["ok", "equivocation"]
    assert codes([CHAIN[0], CHAIN[0]]) == ["ok", "replay"]
    assert codes([transfer(OWNER.key, key("x"), 16)]) == ["not_the_owner"]


def test_a_device_that_names_two_owners_decides_nothing():
    first, one, two = key("first").public, key("one").public, key("two").public
    steps = [Step(1, first.xy, one.xy), Step(1, first.xy, two.xy)]
    words = [Owned(1, one.device_id), Owned(1, two.device_id)]
    assert Owners(first.xy, steps).newest() is None
    assert Owners(first.xy, steps, words[:1]).newest() == one.xy
    assert Owners(first.xy, steps, words).newest() is None
    assert Owners(first.xy, steps, [Owned(1, first.device_id), Owned(9, one.device_id)]).newest() is None
    assert Owners(None, steps, words[:1]).newest() is None


def test_a_delegated_command_waits_for_its_delegation():
    given = sign_message(OWNER.key, Delegation(PAYER.id, 0, ("pause",), NOW, NOW, key("operator").public))
    command = NET.owner("operator").command(PAYER, "pause", delegation=given.digest)
    assert codes([command, given]) == codes([given, command]) == ["ok", "ok"]
    assert codes([command, given], at=NOW + 1) == ["unknown_signer", "expired"]
    assert codes([command]) == codes([NET.owner("operator").command(PAYER, "pause")]) == ["unknown_signer"]
    by_another = NET.owner("operator").command(PAYER, "pause", delegation=hash32("another"))
    assert codes([given, by_another]) == ["ok", "unknown_signer"]
    passed_on = sign_message(key("operator"), Delegation(PAYER.id, 0, ("pause",), NOW, NOW, key("third").public))
    third = NET.owner("third").command(PAYER, "pause", delegation=passed_on.digest)
    assert codes([given, passed_on, third]) == ["ok", "unknown_signer", "unknown_signer"]
