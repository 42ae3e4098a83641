"""No query that settles reads a whole table: a ledger of ten million rows is as fast as one of ten."""

import inspect
import re
import sqlite3

import pytest
from sealwright.ledger.store.schema import VIEWS
from sealwright.ledger.store.sqlite import SqliteDatabase
from sealwright.ledger.store.tables import Tables

from tests.host_tools.ledger.conftest import World, traded

TABLES = {"log", *VIEWS}
# The queries that read from one end to the other, by what their text has: those of reports, then those of the audit.
REPORTS = ("FROM accounts ORDER BY kind", "FROM entries e JOIN accounts a ON a.id = e.account JOIN log l")
REPORTS += ("FROM channels ORDER BY opened", "FROM equivocations e JOIN log a")
AUDIT = ("at, message, proof, effect, prev, hash FROM log ORDER BY n", "count(*)")
AUDIT += tuple(f"FROM {table} ORDER BY {', '.join(key)}" for table, (key, _) in VIEWS.items())  # compared row by row
AUDIT += ("HAVING sum(e.amount) <> 0", "<> c.remaining", "WHERE paid > pays_up_to")  # its invariants
FIRST_ROW = re.compile(r"FROM log ORDER BY n DESC LIMIT 1$")  # a scan that ends with its first row


@pytest.fixture
def used(tmp_path, monkeypatch):
    """The queries of a ledger that takes a little of everything, and the file."""
    queries, called = set(), set()
    for name in ("run", "row", "rows"):
        monkeypatch.setattr(SqliteDatabase, name, noting(getattr(SqliteDatabase, name), queries, 1))
    for name, method in methods().items():
        monkeypatch.setattr(Tables, name, noting(method, called, name))
    world = traded(World(tmp_path / "ledger.db"))
    with world.ledger() as ledger:
        settling = set(queries)
        assert ledger.row_hash(1) and ledger.equivocations() and ledger.channels() and ledger.audit().ok
        assert ledger.balances() and list(ledger.entries())
        assert ledger.prove([ledger.channels()[0].digest])
    monkeypatch.undo()
    assert called == set(methods())  # no query of the tables is left out
    return world.path, settling, queries


def methods():
    return {name: method for name, method in vars(Tables).items() if inspect.isfunction(method) and name[0] != "_"}


def noting(method, notes, what):
    def noted(*arguments, **more):
        notes.add(what if isinstance(what, str) else arguments[what])
        return method(*arguments, **more)

    return noted


def plans(path, queries):
    """(query, steps) for each query that reads or changes a table."""
    connection = sqlite3.connect(path)
    for query in sorted(queries):
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)", query):
            values = (None,) * query.count("?")
            yield " ".join(query.split()), [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    connection.close()


def scans(query, steps):
    """The steps that go through a whole table; `SCAN e` names it by its alias."""
    names = TABLES | set(re.findall(r"(?:FROM|JOIN) \w+ (\w)\b", query))
    return [step for step in steps if (found := re.match(r"SCAN (\w+)", step)) and found[1] in names]


def test_no_query_that_settles_reads_a_whole_table(used):
    path, settling, _ = used
    count = 0
    for query, steps in plans(path, settling):
        count += 1
        assert FIRST_ROW.search(query) or not scans(query, steps), (query, steps)
        assert not any("TEMP B-TREE" in step for step in steps), (query, steps)
    assert count > 25


def test_whole_tables_are_read_by_reports_and_the_audit_alone(used):
    path, settling, queries = used
    found = {query for query, steps in plans(path, queries) if scans(query, steps) and not FIRST_ROW.search(query)}
    assert {query for query in found if not any(part in query for part in REPORTS + AUDIT)} == set()
    assert {part for part in REPORTS if not any(part in query for query in found)} == set()


@pytest.mark.parametrize("name", ["messages_by_digest", "channels_by_claim_end", "channels_by_payer"])
def test_a_missing_index_is_seen(used, name):
    path, settling, _ = used
    connection = sqlite3.connect(path)
    connection.execute(f"DROP INDEX {name}")
    connection.close()
    assert any(scans(*plan) and not FIRST_ROW.search(plan[0]) for plan in plans(path, settling))
