"""No query that settles reads a whole table: a ledger of ten million rows is as fast as one of ten.

The queries are those that the flows below run; that these run every query in the ledger's code is a test, too.
"""

import ast
import inspect
import os
import re
import sqlite3
from pathlib import Path

import psycopg
import pytest
import sealwright.ledger
from sealwright.ledger.shards.checking import mismatches
from sealwright.ledger.store import tables
from sealwright.ledger.store.postgres.engine import PostgresDatabase
from sealwright.ledger.store.schema import VIEWS
from sealwright.ledger.store.sqlite import SqliteDatabase
from sealwright.ledger.store.tables import Tables

from tests.host_tools.ledger.conftest import World, traded
from tests.host_tools.postgres import server
from tests.host_tools.rotated import rotation

TABLES = {"log", *VIEWS}
# The queries that read from one end to the other, by what their text has: those of reports, then those of the audit.
REPORTS = ("FROM accounts ORDER BY kind", "FROM entries e JOIN accounts a ON a.id = e.account JOIN log l")
REPORTS += ("FROM channels ORDER BY opened", "FROM equivocations e JOIN log a")
AUDIT = ("at, message, proof, effect, prev, hash FROM log ORDER BY n", "count(*)")
AUDIT += tuple(f"FROM {table} ORDER BY {', '.join(key)}" for table, (key, _) in VIEWS.items())  # compared row by row
AUDIT += ("SELECT n, digest FROM messages WHERE type IN", "FROM accounts WHERE kind = 'shard'")  # of several shards
AUDIT += ("HAVING sum(e.amount) <> 0", "<> c.remaining", "WHERE paid > pays_up_to")  # its invariants
INDEXES = ["messages_by_digest", "channels_by_claim_end", "channels_by_payer", "channels_by_asset"]
FIRST_ROW = re.compile(r"FROM log ORDER BY n DESC LIMIT 1$|max\(id\), 0\) FROM accounts$")  # ends with its first row


@pytest.fixture
def used(tmp_path, monkeypatch):
    """The queries of a ledger that takes a little of everything, and the file."""
    queries, called = set(), set()
    monkeypatch.setattr(SqliteDatabase, "far", True)  # as PostgreSQL is: its queries are asked of SQLite, too
    for name in ("run", "run_many", "row", "rows", "scan"):
        monkeypatch.setattr(SqliteDatabase, name, noting(getattr(SqliteDatabase, name), queries, 1))
    for name, method in methods().items():
        monkeypatch.setattr(Tables, name, noting(method, called, name))
    world = traded(World(tmp_path / "ledger.db"))
    with world.ledger() as ledger:
        channel = world.payer.open(world.payee, 20, nonce=bytes([7]) * 16)
        later = [world.payer.voucher(channel, 1, seq=1), world.payer.voucher(channel, 2, seq=2)]
        assert world.codes(ledger, [channel, later[0]]) == ["ok", "ok"] and ledger.funding(channel.digest)
        assert world.codes(ledger, later, newest_first=True) == ["already_settled", "ok"]
        forked = [rotation(world.payee, name) for name in ("new", "other")]
        assert world.codes(ledger, forked) == ["ok", "equivocation"]
        assert ledger.statements(world.payer.id, 0, 2**40)
        settling = set(queries)
        assert ledger.row_hash(1) and ledger.equivocations() and ledger.channels() and ledger.audit().ok
        assert ledger.balances() and list(ledger.entries())
        assert ledger.channels_after(0, 1)[0][1] == ledger.channels()[0] and ledger.accounts("device", ("", b""), 9)
        assert ledger.prove([ledger.channels()[0].digest])
        database = ledger._database()  # as two shards that have the same
        assert {one.code for one in mismatches([database, database])} == {"in_two_shards"}
        assert Tables(database).has_book(99)
    monkeypatch.undo()
    assert called == set(methods())  # no query of the tables is left out
    return world.path, settling, queries


