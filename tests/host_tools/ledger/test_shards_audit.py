"""What nobody can do to one shard's log unseen by the others, and what checkpoints and receipts of shards prove."""

import pytest
from sealwright.ledger import Head, NotALedger, OtherLog
from sealwright.ledger.shards import covering
from sealwright.ledger.shards.places import shard_of
from sealwright.ledger.store.postgres.engine import PostgresDatabase
from sealwright.verify import Policy, ReceiptFile, Verifier
from sealwright.wire.messages import Checkpoint, LogEnd, Place, parse_message
from sealwright.wire.sequence import item_end

from tests.host_tools.factory import NOW, hash32
from tests.host_tools.ledger.behind import opened
from tests.host_tools.ledger.conftest import World
from tests.host_tools.ledger.sharded import channel_in, divided, sound
from tests.host_tools.postgres import name_in, server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def traded():
    """A ledger in two shards, with money that went both ways."""
    with divided(2) as world, world.ledger() as ledger:
        start = [*world.certificates, world.network.grant(world.payee), world.owner.deposit(world.payer, 100)]
        opens = [channel_in(world, shard, 2, 50) for shard in range(2)]
        paid = [world.payer.voucher(one, 20 + n) for n, one in enumerate(opens)]
        assert set(world.codes(ledger, [*start, *opens, *paid])) == {"ok"}
        assert world.codes(ledger, [world.owner.withdraw(world.payee, 41)]) == ["ok"]
        world.book, world.opens, world.paid = ledger, opens, paid
        assert sound(ledger).messages == sum(head.n for head in ledger.head().all)
        ledger.close()
        yield world


@pytest.fixture
def copy(traded):
    url = server().database(name_in(traded.path))
    yield url
    server().drop(url)


def vandal(place, *statements):
    with opened(place) as execute:
        execute("SET session_replication_role = replica")
        for statement in statements:
            execute(statement)


def found(traded, place, anchor=None):
    world = World(place)
    with world.ledger() as ledger:
        return {(one.code, one.shard) for one in ledger.audit(anchor).findings}


def cut(schema, row):
    """Cut the end of a shard's log off, with its views: a sound log by itself."""
    entries = f"SELECT account, sum(amount) s FROM {schema}.entries WHERE n >= {row} GROUP BY account"
    return [
        f"UPDATE {schema}.accounts a SET balance = balance - s FROM ({entries}) e WHERE e.account = a.id",
        *(f"DELETE FROM {schema}.{table} WHERE n >= {row}" for table in ("entries", "messages", "orders", "log")),
    ]


def test_the_end_of_one_log_that_was_cut_off_is_missed_by_the_other(traded, copy):
    with opened(copy) as execute:
        ends = {
            schema: execute(f"SELECT n, type FROM {schema}.messages ORDER BY n DESC LIMIT 3")
            for schema in ("sealwright", "sealwright_1")
        }
    schema = next(name for name, rows in ends.items() if "shift" in [kind for _, kind in rows[1:2]])
    shard = int(schema != "sealwright")
    row = next(n for n, kind in ends[schema] if kind == "shift")  # the withdrawal, and what it took from the other
    head = traded.ledger().head()
    vandal(copy, *cut(schema, row))
    codes = found(traded, copy)
    assert ("unmatched_shift", 1 - shard) in codes and ("unequal_shards", 0) in codes
    assert {code for code, _ in codes} <= {"unmatched_shift", "unequal_shards", "view_differs"}
    assert ("log_cut_off", shard) in found(traded, copy, head)


@pytest.mark.parametrize("shard", [0, 1])
def test_a_view_of_one_shard_is_held_against_its_log(traded, copy, shard):
    schema = f"sealwright_{shard}" if shard else "sealwright"
    vandal(copy, f"UPDATE {schema}.lanes SET worth = worth || '0'")
    assert found(traded, copy) == {("view_differs", shard)}


def test_definitions_of_a_shard_are_looked_at(traded, copy):
    vandal(copy, "DROP INDEX sealwright_1.messages_by_digest", "CREATE TABLE sealwright_1.turn (one BIGINT)")
    assert found(traded, copy) == {("altered_schema", 1)}


@pytest.mark.parametrize(
    "statement",
    ["DROP SCHEMA sealwright_1 CASCADE", "DELETE FROM sealwright_1.shard", "UPDATE sealwright_1.shard SET number = 7"],
)
def test_a_ledger_without_all_its_shards_is_not_opened(traded, copy, statement):
    vandal(copy, statement)
    with World(copy).ledger() as ledger:
        for use in (ledger.balances, ledger.refund_ended):
            with pytest.raises(NotALedger, match="shard 1 of 2 is missing"):
                use()


def test_a_shard_that_is_taken_for_a_whole_ledger_is_found(traded, copy):
    vandal(
        copy,
        "DROP TABLE sealwright.shard",
        "CREATE TABLE sealwright.turn (one BIGINT PRIMARY KEY CHECK (one = 1))",
        "INSERT INTO sealwright.turn VALUES (1)",
    )
    assert "unacceptable_message" in {code for code, _ in found(traded, copy)}


