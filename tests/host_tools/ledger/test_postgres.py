"""A ledger on a real PostgreSQL: made once, refused where it is none, and told of without a password."""

import socket

import pytest
from psycopg.conninfo import conninfo_to_dict
from sealwright.database.kind import Migration
from sealwright.errors import Usage
from sealwright.ledger import LedgerBusy, LedgerError, LedgerMissing, LedgerReadOnly, LedgerUnreachable, NotALedger
from sealwright.ledger.store import migrations
from sealwright.ledger.store.migrations import MIGRATIONS
from sealwright.ledger.store.places import name_of
from sealwright.ledger.store.postgres import steps
from sealwright.ledger.store.postgres.engine import PostgresDatabase

from tests.host_tools.ledger.behind import opened, rows
from tests.host_tools.ledger.conftest import World, holds
from tests.host_tools.ledger.damage import audit, codes
from tests.host_tools.ledger.processes import Child
from tests.host_tools.postgres import name_in, server

pytestmark = pytest.mark.postgres


def taken(url):
    return rows(url, "SELECT number, checksum FROM steps ORDER BY number")


def test_reading_makes_no_ledger(world):
    with world.ledger() as ledger, pytest.raises(LedgerMissing):
        ledger.balances()
    with world.ledger() as ledger:
        assert not ledger.exists() and ledger.deposit(world.owner.deposit(world.payer, 1).raw).code == "ok"
        assert ledger.exists() and holds(ledger, world.payer) == 1


def test_a_schema_of_that_name_which_is_no_ledger_is_left_alone(world):
    server().run("CREATE SCHEMA sealwright", "CREATE TABLE sealwright.other ()", database=name_in(world.path))
    for use in (lambda ledger: ledger.balances(), lambda ledger: ledger.refund_ended()):
        with world.ledger() as ledger, pytest.raises(NotALedger):
            use(ledger)
    assert rows(world.path, "SELECT tablename FROM pg_tables WHERE schemaname = 'sealwright'") == [("other",)]


def test_several_that_make_it_at_once_make_one(world):
    def work(tell):
        database = PostgresDatabase.open(world.path, write=True, patience=30)
        tell(database.row("SELECT count(*) FROM steps"))
        database.close()

    children = [Child(work) for _ in range(4)]
    assert [child.wait() for child in children] == [([(len(MIGRATIONS),)], 0)] * 4


def test_the_steps_are_those_that_were_published():
    found = steps.steps()
    assert [step.number for step in found] == [step.number for step in MIGRATIONS]
    assert all(step.checksum == steps.checksum_of(step) for step in found)


def test_a_step_that_was_changed_is_not_taken(world, monkeypatch):
    monkeypatch.setattr(steps, "_CHECKSUMS", {2: "00"})
    with world.ledger() as ledger, pytest.raises(LedgerError, match="not the one that was published"):
        ledger.refund_ended()
    monkeypatch.undo()
    assert not world.ledger().exists()


def later(monkeypatch, *statements):
    """A program that is a version ahead."""
    step = Migration(MIGRATIONS[-1].number + 1, statements, "")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, step))
    sums = {**steps._CHECKSUMS, step.number: steps.checksum_of(steps._of(step))}
    monkeypatch.setattr(steps, "_CHECKSUMS", sums)


def test_an_older_ledger_is_brought_up_to_date_when_it_is_written(world, monkeypatch):
    ledger = world.funded()
    ledger.close()
    before = taken(world.path)
    later(monkeypatch, "CREATE TABLE later (n INTEGER PRIMARY KEY REFERENCES log (n)) STRICT")
    with world.ledger() as ledger:
        with pytest.raises(NotALedger) as caught:
            ledger.balances()
        assert "brought up to date" in caught.value.remedy and taken(world.path) == before
        assert ledger.refund_ended() == 0 and holds(ledger, world.payer) == 1000
    assert taken(world.path)[:-1] == before and rows(world.path, "SELECT * FROM later") == []


def test_the_first_version_goes_on(world, monkeypatch):
    """A ledger that was made before there were transfers of ownership."""
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS[:1])
    database = PostgresDatabase.open(world.path, write=True, patience=1)
    with pytest.raises(LedgerError):
        database.rows("SELECT * FROM transfers")
    database.close()
    monkeypatch.undo()
    ledger = world.funded()
    assert ledger.audit().ok and len(taken(world.path)) == len(MIGRATIONS)


def test_a_step_that_fails_changes_nothing(world, monkeypatch):
    world.funded().close()
    before = taken(world.path)
    later(monkeypatch, "CREATE TABLE later (n INTEGER PRIMARY KEY)", "CREATE TABLE log (n INTEGER)")
    with world.ledger() as ledger, pytest.raises(LedgerError):
        ledger.refund_ended()
    assert taken(world.path) == before
    assert rows(world.path, "SELECT to_regclass('sealwright.later') IS NULL") == [(True,)]