def methods():
    return {name: method for name, method in inspect.getmembers(Tables, inspect.isfunction) if name[0] != "_"}


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
    """The steps that go through a whole table; `SCAN e` names it by its alias. `SEARCH e` without an index, which is
    said of the least of all, is the same."""
    names = TABLES | set(re.findall(r"(?:FROM|JOIN) \w+ (\w)\b", query))
    found = [(step, re.match(r"(?:SCAN|SEARCH(?= \w+$)) (\w+)", step)) for step in steps]
    return [step for step, table in found if table is not None and table[1] in names]


def in_code():
    """(place, text) of every piece of a query in the ledger's code; of one that is put together, each piece."""
    for path in sorted(Path(sealwright.ledger.__file__).parent.rglob("*.py")):
        # not definitions, what is asked of a file before it is opened, and what is asked of PostgreSQL alone
        if path.name not in {"schema.py", "migrations.py"} and path.parent.name != "postgres":
            for node in ast.walk(ast.parse(path.read_text())):
                value = node.value if isinstance(node, ast.Constant) else None
                if isinstance(value, str) and re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b", value):
                    yield f"{path.name}:{node.lineno}", " ".join(value.split())


def test_every_query_of_the_code_is_one_of_those_held_here(used):
    _, _, queries = used
    run = [" ".join(query.split()) for query in queries]
    found = list(in_code())
    assert len(found) > 40
    assert [one for one in found if not any(one[1] in query for query in run)] == []


def test_no_query_that_settles_reads_a_whole_table(used):
    path, settling, _ = used
    count = 0
    for query, steps in plans(path, settling):
        count += 1
        assert FIRST_ROW.search(query) or not scans(query, steps), (query, steps)
    assert count > 25


def test_whole_tables_are_read_by_reports_and_the_audit_alone(used):
    path, settling, queries = used
    found = {query for query, steps in plans(path, queries) if scans(query, steps) and not FIRST_ROW.search(query)}
    assert {query for query in found if not any(part in query for part in REPORTS + AUDIT)} == set()
    assert {part for part in REPORTS if not any(part in query for query in found)} == set()


def test_nothing_is_sorted_and_no_table_is_read_again_for_each_row_of_another(used):
    path, _, queries = used
    for query, steps in plans(path, queries):
        assert not any("TEMP B-TREE" in step or "AUTOMATIC" in step for step in steps), (query, steps)
        assert not scans(query, [step for step in steps if not step.startswith("SCAN CONSTANT")][1:]), (query, steps)


