"""What is wrong with a ledger's file is reported by name, with a remedy, and nothing is half-applied."""

import os
import sqlite3
import subprocess
import sys

import pytest
from sealwright.ledger import LedgerBusy, LedgerDamaged, LedgerMissing, NotALedger
from sealwright.ledger.store.schema import VERSION

from tests.host_tools.ledger.conftest import World, holds, raws
from tests.host_tools.ledger.processes import Child

pytestmark = pytest.mark.sqlite


def uses(world):
    """Every way to use a ledger, for reading and for writing."""
    order = world.owner.deposit(world.payer, 1).raw
    return [
        lambda ledger: ledger.balances(),
        lambda ledger: ledger.channels(),
        lambda ledger: list(ledger.entries()),
        lambda ledger: ledger.audit(),
        lambda ledger: ledger.head(),
        lambda ledger: ledger.deposit(order),
        lambda ledger: list(ledger.settle([order])),
    ]


def refused(world, error, words):
    for use in uses(world):
        with world.ledger() as ledger, pytest.raises(error) as caught:
            use(ledger)
        assert type(caught.value) is error and words in str(caught.value)
        assert caught.value.remedy and caught.value.exit_code in (1, 2, 4) and caught.value.code


def other_database(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE log (n, at, message, prev, hash)")
    connection.commit()
    connection.close()


def newer_ledger(path):
    other_database(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {0x5345414C}")
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda path: path.mkdir(), NotALedger, "is a directory"),
        (lambda path: path.write_text("dear diary, " * 500), NotALedger, "not a SQLite database"),
        (lambda path: path.write_text("x"), NotALedger, "not a SQLite database"),
        (lambda path: path.write_bytes(b""), NotALedger, "is empty"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(4080)), NotALedger, ""),
        (other_database, NotALedger, "not a Sealwright ledger"),
        (newer_ledger, NotALedger, f"of version {VERSION + 1}"),
        (os.mkfifo, NotALedger, "not a regular file"),
        (lambda path: path.with_name("ledger.db-wal").write_bytes(b"x"), LedgerDamaged, "put the file back"),
    ],
    ids=["directory", "text", "short text", "empty", "zeros", "another database", "newer", "fifo", "log without file"],
)
def test_what_is_no_ledger_is_refused_and_left_alone(world, make, error, words):
    make(world.path)
    before = world.path.read_bytes() if world.path.is_file() else None
    refused(world, error, words)
    assert before is None or world.path.read_bytes() == before


def test_reading_makes_no_ledger(world):
    for use in uses(world)[:5]:
        with world.ledger() as ledger, pytest.raises(LedgerMissing):
            use(ledger)
    assert not world.path.exists()
    with pytest.raises(LedgerMissing, match="folder"):
        World(world.path / "in" / "ledger.db").ledger().deposit(world.owner.deposit(world.payer, 1).raw)


def test_what_a_killed_process_left_of_making_one_is_in_nobodys_way(world):
    world.path.with_name(f".ledger.db.new-{os.getpid()}").write_bytes(b"half a ledger")
    with world.ledger() as ledger:
        assert ledger.deposit(world.owner.deposit(world.payer, 1).raw).ok
    assert [path.name for path in world.path.parent.iterdir()] == ["ledger.db"]


def test_settling_makes_one_and_leaves_nothing_beside_it(world):
    with world.ledger() as ledger:
        assert ledger.deposit(world.owner.deposit(world.payer, 1).raw).ok
    assert [path.name for path in world.path.parent.iterdir()] == ["ledger.db"]


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement)
print("locked", flush=True)
sys.stdin.read()
"""


class Locker:
    """Another process that holds a lock on the file."""

    def __init__(self, path, *statements):
        self._arguments = [sys.executable, "-c", LOCK, str(path), *statements]

    def __enter__(self):
        self._process = subprocess.Popen(self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"locked\n"

    def __exit__(self, *_):
        self._process.communicate()


def test_another_writer_is_waited_for_and_then_told_of(world):
    ledger, channel = world.opened()
    voucher = world.payer.voucher(channel, 5)
    with Locker(world.path, "BEGIN IMMEDIATE"):
        with pytest.raises(LedgerBusy, match="locked by another process") as caught:
            world.codes(ledger, [voucher])
        assert caught.value.exit_code == 4 and "again" in caught.value.remedy
        with world.ledger() as reader:  # readers do not wait
            assert holds(reader, world.payer) == 0 and reader.audit().ok and len(list(reader.entries())) == 4
    assert world.codes(ledger, [voucher]) == ["ok"]


def test_a_process_that_takes_the_file_for_itself_stops_readers_too(world):
    world.opened()[0].close()
    with Locker(world.path, "PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE"):
        refused(world, LedgerBusy, "locked by another process")


def test_two_settlements_at_once_pay_once(world):
    """Two processes settle the same bundle; every message is taken by one of them."""
    ledger, channel = world.opened()
    ledger.close()
    bundle = raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 60))

    def settle(tell):
        with world.ledger(patience=30) as mine:
            tell([verdict.code for verdict in mine.settle(bundle, batch=2)])

    children = [Child(settle), Child(settle)]
    (one, status), (two, also) = [child.wait() for child in children]
    assert status == also == 0
    pairs = list(zip(one[0], two[0], strict=True))
    assert {code for pair in pairs for code in pair} == {"ok", "already_settled"}
    assert sum("ok" in pair for pair in pairs) == sum(pair.count("ok") for pair in pairs)
    assert holds(world.ledger(), world.payee) == 59
    assert world.ledger().audit().ok


def test_a_path_that_looks_like_a_query(world):
    odd = World(world.path.with_name("a b?mode=memory#%41&c.db"))
    with odd.ledger() as ledger:
        assert ledger.deposit(odd.owner.deposit(odd.payer, 1, asset="a?b%41&c").raw).ok
        assert ledger.audit().ok and [b.asset for b in ledger.balances()] == ["a?b%41&c"] * 2
    assert odd.path.is_file() and odd.ledger().head().n == 2