def test_programs_before_shards_refuse_it(traded, copy):
    with opened(copy) as execute:
        assert execute("SELECT number FROM steps ORDER BY number LIMIT 1") == [(0,)]  # theirs begin with 2
        assert execute("SELECT to_regclass('turn') IS NULL") == [(True,)]


def test_a_message_in_the_wrong_shard_is_found(copy, monkeypatch):
    world = World(copy)
    with monkeypatch.context() as wrong, world.ledger() as ledger:
        wrong.setattr("sealwright.ledger.shards.dealing.shard_of", lambda digest, of: 0)
        lost = channel_in(world, 1, 2, 1, "lost")
        assert world.codes(ledger, [world.owner.deposit(world.payer, 5, seq=99), lost])[1] == "ok"
    assert ("unacceptable_message", 0) in found(world, copy)


def checked(world, *items):
    verifier = Verifier([world.network.root], Policy(at=NOW))
    return list(ReceiptFile(verifier).run([*(one.raw for one in world.identity.certificates), *items]))


def test_receipts_name_the_shard_and_prove_in_it_alone(copy, traded):
    world = World(copy)
    with world.ledger() as ledger:
        signed, entered = ledger.prove([one.digest for one in traded.paid])
        assert [one.shard for one in entered] == [0, 1] and len(signed.body.shards) == 1
        verdicts = checked(world, signed.raw, *(raw for one in entered for raw in (one.message, one.receipt)))
        assert [(one.code, one.as_dict().get("shard")) for one in verdicts[1:]] == [("ok", 0), ("ok", 1)]
        assert [one.as_dict()["rows"] for one in verdicts[1:]] == [end.rows for end in signed.body.ends()]
        # what is in all logs is proved in the first
        _, (one,) = ledger.prove([parse_message(world.certificates[0]).digest])
        assert one.shard == 0
        lie = world.identity.sign(
            Checkpoint(
                *(getattr(signed.body, name) for name in ("ledger", "rows", "head")),
                NOW + 1,
                signed.body.root,
                (LogEnd(signed.body.shards[0].rows, hash32("head"), signed.body.shards[0].root),),
            )  # fmt: skip
        )
        assert [one.code for one in checked(world, signed.raw, lie.raw)] == ["ok", "equivocation"]
        swapped = checked(world, signed.raw, entered[0].message, entered[1].receipt)
        assert [one.code for one in swapped] == ["ok", "bad_receipt"]


def test_a_later_checkpoint_proves_that_every_log_grew(copy, traded):
    world = World(copy)
    with world.ledger() as ledger:
        earlier, none = ledger.checkpoint()
        assert none is None
        paid = [world.payer.voucher(one, 30, seq=9) for one in traded.opens]
        assert world.codes(ledger, paid[:1]) == ["ok"]
        newer, grown = ledger.checkpoint(earlier)
        verdicts = checked(world, earlier.raw, newer.raw, *sequence(grown))
        assert [one.code for one in verdicts] == ["ok"] * 4
        assert [(one.shard, one.row) for one in verdicts[2:]] == [
            (n, end.rows) for n, end in enumerate(earlier.body.ends())
        ]
        assert Head.parse(str(ledger.head())) == ledger.head()
        forged = Checkpoint(
            newer.body.ledger, *newer.body.ends()[0][:2], NOW, newer.body.root, (LogEnd(3, bytes(32), bytes(32)),)
        )
        with pytest.raises(OtherLog):
            ledger.checkpoint(world.identity.sign(forged))


def sequence(raw):
    found = []
    while raw:
        end = item_end(raw)
        found.append(raw[:end])
        raw = raw[end:]
    return found


def test_turns_are_taken_in_the_order_of_the_shards(traded, copy, monkeypatch):
    taken = []
    take = PostgresDatabase.take_turn
    monkeypatch.setattr(PostgresDatabase, "take_turn", lambda self: (taken.append(self.shard.number), take(self))[1])
    database = PostgresDatabase.open(copy, write=True, patience=1)
    with database.writing():
        pass
    with database.shards[1].writing():
        pass
    database.close()
    assert taken == [0, 1, 1]


@pytest.mark.parametrize("wrong", [(0, 1), (1, 0)])
def test_a_shift_that_names_other_rows_is_found(copy, monkeypatch, wrong):
    world = World(copy)
    with monkeypatch.context() as patched, world.ledger() as ledger:
        patched.setattr(covering, "Place", lambda shard, row: Place(shard, row + wrong[shard]))
        channel = channel_in(world, 1, 2, 7, "more")
        home = shard_of(world.payer.id, 2)
        channel = channel if home == 0 else channel_in(world, 0, 2, 7, "more")
        assert world.codes(ledger, [world.owner.deposit(world.payer, 7, seq=99), channel]) == ["ok", "ok"]
    assert ("unacceptable_message", wrong.index(1)) in found(world, copy)


def test_a_channel_in_two_shards_is_found(copy, traded):
    columns = "opened, payer, payee, asset, capacity, expires, dispute, pays_up_to, worth, paid, refunded, remaining"
    both = f"digest, {columns}, claim_end, closed_at"
    vandal(copy, f"INSERT INTO sealwright_1.channels ({both}) SELECT {both} FROM sealwright.channels")
    assert found(traded, copy) >= {("in_two_shards", 1), ("view_differs", 1)}