def test_the_scratch_of_an_audit_is_a_file_of_its_own_with_a_bounded_cache():
    scratch = SqliteDatabase.scratch()
    assert scratch.row("PRAGMA cache_size") == (-32768,)
    scratch.run("INSERT INTO messages (n, digest, type) VALUES (1, zeroblob(64000000), '')")
    if Path("/proc/self/fd").is_dir():
        names = [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
        assert any("etilqs" in name and "deleted" in name for name in names)
    scratch.close()


@pytest.mark.parametrize("name", INDEXES)
def test_a_missing_index_is_seen(used, name):
    path, settling, _ = used
    connection = sqlite3.connect(path)
    connection.execute(f"DROP INDEX {name}")
    connection.close()
    assert any(scans(*plan) and not FIRST_ROW.search(plan[0]) for plan in plans(path, settling))


def test_a_statement_reads_the_entries_of_its_accounts_alone(used):
    """A part of the table from its beginning on is no scan in a plan, and as long as one."""
    path, _, queries = used
    asked = [query for query in queries if "FROM entries" in query or "JOIN entries e" in query]
    found = [(query, steps) for query, steps in plans(path, asked) if "account = ?" in query or "c.payer = ?" in query]
    assert len(found) == 4
    for query, steps in found:
        assert any("COVERING INDEX entries_by_account (account=? AND n" in step for step in steps), (query, steps)


def test_messages_that_come_again_are_looked_up_many_at_a_time(tmp_path, monkeypatch):
    """A settlement that was killed goes on in a far database: not with a question for each message that it settled."""
    monkeypatch.setattr(SqliteDatabase, "far", True)
    world, asked = World(tmp_path / "ledger.db"), []
    channels = [world.payer.open(world.payee, 100, nonce=bytes([n]) * 16) for n in range(4)]
    paid = [world.payer.voucher(channel, seq, seq=seq) for seq in range(1, 26) for channel in channels]
    with world.funded() as ledger:
        assert world.codes(ledger, [*channels, *paid]) == ["ok"] * 104
    with world.ledger() as ledger:
        for name in ("row", "rows"):
            method = getattr(SqliteDatabase, name)
            monkeypatch.setattr(SqliteDatabase, name, lambda *a, of=method: asked.append(a[1]) or of(*a))
        assert world.codes(ledger, [*channels, *paid]) == ["already_settled"] * 104
    assert len(asked) < 40, asked


def explained(connection, query):
    """The steps of PostgreSQL's plan for any values; those of a table of values need types."""
    if "(VALUES" in query and "SELECT" in query:
        wide = re.search(r"VALUES \((.*?)\)", query)[1].count("?")
        row = ["x", b"x", "x"] if "accounts" in query else [b"x", 1, "1"][:wide]
        values = row * (query.count("?") // len(row))
        return [row[0] for row in connection.execute(f"EXPLAIN {query.replace('?', '%s')}", values)]
    numbers = map(str, range(1, 10**6))
    sql = re.sub(r"\?", lambda _: f"${next(numbers)}", query)
    return [row[0] for row in connection.execute(f"EXPLAIN (GENERIC_PLAN) {sql}".encode())]


def test_on_postgresql_every_query_that_settles_has_its_index_too(tmp_path, monkeypatch):
    """Where it may not read a whole table, it does not have to."""
    queries, place = set(), server().database()
    for name in ("run", "run_many", "row", "rows"):
        monkeypatch.setattr(PostgresDatabase, name, noting(getattr(PostgresDatabase, name), queries, 1))
    world = traded(World(place))
    with world.ledger() as ledger:
        channel = world.payer.open(world.payee, 20, nonce=bytes([7]) * 16)
        later = [channel, world.payer.voucher(channel, 1), world.payer.voucher(channel, 2, seq=2)]
        assert world.codes(ledger, later, newest_first=True) == ["ok", "superseded", "ok"]
        assert world.codes(ledger, [world.payer.voucher(channel, 3, seq=3)]) == ["ok"] and ledger.funding(
            channel.digest
        )
        assert ledger.audit().ok
    monkeypatch.undo()
    count = 0
    with psycopg.connect(
        place, autocommit=True, options="-c search_path=sealwright -c enable_seqscan=off"
    ) as connection:
        connection.execute("ANALYZE")
        for query in sorted(queries):
            if not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)", query) or any(one in query for one in ("pg_", *AUDIT)):
                continue
            steps = explained(connection, query)
            whole = [step for step in steps if re.search(r"Seq Scan on (?!turn)", step)]
            assert not whole, (query, steps)
            count += 1
    server().drop(place)
    assert count > 30


def test_postgresql_finds_a_digest_by_its_index_before_it_has_statistics(tmp_path):
    """Within the first minute of many messages, or for as long as nobody has it look at its tables."""
    place = server().database()
    with World(place).funded():
        pass
    with psycopg.connect(place, autocommit=True, options="-c search_path=sealwright") as connection:
        connection.execute("SET session_replication_role = replica")  # rows without all that belongs to them
        numbers = "SELECT n, sha256(n::text::bytea), 'voucher' FROM generate_series(1000, 30000) AS n"
        connection.execute(f"INSERT INTO messages (n, digest, type) {numbers}")
        for query in (f"{tables._FIRST_ROW} ?", tables._FIRST_ROWS):
            steps = explained(connection, query)
            assert any("messages_by_digest" in step for step in steps), (query, steps)
    server().drop(place)
