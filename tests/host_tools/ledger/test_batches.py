"""What a batch writes at its end is, bit for bit, what its messages would have written one by one."""

import pytest
from sealwright.ledger.store import batched, bulk

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.conftest import World, raws, traded
from tests.host_tools.ledger.damage import dump
from tests.host_tools.ledger.processes import output_of


def trade(world):
    """Messages in an order in which none has to wait: new accounts, contradictions, repeats, orders in between."""
    pay, owner = world.payer.voucher, world.owner
    opens = [world.payer.open(world.payee, 100, nonce=hash32(f"c{n}")[:16]) for n in range(4)]
    back = world.payee.open(world.payer, 5, nonce=hash32("back")[:16])
    first = [pay(one, 10 * n, seq=n, lane=n % 3) for n in range(1, 5) for one in opens]
    return raws(
        [
            *world.certificates,
            owner.deposit(world.payer, 400),
            *opens[:2],
            world.network.grant(world.payee),
            *opens[2:],
            *first[:9],
            pay(opens[0], 11, seq=2, lane=2),
            owner.deposit(world.payee, 3),
            back,
            world.payee.voucher(back, 2),
            *first[5:],
            owner.withdraw(world.payee, 7),
            world.network.revoke(world.network.device("lost")),
            pay(opens[1], 99, seq=2, lane=2),
            world.payer.close(opens[3]),
            world.network.revoke(world.payee),
            pay(opens[3], 60, seq=9),
        ]
    )


def settled(path, batch):
    world = World(path)
    with world.ledger() as ledger:
        messages = trade(world)
        codes = [verdict.code for verdict in ledger.settle(messages, batch=batch)]
        world.at = NOW + 40 * DAY
        assert ledger.refund_ended() > 0 and ledger.audit().ok
    return codes, dump(path)


@pytest.mark.parametrize(("most", "kept"), [(1, 1), (3, 9), (4096, 20), (4096, 32768)])
def test_batches_of_any_size_write_the_same(tmp_path, monkeypatch, most, kept):
    monkeypatch.setattr(batched, "_MOST", most)
    monkeypatch.setattr(batched, "_MOST_KEPT", kept)
    alone = settled(tmp_path / "1.db", 1)
    assert {"ok", "equivocation"} <= set(alone[0]) and len(alone[1]["entries"]) > 20
    for batch in (2, 5, 1024):
        assert settled(tmp_path / f"{batch}.db", batch) == alone


def test_a_batch_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    world = traded(World(tmp_path / "ledger.db"))
    before = dump(world.path)
    more = world.payer.open(world.payee, 1, nonce=hash32("more")[:16])
    with world.ledger() as ledger:
        monkeypatch.setattr(bulk, "NUMBER", "INSERT INTO nowhere VALUES (?, ?, ?, ?)")
        with pytest.raises(Exception, match="nowhere"):
            list(ledger.settle(raws([more, world.payer.voucher(more, 1)])))
        monkeypatch.undo()
        assert dump(world.path) == before and ledger.audit().ok
        assert world.codes(ledger, [more, world.payer.voucher(more, 1)]) == ["ok", "ok"]
        assert ledger.audit().ok


def test_what_another_process_settled_between_two_batches_counts(tmp_path):
    world = World(tmp_path / "ledger.db")
    ledger, channel = world.opened()
    pay = world.payer.voucher
    mine = ledger.settle(raws([pay(channel, 10), pay(channel, 12, seq=2), pay(channel, 90, seq=3)]), batch=1)
    assert next(mine).code == "ok"

    def work(tell):
        with world.ledger() as other:
            tell(world.codes(other, [pay(channel, 40, seq=9)]))

    assert output_of(work) == [["ok"]]
    assert [verdict.code for verdict in mine] == ["superseded", "ok"]
    assert ledger.channel(channel.digest).paid == 90 and ledger.audit().ok
