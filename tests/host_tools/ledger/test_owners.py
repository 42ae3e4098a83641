"""Money leaves by a withdrawal, signed by the owner whom the device's newest grant names and by nobody else."""

import pytest
from sealwright.errors import WrongType
from sealwright.wire.messages import sign_message

from tests.host_tools.factory import NOW, hash32, key, ledger_id
from tests.host_tools.ledger.conftest import holds


@pytest.fixture
def granted(world):
    """A ledger where the payer has 100, and belongs to an owner that may deposit nothing."""
    ledger = world.funded(100)
    world.keeper = world.network.owner("keeper")
    assert world.codes(ledger, [grant(world, world.payer, "keeper")]) == ["ok"]
    return ledger


def grant(world, device, owner, **more):
    return world.network.grant(device, owner=key(owner).public, **more)


def test_a_withdrawal_is_double_entry_and_counts_once(world, granted):
    order = world.keeper.withdraw(world.payer, 30)
    assert [granted.withdraw(order.raw).code for _ in range(2)] == ["ok", "already_settled"]
    assert granted.withdraw(world.keeper.withdraw(world.payer, 31, seq=order.body.seq).raw).code == "replay"
    assert holds(granted, world.payer) == 70
    lines = list(granted.entries())[-2:]
    assert {(line.kind, line.name, line.amount) for line in lines} == {
        ("device", world.payer.id, -30),
        ("world", world.keeper.key.public.device_id, 30),
    }
    assert sum(balance.amount for balance in granted.balances()) == 0
    assert granted.audit().ok


def test_money_that_has_left_may_enter_again(world, granted):
    """The supply is what is in the ledger; what one owner ever brought or took stays in 64 bits too."""
    most = 2**63 - 1
    second = world.network.owner("second")
    ledger = world.ledger(owners=[world.owner.key.public, second.key.public])
    assert ledger.deposit(world.owner.deposit(world.payer, most - 100).raw).ok
    assert ledger.deposit(second.deposit(world.payer, 1).raw).code == "over_supply"
    assert ledger.withdraw(world.keeper.withdraw(world.payer, most).raw).ok
    assert ledger.deposit(world.owner.deposit(world.payer, 1).raw).code == "over_supply"
    assert ledger.deposit(second.deposit(world.payer, most).raw).ok
    assert ledger.withdraw(world.keeper.withdraw(world.payer, 1).raw).code == "over_supply"
    assert world.codes(ledger, [grant(world, world.payer, "heir", nonce=hash32("heir"), issued_at=NOW + 1)]) == ["ok"]
    assert ledger.withdraw(world.network.owner("heir").withdraw(world.payer, most).raw).ok
    assert ledger.deposit(second.deposit(world.payer, 1).raw).code == "over_supply"
    assert holds(ledger, world.payer) == 0 and ledger.audit().ok


def test_only_the_owner_whom_the_grant_names_withdraws(world, granted):
    assert world.codes(granted, [grant(world, world.payee, "another")]) == ["ok"]
    another = world.network.owner("another")
    orders = [
        another.withdraw(world.payer, 1),  # the owner of another device of this ledger
        world.owner.withdraw(world.payer, 1),  # the operator's owner, who brought the money
        world.network.owner("stranger").withdraw(world.payer, 1),
        world.keeper.withdraw(world.payee, 1),
    ]
    codes = world.codes(granted, orders)
    assert set(codes) <= {"not_the_owner", "unknown_signer"} and codes[1] == "not_the_owner"
    assert holds(granted, world.payer) == 100
    assert granted.deposit(world.keeper.deposit(world.payer, 1).raw).code == "unknown_signer"
    assert granted.audit().ok


def test_a_withdrawal_waits_for_its_grant(world):
    ledger = world.funded(100)
    order = world.owner.withdraw(world.payer, 60)
    assert world.codes(ledger, [order]) == ["not_the_owner"]
    assert world.codes(ledger, [order, world.network.grant(world.payer)]) == ["ok", "ok"]
    assert holds(ledger, world.payer) == 40 and ledger.audit().ok


