"""A device that changed hands: who withdraws its money is a function of the transfers known, never of their order."""

from itertools import count, permutations

import pytest
from sealwright.wire.messages import Owned, Status, Transfer, sign_message

from tests.host_tools.factory import NOW, hash32, key
from tests.host_tools.ledger.conftest import OF_VERSION_2, World, holds

NUMBERS = count(1)


@pytest.fixture
def granted(world):
    """A ledger where the payer has 100, and belongs to "first"."""
    return begin(world)


def begin(world):
    ledger = world.funded(100)
    assert world.codes(ledger, [world.network.grant(world.payer, owner=key("first").public)]) == ["ok"]
    return ledger


def transfer(world, old, new, generation=1, **changes):
    fields = {"device": world.payer.id, "generation": generation, "old": key(old).public, "new": key(new).public}
    return sign_message(key(old), Transfer(**{**fields, "signed_at": NOW, **changes}))


def word(world, owner, generation=1, device=None):
    """What the device says of whom it obeys."""
    speaker = device or world.payer
    status = Status(
        world.payer.id, hash32(owner), 1, 0, None, NOW, 3, "1.0", Owned(generation, key(owner).public.device_id)
    )
    return sign_message(speaker.key, status)


def withdraws(world, ledger, *labels):
    """Which of these owners may withdraw."""
    found = []
    for label in labels:
        order = world.network.owner(label).withdraw(world.payer, 1, seq=next(NUMBERS))
        verdict = ledger.withdraw(order.raw)
        assert verdict.ok or verdict.code in ("not_the_owner", "unknown_signer"), verdict
        found += [label] if verdict.ok else []
    return found


def test_the_newest_owner_withdraws_and_no_other(world, granted):
    assert withdraws(world, granted, "first", "second") == ["first"]
    gives = [transfer(world, "first", "second"), transfer(world, "second", "third", 2)]
    assert world.codes(granted, gives[:1]) == ["ok"]
    assert withdraws(world, granted, "first", "second", "third") == ["second"]
    assert world.codes(granted, gives) == ["already_settled", "ok"]
    assert withdraws(world, granted, "first", "second", "third") == ["third"]
    assert holds(granted, world.payer) == 97 and granted.audit().ok


def test_a_former_owner_known_to_the_operator_is_refused_by_its_name(world):
    """The operator's own owner, whose signature the ledger knows, gave the device away."""
    ledger = world.funded(100)
    assert world.codes(ledger, [world.network.grant(world.payer)]) == ["ok"]
    kept = world.owner.withdraw(world.payer, 5)
    assert world.codes(ledger, [transfer(world, "owner", "second")]) == ["ok"]
    assert world.codes(ledger, [kept]) == ["not_the_owner"]
    assert withdraws(world, ledger, "second") == ["second"] and ledger.audit().ok


def test_a_device_that_came_back_is_its_first_owners(world, granted):
    gives = [transfer(world, "first", "second"), transfer(world, "second", "first", 2)]
    assert world.codes(granted, gives[::-1]) == ["ok", "ok"], "in a bundle the order decides nothing"
    assert withdraws(world, granted, "first", "second") == ["first"]
    assert granted.audit().ok


def test_a_transfer_that_does_not_follow_is_not_kept(world, granted):
    before = granted.head()
    refused = [
        (transfer(world, "second", "thief", 2), "not_the_owner"),  # it may come again
        (transfer(world, "thief", "thief"), "not_the_owner"),
        (transfer(world, "first", "second", 2), "not_the_owner"),
        (transfer(world, "first", "second", device=world.payee.id), "not_the_owner"),  # no grant is known here
        (sign_message(key("thief"), transfer(world, "first", "thief").body), "bad_signature"),
    ]
    assert [world.codes(granted, [message])[0] for message, _ in refused] == [code for _, code in refused]
    assert granted.head() == before and withdraws(world, granted, "first", "thief") == ["first"]
    assert granted.audit().ok


def test_of_two_transfers_neither_counts_until_the_device_says_which_it_took(world, granted):
    honest, second = transfer(world, "first", "buyer"), transfer(world, "first", "accomplice")
    assert world.codes(granted, [honest]) == ["ok"]
    assert world.codes(granted, [second]) == ["equivocation"]
    assert withdraws(world, granted, "first", "buyer", "accomplice") == []
    rows = granted.head().n
    assert world.codes(granted, [transfer(world, "first", "another")]) == ["equivocation"]
    strange = word(world, "buyer", device=world.payee)
    assert world.codes(granted, [strange])[0] == "not_a_party"
    assert world.codes(granted, [word(world, "buyer", 16)]) == ["ok"]
    assert granted.head().n == rows, "what decides nothing is not kept"
    assert world.codes(granted, [word(world, "buyer")]) == ["ok"]
    assert world.codes(granted, [word(world, "accomplice")]) == ["ok"]
    assert granted.head().n == rows + 1, "what is decided stays decided"
    assert withdraws(world, granted, "first", "accomplice", "buyer") == ["buyer"]
    # the accomplice's heirs come to nothing, the buyer's do
    assert world.codes(granted, [transfer(world, "accomplice", "heir", 2)]) == ["ok"]
    assert withdraws(world, granted, "heir", "buyer") == ["buyer"]
    assert world.codes(granted, [transfer(world, "buyer", "next", 2)]) == ["ok"]
    assert withdraws(world, granted, "heir", "buyer", "next") == ["next"]
    assert granted.audit().ok


