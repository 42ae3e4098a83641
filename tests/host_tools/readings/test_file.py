"""The store's file: kill -9 in the middle of an import, two imports at once, and files that are none."""

import random
import sqlite3
import time

import pytest
from sealwright.readings import ReadingsBusy, ReadingsDamaged, ReadingsMissing
from sealwright.readings.faults import NotAStore
from sealwright.readings.intake import taking
from sealwright.readings.tables import Tables
from sealwright.verify import Verifier

from tests.host_tools.ledger.processes import Child
from tests.host_tools.readings.conftest import POLICY

READINGS = 60


def consistent(path):
    """Whether each reading in the file has its values and its name, and the reverse; how many there are."""
    connection = sqlite3.connect(path)
    messages = set(connection.execute("SELECT device, seq FROM messages"))
    assert set(connection.execute("SELECT device, seq FROM digests")) == messages
    query = "SELECT s.device, v.seq FROM measured v JOIN series s ON s.id = v.series"
    assert set(connection.execute(query)) == messages
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not messages or connection.execute("SELECT count(*) FROM support").fetchone()[0] == 3
    connection.close()
    return len(messages)


def test_kill_9_leaves_whole_batches_and_the_same_bundle_goes_on(desk, tmp_path):
    bundle = [one.reading(n) for n in range(READINGS // 2) for one in (desk.roof, desk.car)]
    desk.take(*bundle)
    whole, draw, sizes = desk.dump(), random.Random(9), set()
    for n in range(8):
        desk.path = tmp_path / f"{n}.db"

        def work(tell):
            verifier = Verifier([desk.net.root], POLICY)
            with desk.store() as store, taking(store, batch=5) as intake:
                for verdict in verifier.run([*desk.certificates, *(one.raw for one in bundle)]):
                    intake.add(verdict)
                    tell(verdict.n)

        for seen in sorted(draw.randrange(READINGS) for _ in range(3)):
            child = Child(work)
            for _ in range(seen):  # counted and not timed, so that a slow machine is hit in the middle too
                child.next()
            time.sleep(draw.random() * 0.003)
            child.kill()
            sizes.add(consistent(desk.path) if desk.path.exists() else 0)
        desk.take(*bundle)
        assert desk.dump() == whole
    assert len(sizes & set(range(1, READINGS))) > 2, "no kill hit the middle"


def test_two_imports_at_once_take_each_reading_once(desk):
    bundle = [one.reading(n) for n in range(READINGS // 2) for one in (desk.roof, desk.car)]

    def work(tell):
        desk.store = lambda: type(desk).store(desk)
        tell(desk.take(*bundle, batch=4).counts["new"])

    children = [Child(work) for _ in range(2)]
    assert sum(child.wait()[0][0] for child in children) == READINGS
    assert consistent(desk.path) == READINGS


def test_a_locked_store_is_busy_and_loses_nothing(desk):
    desk.take(desk.roof.reading())
    other = sqlite3.connect(desk.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ReadingsBusy, match="locked"):
        desk.take(desk.roof.reading())
    other.close()
    assert consistent(desk.path) == 1


def test_there_is_none_or_it_is_another_file(desk):
    with desk.store() as store, pytest.raises(ReadingsMissing, match="no store of readings"):
        list(store.rows())
    assert not desk.path.exists()
    desk.path.write_text("not a database, and long enough")
    with desk.store() as store, pytest.raises(NotAStore):
        list(store.rows())
    desk.path.write_bytes(b"")
    with pytest.raises(NotAStore, match="as no store of readings is"):
        desk.take(desk.roof.reading())


def test_a_damaged_store_says_so(desk):
    desk.take(*(desk.roof.reading(n) for n in range(50)))
    data = bytearray(desk.path.read_bytes())
    data[16384 * 3 :] = bytes(len(data) - 16384 * 3)
    desk.path.write_bytes(data)
    with desk.store() as store, pytest.raises(ReadingsDamaged):
        list(store.rows())


def test_an_interrupt_while_a_batch_is_written_loses_nothing_of_it(desk, monkeypatch):
    bundle = [one.reading(n) for n in range(5) for one in (desk.roof, desk.car)]
    put = Tables.put

    def interrupted(self, *rows):
        monkeypatch.setattr(Tables, "put", put)
        put(self, *rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(Tables, "put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        desk.take(*bundle, batch=4)
    assert consistent(desk.path) == 1  # with three certificates it was a batch
    assert desk.take(*bundle).counts == {"known": 1, "new": 9, "values": 9}