def test_withdrawals_that_cannot_be(world, granted):
    channel = world.payer.open(world.payee, 60)
    assert world.codes(granted, [channel]) == ["ok"]
    withdraw = world.keeper.withdraw
    refused = {
        withdraw(world.payer, 41).raw: "unfunded",  # a channel's money is not free
        withdraw(world.payer, 1, asset="Wh").raw: "unfunded",
        withdraw(world.payer, 0).raw: "bad_withdrawal",
        withdraw(world.payer, 1, ledger=ledger_id("another ledger")).raw: "wrong_ledger",
        withdraw(world.payer, 1, not_after=NOW - 1).raw: "expired",
        world.keeper.command(world.payer, "withdraw", {1: "credit", 2: 1}).raw: "bad_withdrawal",
        world.keeper.command(world.payer, "withdraw", {1: "credit", 3: ledger_id()}).raw: "bad_withdrawal",
    }
    found = {raw: granted.withdraw(raw).code for raw in refused}
    assert found == refused
    assert granted.withdraw(withdraw(world.payer, 40, not_after=NOW).raw).code == "ok"
    assert holds(granted, world.payer) == 0 and granted.audit().ok
    with pytest.raises(WrongType):
        granted.withdraw(world.owner.deposit(world.payer, 1).raw)


def test_the_newest_grant_names_the_owner_whenever_it_came(world, granted):
    newer = grant(world, world.payer, "next", issued_at=NOW + 10)
    older = grant(world, world.payer, "keeper", issued_at=NOW + 5, nonce=hash32("older"))
    world.at = NOW + 20
    assert world.codes(granted, [newer, older]) == ["ok", "ok"]
    order = world.keeper.withdraw(world.payer, 1)
    assert world.codes(granted, [order])[0] in ("not_the_owner", "unknown_signer")
    assert granted.withdraw(world.network.owner("next").withdraw(world.payer, 1).raw).ok
    assert granted.audit().ok


def test_of_two_grants_of_one_second_the_order_decides_nothing(tmp_path, world):
    both = [grant(world, world.payer, owner) for owner in ("one", "two")]
    winners = []
    for number, grants in enumerate((both, both[::-1])):
        world.path = tmp_path / f"{number}.db"
        ledger = world.funded(100)
        assert world.codes(ledger, grants) == ["ok", "ok"]
        owners = {label: world.network.owner(label) for label in ("one", "two")}
        winners.append(
            [label for label, owner in owners.items() if ledger.withdraw(owner.withdraw(world.payer, 1).raw).ok]
        )
        assert ledger.audit().ok
    assert winners[0] == winners[1] and len(winners[0]) == 1


def test_an_issuer_cannot_take_over_the_device_of_another(world, granted):
    hostile = world.network.issuer("hostile", may_issue=1)
    stolen = world.network.certify(world.payer.key, hostile.key, issued_at=NOW, id=hash32("stolen")[:16])
    forged = world.network.grant(
        world.payer, owner=key("thief").public, issued_at=NOW + 50, chain=(stolen, *hostile.chain)
    )
    by_hostile = sign_message(hostile.key, forged.body)
    world.at = NOW + 60
    assert world.codes(granted, [hostile.certificate, by_hostile]) == ["ok", "bad_certificate"]
    assert not granted.withdraw(world.network.owner("thief").withdraw(world.payer, 1).raw).ok
    assert granted.withdraw(world.keeper.withdraw(world.payer, 100).raw).ok
    assert granted.audit().ok


def test_an_issuer_that_comes_first_does_not_own_the_device_of_one_above(world):
    """It certified the device's public key before the device's own issuer reached this ledger."""
    hostile = world.network.issuer("hostile")
    fake = world.network.device("payer", issuer=hostile)
    grant = world.network.grant(fake, owner=key("thief").public, issued_at=NOW)
    ledger = world.ledger()
    assert world.codes(ledger, [*fake.chain, sign_message(hostile.key, grant.body)]) == ["ok"] * 3
    assert ledger.deposit(world.owner.deposit(world.payer, 1000).raw).ok
    own = world.network.grant(world.payer, issued_at=NOW - 50)
    assert world.codes(ledger, [*world.certificates, own]) == ["ok"] * 3
    assert not ledger.withdraw(world.network.owner("thief").withdraw(world.payer, 100).raw).ok
    assert ledger.withdraw(world.owner.withdraw(world.payer, 100).raw).ok
    assert ledger.audit().ok


def test_grants_and_revocations_that_change_nothing_are_not_kept(world):
    ledger = world.funded(100)
    grants = [world.network.grant(world.payer, issued_at=NOW - age) for age in range(5)]
    revocations = [world.network.revoke(world.payer, revoked_from=NOW - 9 + age) for age in range(5)]
    before = ledger.head().n
    assert set(world.codes(ledger, [*grants, *revocations])) == {"ok"}
    assert ledger.head().n == before + 2
    assert world.codes(ledger, [world.network.revoke(world.payer, revoked_from=NOW + 301)]) == ["not_yet_valid"]
    assert ledger.audit().ok
