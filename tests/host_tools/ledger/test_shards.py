"""A ledger in shards: who has what, and what its logs prove, one by one and together."""

import pytest
from sealwright.errors import Usage
from sealwright.ledger import Moved

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.conftest import holds, raws
from tests.host_tools.ledger.sharded import channel_in, divided, funded, sound
from tests.host_tools.rotated import rotation

pytestmark = pytest.mark.postgres


@pytest.fixture
def world():
    with divided(3) as made:
        yield made


def test_money_goes_to_the_shard_that_needs_it_and_a_device_has_the_sum(world):
    ledger = funded(world)
    opens = [channel_in(world, shard, 3) for shard in range(3)]
    paid = [world.payer.voucher(one, 10 * (n + 1)) for n, one in enumerate(opens)]
    moved = Moved()
    assert world.codes(ledger, [*paid, *opens], moved=moved) == ["ok"] * 6
    assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (0, 60)
    assert sorted((one.kind, one.amount) for one in moved) == [("locked", 300), ("paid", 60)]
    assert {shard for shard, _ in ledger.each_channel_in_shards()} == {0, 1, 2}
    parts = next(one.parts for one in ledger.balances() if one.name == world.payee.id)
    assert parts == ((0, 10), (1, 20), (2, 30))
    assert world.codes(ledger, [*paid, *opens]) == ["already_settled"] * 6
    assert sound(ledger).channels == 3
    # a withdrawal takes it from all of them
    assert world.codes(ledger, [world.network.grant(world.payee)]) == ["ok"]
    for amount, code in ((61, "unfunded"), (60, "ok")):
        assert world.codes(ledger, [world.owner.withdraw(world.payee, amount, seq=amount)]) == [code]
    assert holds(ledger, world.payee) == 0 and sound(ledger)


def test_an_open_is_refused_for_all_that_the_device_has(world):
    ledger = funded(world, 150)
    opens = [channel_in(world, shard, 3) for shard in range(2)]
    verdicts = list(ledger.settle(raws(opens)))
    assert sorted(one.code for one in verdicts) == ["ok", "unfunded"]
    assert "has 50 of credit" in next(one.why for one in verdicts if not one.ok)
    before = ledger.head()
    assert sorted(world.codes(ledger, opens)) == ["already_settled", "unfunded"] and ledger.head() == before
    assert world.codes(ledger, [world.owner.deposit(world.payer, 50, seq=9)]) == ["ok"]
    assert sorted(world.codes(ledger, opens)) == ["already_settled", "ok"] and sound(ledger)


def test_what_gives_authority_is_in_all_logs_and_a_revocation_opens_windows_in_all(world):
    ledger = funded(world)
    opens = [channel_in(world, shard, 3) for shard in range(3)]
    assert world.codes(ledger, opens) == ["ok"] * 3
    before = ledger.head().all
    world.at = NOW + DAY
    assert world.codes(ledger, [world.network.revoke(world.payer, revoked_from=NOW)]) == ["ok"]
    assert [after.n - head.n for after, head in zip(ledger.head().all, before, strict=True)] == [1, 1, 1]
    assert {one.closed_at for one in ledger.channels()} == {NOW + DAY}
    assert world.codes(ledger, [channel_in(world, 1, 3, 1, "late")]) == ["revoked"]
    assert world.codes(ledger, [rotation(world.payee, name) for name in ("new", "other")]) == ["ok", "equivocation"]
    assert len(ledger.equivocations()) == 1
    world.at = NOW + 30 * DAY
    assert ledger.refund_ended() == 3 and holds(ledger, world.payer) == 300 and sound(ledger)


def test_a_settler_takes_its_shards_and_leaves_the_others(world):
    ledger = funded(world)
    opens = [channel_in(world, shard, 3) for shard in range(3)]
    bundle = [*world.certificates, *opens, *(world.payer.voucher(one, 7) for one in opens)]
    codes = world.codes(ledger, bundle, shards=[0, 2])
    assert codes == ["already_settled"] * 2 + ["ok", "other_shard", "ok"] * 2
    assert holds(ledger, world.payee) == 14
    assert world.codes(ledger, bundle, shards=[1]).count("other_shard") == 4 and holds(ledger, world.payee) == 21
    assert set(world.codes(ledger, bundle)) == {"already_settled"} and sound(ledger)
    for wrong in ([3], [-1], []):
        with pytest.raises(Usage, match="3 shards, 0 to 2"):
            list(ledger.settle([], shards=wrong))


def test_deposits_together_stay_below_the_limit(world):
    ledger = world.ledger()
    devices = [world.network.device(f"d{n}") for n in range(6)]
    most = [world.owner.deposit(one, 2**61, seq=n) for n, one in enumerate(devices)]
    assert world.codes(ledger, most) == ["ok"] * 3 + ["over_supply"] * 3
    assert world.codes(ledger, [world.owner.deposit(devices[5], 2**61 - 1, seq=9)]) == ["ok"] and sound(ledger)


def test_whatever_comes_claims_that_have_ended_are_refunded_in_every_shard_that_is_ones_own(world):
    ledger = funded(world)
    opens = [channel_in(world, shard, 3) for shard in range(3)]
    assert world.codes(ledger, opens) == ["ok"] * 3
    world.at = opens[0].body.expires + 4 * DAY
    for shards, left in (([1], 2), (None, 0)):
        assert world.codes(ledger, world.certificates, shards=shards) == ["already_settled"] * 2
        assert sum(one.remaining > 0 for one in ledger.channels()) == left
    assert sound(ledger)


def test_a_certificate_counts_only_once_all_logs_have_it(world):
    """In one bundle, in the worst order: what rests on others first."""
    net, ledger = world.network, world.ledger()
    issuer = net.issuer()
    device = net.device("below", issuer)
    rotated = rotation(device, "next")
    bundle = [rotated, net.grant(device), device.certificate, issuer.certificate]
    assert world.codes(ledger, bundle) == ["ok"] * 4 and sound(ledger)
    assert world.codes(ledger, bundle) == ["already_settled"] * 4
