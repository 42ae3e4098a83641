"""A ledger of an older version goes on: it gets the tables that it lacks, once, and an audit finds it sound."""

import sqlite3
from hashlib import sha256

import pytest
from sealwright.bookkeeping import known_ledger, open_ledger
from sealwright.database.kind import Migration
from sealwright.home import Home
from sealwright.ledger import LedgerError, LedgerFile, NotALedger
from sealwright.ledger.store import migrations, schema
from sealwright.ledger.store.migrations import MIGRATIONS
from sealwright.ledger.store.sqlite import SqliteDatabase

from tests.host_tools.ledger.conftest import ROWS, World
from tests.host_tools.ledger.damage import dump
from tests.host_tools.ledger.processes import Child

pytestmark = pytest.mark.sqlite

STATEMENTS = (
    "CREATE TABLE later (n INTEGER PRIMARY KEY REFERENCES log (n)) STRICT",
    "CREATE INDEX later_by_n ON later (n)",
)


def later(*statements):
    """The step to the next version."""
    made = Migration(schema.VERSION + 1, statements, "")
    return made._replace(checksum=checksum_of(made))


def checksum_of(step):
    return sha256(b"".join(one.encode() + bytes(1) for one in step.statements)).hexdigest()


@pytest.fixture
def updated(monkeypatch):
    """A program that is a version ahead."""
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, later(*STATEMENTS)))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    return schema.VERSION


def version_of(path):
    connection = sqlite3.connect(path)
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return found


def test_the_steps_are_numbered_and_are_what_was_published():
    numbers = [step.number for step in MIGRATIONS]
    assert numbers == list(range(2, schema.VERSION + 1))
    assert all(step.holds() for step in MIGRATIONS)
    changed = MIGRATIONS[0]._replace(statements=(*MIGRATIONS[0].statements[:-1], "CREATE TABLE other (n)"))
    assert not changed.holds()


def test_a_step_that_was_changed_is_not_taken(monkeypatch, world):
    monkeypatch.setattr(migrations, "MIGRATIONS", (MIGRATIONS[0]._replace(checksum="00"),))
    with world.ledger() as ledger, pytest.raises(LedgerError, match="not the one that was published"):
        world.codes(ledger, world.certificates)
    assert not world.path.exists()


def test_an_older_ledger_is_brought_up_to_date_when_it_is_written(sound, copy, updated):
    before = dump(copy)
    world = World(copy)
    with world.ledger() as ledger:
        assert world.codes(ledger, [world.network.device("another").certificate]) == ["ok"]
        report = ledger.audit()
        assert report.ok and report.messages == ROWS + 1
    assert version_of(copy) == updated
    after = dump(copy)
    assert set(before["log"]) < set(after["log"]) and before["channels"] == after["channels"]
    fresh = World(copy.with_name("fresh.db"))
    with fresh.ledger() as ledger:
        assert fresh.codes(ledger, fresh.certificates) == ["ok", "ok"]
    assert dump(fresh.path)["sqlite_master"] == after["sqlite_master"]


def test_an_older_ledger_is_not_read_as_it_is_and_is_left_alone(sound, copy, updated):
    before = copy.read_bytes()
    with World(copy).ledger() as ledger, pytest.raises(NotALedger) as caught:
        ledger.balances()
    assert "brought up to date" in caught.value.remedy
    assert copy.read_bytes() == before and version_of(copy) == updated - 1


def test_a_step_that_fails_changes_nothing(sound, copy, monkeypatch):
    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, later(*STATEMENTS, "CREATE TABLE log (n)")))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    before = dump(copy)
    with World(copy).ledger() as ledger, pytest.raises(LedgerError):
        ledger.deposit(sound.owner.deposit(sound.payer, 1).raw)
    assert dump(copy) == before and version_of(copy) == schema.VERSION - 1


def test_two_that_open_it_at_once_bring_it_up_once(sound, copy, updated):
    def work(tell):
        database = SqliteDatabase.open(copy, write=True, patience=30)
        tell(database.row("PRAGMA user_version"))
        database.close()

    children = [Child(work) for _ in range(3)]
    assert [child.wait() for child in children] == [([(updated,)], 0)] * 3


@pytest.mark.parametrize("version", [0, 1, schema.VERSION + 1])
def test_other_versions_are_refused(sound, copy, version):
    connection = sqlite3.connect(copy)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with World(copy).ledger() as ledger, pytest.raises(NotALedger, match=f"of version {version}, not {schema.VERSION}"):
        ledger.deposit(sound.owner.deposit(sound.payer, 1).raw)
    assert version_of(copy) == version


def test_a_home_whose_ledger_is_older_goes_on(tmp_path, request):
    home = Home.init(tmp_path / "home", "old")
    with known_ledger(home) as ledger:
        assert not list(ledger.settle([]))
        before = ledger.head()
    version = request.getfixturevalue("updated")
    with LedgerFile(home.ledger_place) as reader, pytest.raises(NotALedger):
        reader.head()
    with open_ledger(home) as ledger:
        assert ledger.head() == before
    assert version_of(home.ledger_place) == version