def test_whatever_the_order_the_same_owner_withdraws(tmp_path):
    """Settled one at a time, in every order, and then again: what had to wait for another may come again."""
    owners = ("first", "buyer", "accomplice", "third")
    for number, order in enumerate(permutations(range(4))):
        world = World(tmp_path / f"{number}.db")
        ledger = begin(world)
        messages = [
            transfer(world, "first", "buyer"),
            transfer(world, "first", "accomplice"),
            transfer(world, "buyer", "third", 2),
            word(world, "third", 2),
        ]
        for index in order * 3:
            world.codes(ledger, [messages[index]])
        assert withdraws(world, ledger, *owners) == ["third"], order
        assert ledger.audit().ok


def test_a_device_that_says_two_things_decides_nothing(world, granted):
    both = [transfer(world, "first", "one"), transfer(world, "first", "two")]
    assert sorted(world.codes(granted, both)) == ["equivocation", "ok"]
    assert world.codes(granted, [word(world, "one")]) == ["ok"]
    assert withdraws(world, granted, "one", "two") == ["one"]
    assert world.codes(granted, [word(world, "two")]) == ["ok"]
    assert withdraws(world, granted, "one") == ["one"], "what is decided stays decided"
    assert granted.audit().ok


def test_a_third_transfer_counts_where_the_device_took_it(world, granted):
    three = [transfer(world, "first", label) for label in ("one", "two", "taken")]
    assert world.codes(granted, three) == ["ok", "equivocation", "equivocation"]
    assert withdraws(world, granted, "one", "two", "taken") == []
    # its former owner was first with two others: the device's word makes room for the one that it took
    assert world.codes(granted, [word(world, "taken"), three[2]]) == ["ok", "equivocation"]
    assert withdraws(world, granted, "one", "two", "taken") == ["taken"]
    assert granted.audit().ok


def test_an_owner_with_many_keys_fills_no_log(world, granted):
    """Each of its keys gives the device to two others of them, and so on: few are kept, and a way out is left."""
    rows, heirs = granted.head().n, ["first"]
    for generation in range(1, 7):
        messages = [transfer(world, old, f"{old}{end}", generation) for old in heirs for end in "ab"]
        heirs = [f"{old}{end}" for old in heirs for end in "ab"][:16]
        world.codes(granted, messages)
    assert granted.head().n - rows <= 2 * 6
    assert world.codes(granted, [transfer(world, "first", "b", 16)]) == ["not_the_owner"]
    assert withdraws(world, granted, *heirs, "first") == []
    assert world.codes(granted, [word(world, "firsta")]) == ["ok"]
    assert withdraws(world, granted, "firstaaaaaa", "firstbaaaaa") == ["firstaaaaaa"]
    assert granted.audit().ok


def test_a_renewed_grant_names_the_first_owner_and_brings_nobody_back(world, granted):
    assert world.codes(granted, [transfer(world, "first", "second")]) == ["ok"]
    world.at = NOW + 50
    renewed = world.network.grant(world.payer, owner=key("first").public, issued_at=NOW + 40, nonce=hash32("renewed"))
    assert world.codes(granted, [renewed]) == ["ok"]
    assert withdraws(world, granted, "first", "second") == ["second"]
    assert granted.audit().ok


def test_no_operator_withdraws(world, granted):
    order = world.network.owner("operator").withdraw(world.payer, 1, delegation=hash32("delegation"))
    assert world.codes(granted, [order]) == ["unknown_signer"]
    own = world.network.owner("first").withdraw(world.payer, 1, delegation=hash32("delegation"))
    assert world.codes(granted, [own]) == ["unknown_signer"]


@pytest.mark.sqlite
def test_a_ledger_of_version_2_goes_on(world, granted):
    granted.close()
    import sqlite3

    connection = sqlite3.connect(world.path)
    for statement in OF_VERSION_2:
        connection.execute(statement)
    connection.commit()
    connection.close()
    ledger = world.ledger()
    assert world.codes(ledger, [transfer(world, "first", "second")]) == ["ok"]
    assert withdraws(world, ledger, "first", "second") == ["second"]
    assert ledger.audit().ok
