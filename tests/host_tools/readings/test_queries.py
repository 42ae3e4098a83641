"""Queries of the store go by an index: a store of a hundred million readings answers as one of ten does."""

import ast
import inspect
import re
import sqlite3
from pathlib import Path

import pytest
import sealwright.readings
from sealwright.readings import Question, file, schema
from sealwright.readings.file import ReadingsFile
from sealwright.readings.tables import Tables

from tests.host_tools.ledger.test_queries import noting

# What reads from one end to the other: every series and every device that contradicts itself, both few; the count.
WHOLE = ("FROM series s JOIN devices", "FROM contradictions GROUP BY device", "count(*) FROM digests")
WHOLE += ("FROM devices d CROSS JOIN messages m",)  # one look-up for each device
GROUPED = "mantissa IS NOT NULL GROUP BY exponent"  # a handful of groups of one series


@pytest.fixture
def used(desk, monkeypatch):
    """The queries of a store that takes and answers a little of everything."""
    queries, called = set(), set()
    for name in ("run", "run_many", "row", "rows"):
        monkeypatch.setattr(ReadingsFile, name, noting(getattr(ReadingsFile, name), queries, 1))
    for name, method in inspect.getmembers(Tables, inspect.isfunction):
        if name[0] != "_":
            monkeypatch.setattr(Tables, name, noting(method, called, name))
    state = desk.roof.seq, desk.roof.last
    first = desk.roof.reading()
    desk.take(first, desk.back(desk.roof, state).reading(1), desk.car.reading())
    with desk.store() as store:
        assert list(store.rows()) and list(store.rows(Question(last=1))) and list(store.sums()) and store.count() == 2
        one = store.named(first.digest[:4])[0]
        assert store.device_of(one) == desk.roof.id and store.support(desk.roof.id[:8])
        assert store.find(desk.roof.id, 1) == one and store.points(store.series()[0])[0] and store.doubtful()
        assert store.newest() and store.after(desk.roof.id, 0, 1) == [one] and list(store.newest_values(store.series()))
        Tables(store.file()).parts(1, Question().span)
    monkeypatch.undo()
    missing = {name for name, _ in inspect.getmembers(Tables, inspect.isfunction) if name[0] != "_"} - called
    assert missing == set()  # no query of the tables is left out
    return desk.path, queries


def plans(path, queries):
    """(query, steps) for each query that reads or changes a table."""
    connection = sqlite3.connect(path)
    for query in sorted(queries):
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)", query):
            values = (None,) * query.count("?")
            yield " ".join(query.split()), [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    connection.close()


def is_whole(query):
    return any(part in query for part in WHOLE)


def test_every_query_of_the_code_is_one_of_those_held_here(used):
    run = [" ".join(query.split()) for query in used[1]]
    found = []
    for path in sorted(Path(sealwright.readings.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())) if path.name not in {"schema.py", "file.py"} else ():
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b", value):
                found.append(" ".join(value.split()))
    assert len(found) > 15
    assert [one for one in found if not any(one in query for query in run)] == []


def test_no_query_reads_a_whole_table_but_the_few_that_must(used):
    scanned = {query for query, steps in plans(*used) if any(step.startswith("SCAN ") for step in steps)}
    assert {query for query in scanned if not is_whole(query)} == set()
    assert {part for part in WHOLE if not any(part in query for query in scanned)} == set()


def test_no_query_reads_all_messages_or_all_values(used):
    """Also those that read another table whole: SQLite may turn a join round, and look for devices of messages."""
    for query, steps in plans(*used):
        assert not {"SCAN m", "SCAN messages", "SCAN measured"} & set(steps), (query, steps)


def test_nothing_is_sorted_but_the_exponents_of_one_series(used):
    for query, steps in plans(*used):
        assert GROUPED in query or not any("TEMP B-TREE" in step or "AUTOMATIC" in step for step in steps), query


def test_a_missing_index_is_seen(used):
    path, queries = used
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX support_by_about")
    connection.close()
    scans = [q for q, steps in plans(path, queries) if any("SCAN" in step for step in steps) and not is_whole(q)]
    assert any("FROM support" in query for query in scans)


def test_the_steps_are_what_was_published_and_pages_are_large(used):
    assert [step.number for step in file.MIGRATIONS] == [1] and all(step.holds() for step in file.MIGRATIONS)
    connection = sqlite3.connect(used[0])
    assert connection.execute("PRAGMA page_size").fetchone() == (file.PAGE,)
    assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION,)
    connection.close()
