"""A ledger moves from its file to a server: equal to the last value, or not at all; and then the file is no ledger."""

import sqlite3

import pytest
from sealwright.errors import Usage
from sealwright.ledger import LedgerDamaged, LedgerError, NotALedger, moving
from sealwright.ledger.moving import move_ledger
from sealwright.ledger.store.sqlite import SqliteDatabase

from tests.host_tools.ledger.behind import dump, rows
from tests.host_tools.ledger.conftest import OF_VERSION_2, ROWS, World, holds, traded
from tests.host_tools.ledger.damage import audit
from tests.host_tools.postgres import server

pytestmark = pytest.mark.sqlite  # where they begin


@pytest.fixture
def there():
    url = server().database()
    yield url
    server().drop(url)


def moved(sound, path, there):
    return move_ledger(path, there, lambda new, head: audit(sound, there, anchor=head, within=new).ok)


def values(place):
    return {table: found for table, found in dump(place).items() if table != "sqlite_master"}


def test_it_is_the_same_there_and_goes_on_there(tmp_path, there):
    world = traded(World(tmp_path / "ledger.db"))
    before = values(world.path)
    with world.ledger() as ledger:
        balances, channels, head = ledger.balances(), ledger.channels(), ledger.head()
    assert moved(world, world.path, there) == head and head.n == ROWS
    assert values(there) == before
    world.path = there
    with world.ledger() as ledger:
        assert (ledger.balances(), ledger.channels(), ledger.head()) == (balances, channels, head)
        channel = world.payer.open(world.payee, 20, nonce=bytes([7]) * 16)
        assert world.codes(ledger, [channel, world.payer.voucher(channel, 5)]) == ["ok", "ok"]
        assert ledger.audit(head).ok and ledger.head().n == ROWS + 3


def test_the_file_is_no_ledger_any_more(sound, copy, there):
    writing = SqliteDatabase.open(copy, write=True, patience=1)  # another process, that has it open
    moved(sound, copy, there)
    for use in (lambda ledger: ledger.balances(), lambda ledger: ledger.refund_ended()):
        with World(copy).ledger() as ledger, pytest.raises(NotALedger, match="was moved") as caught:
            use(ledger)
        assert "--ledger" in caught.value.remedy and caught.value.code == "ledger_moved"
    with pytest.raises(LedgerError, match="moved to postgresql://"):
        writing.run(f"INSERT INTO log SELECT {ROWS + 1}, at, message, proof, effect, prev, hash FROM log WHERE n = 1")
    writing.close()


def test_who_has_the_file_open_is_told_of_the_move(sound, copy, there):
    with World(copy).ledger() as writer, World(copy).ledger() as reader:
        writer.refund_ended()
        assert reader.head().n == ROWS
        moved(sound, copy, there)
        for use in (writer.refund_ended, lambda: list(writer.settle([])), reader.head):
            with pytest.raises(NotALedger, match="was moved") as caught:
                use()
            assert caught.value.code == "ledger_moved" and "--ledger" in caught.value.remedy


def test_a_move_that_was_cut_off_is_finished_by_another(sound, copy, there, monkeypatch):
    monkeypatch.setattr(SqliteDatabase, "give_up", lambda self, place: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        moved(sound, copy, there)
    monkeypatch.undo()
    with World(copy).ledger() as ledger:
        assert ledger.head().n == ROWS
    assert moved(sound, copy, there).n == ROWS


def test_what_the_audit_does_not_pass_stays_in_use(sound, copy, there):
    assert move_ledger(copy, there, lambda new, head: False) is None
    assert audit(sound, copy).ok and rows(there, "SELECT count(*) FROM log") == [(0,)]
    assert moved(sound, copy, there).n == ROWS


def test_a_database_with_another_ledger_is_left_alone(sound, copy, there):
    other = World(there)
    with other.ledger() as ledger:
        ledger.deposit(other.owner.deposit(other.payer, 5).raw)
    before = values(there)
    with pytest.raises(Usage, match="has a ledger of 2 rows"):
        moved(sound, copy, there)
    assert values(there) == before and audit(sound, copy).ok


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE accounts SET balance = balance + 1 WHERE id = 1", "accounts"),
        ("DELETE FROM equivocations", "equivocations"),
        ("INSERT INTO obeyed VALUES ('a', '1', 'b', 1)", "obeyed"),
        ("UPDATE lanes SET worth = worth || '0'", "lanes"),
    ],
)
def test_a_copy_that_is_not_the_same_is_taken_back(sound, copy, there, monkeypatch, spoil, said):
    same = moving._same_log

    def spoiled(kept, copied, name):
        new = copied.gi_frame.f_locals["self"]._db
        assert new.name == name
        new.run(spoil)
        same(kept, copied, name)

    monkeypatch.setattr(moving, "_same_log", spoiled)
    with pytest.raises(LedgerDamaged, match=said):
        moved(sound, copy, there)
    assert rows(there, "SELECT count(*) FROM log") == [(0,)] and audit(sound, copy).ok


def test_a_log_that_is_not_the_same_is_taken_back(sound, copy, there, monkeypatch):
    tables = moving._tables

    def cut(old):
        for table, columns, found in tables(old):
            if table == "log":
                found = (row._replace(at=row.at + (row.n == 3)) for row in found)
            yield table, columns, found

    monkeypatch.setattr(moving, "_tables", cut)
    with pytest.raises(LedgerDamaged, match="row 3 of the log"):
        moved(sound, copy, there)
    assert rows(there, "SELECT count(*) FROM log") == [(0,)]


def test_an_older_ledger_is_brought_up_to_date_first(tmp_path, there):
    world = World(tmp_path / "ledger.db")
    world.funded().close()
    connection = sqlite3.connect(world.path)
    for statement in OF_VERSION_2:
        connection.execute(statement)
    connection.close()
    assert moved(world, world.path, there) is not None
    with World(there).ledger() as ledger:
        assert holds(ledger, world.payer) == 1000