@pytest.mark.parametrize(
    "change",
    ["UPDATE steps SET checksum = 'x' WHERE number = 2", "INSERT INTO steps VALUES (99, 'x')", "DELETE FROM steps"],
)
def test_steps_of_another_program_are_refused(world, change):
    world.funded().close()
    rows(world.path, change)
    for use in (lambda ledger: ledger.balances(), lambda ledger: ledger.refund_ended()):
        with world.ledger() as ledger, pytest.raises(NotALedger):
            use(ledger)


def test_another_writer_is_waited_for_and_readers_wait_for_nobody(world):
    ledger = world.funded()
    with opened(world.path) as execute:
        execute("BEGIN")
        execute("SELECT * FROM turn FOR UPDATE")
        execute("UPDATE accounts SET balance = balance + 1")
        with pytest.raises(LedgerBusy):
            world.codes(ledger, world.certificates)
        assert holds(ledger, world.payer) == 1000 and ledger.audit().ok
        execute("ROLLBACK")
    assert world.codes(ledger, world.certificates) == ["already_settled"] * 2


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX messages_by_digest",
        "ALTER TABLE log DISABLE TRIGGER log_is_never_changed",
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "ALTER TABLE lanes ALTER COLUMN lane TYPE NUMERIC",
        "ALTER TABLE vouchers DROP CONSTRAINT vouchers_n_fkey",
        "CREATE TABLE other (n BIGINT)",
        "CREATE RULE nothing AS ON DELETE TO lanes DO INSTEAD NOTHING",
        "ALTER TABLE accounts ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE accounts ALTER COLUMN balance SET DEFAULT 5",
    ],
)
def test_altered_definitions_are_found(sound, copy, change):
    rows(copy, change)
    assert "altered_schema" in codes(audit(sound, copy))


def test_an_index_that_the_server_holds_to_be_broken_is_found(sound, copy):
    with opened(copy) as execute:
        execute("SET allow_system_table_mods = on")
        execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_by_digest'::regclass")
    assert "damaged_file" in codes(audit(sound, copy))


def test_a_server_that_is_not_there_is_told_of_without_the_password():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://anna:s3cret@127.0.0.1:{closed.getsockname()[1]}/books"
        with World(url).ledger() as ledger, pytest.raises(LedgerUnreachable) as caught:
            ledger.balances()
    assert caught.value.exit_code == 3
    assert "s3cret" not in f"{caught.value} {caught.value.remedy}" and "anna@127.0.0.1" in str(caught.value)
    assert "s3cret" not in name_of(url)


@pytest.mark.parametrize("url", ["postgresql://anna:s3%zzcret@host/books", "postgresql://host/books?pass=s3%zzcret"])
def test_a_url_that_cannot_be_read_is_not_quoted(url):
    with pytest.raises(Usage) as caught:
        name_of(url)
    assert "cret" not in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://anna:s3cret@host/books", "postgresql://anna@host/books"),
        ("postgres://an%40na:s3cret@h:5/b?sslmode=verify-full", "postgresql://an%40na@h:5/b?sslmode=verify-full"),
        ("postgresql:///b?host=/run/pg&port=6&password=s3cret", "postgresql:///b?host=/run/pg&port=6"),
        ("postgresql://h1:1,h2:2/b?sslpassword=s3cret", "postgresql://h1:1,h2:2/b"),
    ],
)
def test_what_a_database_is_called_names_it(url, name):
    assert name_of(url) == name == name_of(name)
    secret = ("password", "sslpassword")
    here, there = (conninfo_to_dict(one) for one in (url, name))
    assert {key: value for key, value in here.items() if key not in secret} == there


def test_a_database_that_is_not_there(world):
    with (
        World(server().place("no_such_database")).ledger() as ledger,
        pytest.raises(LedgerUnreachable, match="no_such"),
    ):
        ledger.balances()


def test_who_may_not_make_it_is_told_so(world):
    server().run("DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN PASSWORD 'x'")
    place = server().place(name_in(world.path), user="stranger", password="x")
    with World(place).ledger() as ledger, pytest.raises(LedgerReadOnly, match="may not make"):
        ledger.refund_ended()
    assert not world.ledger().exists()
    server().run("DROP ROLE stranger")


def test_more_vouchers_ask_no_more_questions(world, monkeypatch):
    """A question is a round trip: a batch asks all of its own at once."""
    ledger = world.funded(10**6)
    opens = [world.payer.open(world.payee, 100, nonce=n.to_bytes(16, "big")) for n in range(40)]
    first = [world.payer.voucher(one, 1, seq=1) for one in opens]
    assert set(world.codes(ledger, [*opens, *first])) == {"ok"}
    asked = []
    for name in ("row", "rows"):
        ask = getattr(PostgresDatabase, name)
        monkeypatch.setattr(PostgresDatabase, name, lambda *given, ask=ask: (asked.append(given[1]), ask(*given))[1])
    counts = []
    for seqs in (range(2, 3), range(3, 6)):  # 40 vouchers, and 120
        asked.clear()
        with world.ledger() as another:
            paid = [world.payer.voucher(one, seq, seq=seq) for seq in seqs for one in opens]
            assert set(world.codes(another, paid)) == {"ok"}
        counts.append(len(asked))
    assert counts[0] == counts[1] < 40, asked
