"""The audit passes what settled, and finds whatever else is in the tables, down to a bit."""

import random

import pytest
from sealwright.ledger.store.schema import VIEWS

from tests.host_tools.ledger.behind import is_file, rows
from tests.host_tools.ledger.conftest import ROWS
from tests.host_tools.ledger.damage import audit, change, codes, dump, flipped


def test_the_sound_one_passes(sound, copy):
    report = audit(sound, copy)
    assert report.ok and report.findings == () and not report.cut
    assert (report.messages, report.channels) == (ROWS, 2)
    assert all(rows for rows in dump(copy).values())  # nothing is left out of the tests below


def test_the_log_takes_no_change_from_anybody(copy):
    statements = ["UPDATE log SET at = at + 1", "DELETE FROM log", f"DELETE FROM log WHERE n = {ROWS}"]
    statements.append(f"INSERT INTO log SELECT n + 2, at, message, proof, effect, prev, hash FROM log WHERE n = {ROWS}")
    replace = (
        ["INSERT OR REPLACE INTO log SELECT * FROM log WHERE n = 3"] if is_file(copy) else ["TRUNCATE log CASCADE"]
    )
    before = rows(copy, "SELECT * FROM log ORDER BY n")
    for statement in [*statements, *replace]:
        with pytest.raises(Exception, match=r"append-only|follows the last"):
            rows(copy, statement)
    assert rows(copy, "SELECT * FROM log ORDER BY n") == before


def log_cells():
    columns = ("message", "prev", "hash", "at", "proof", "effect", "n")
    return [(n, column) for n in range(1, ROWS + 1) for column in columns]


@pytest.mark.parametrize("seed", range(4))
def test_any_flipped_bit_of_a_log_row_is_found(sound, copy, seed):
    draw = random.Random(seed)
    for n, column in log_cells()[seed :: 1 if is_file(copy) else 16]:
        ((value,),) = rows(copy, f"SELECT {column} FROM log WHERE n = ?", (n,))
        if value == b"":
            continue
        changed = flipped(value, draw, low=5 if column == "n" else 0)
        where = (f"UPDATE log SET {column} = ? WHERE n = ?", (changed, n))
        back = (f"UPDATE log SET {column} = ? WHERE n = ?", (value, changed if column == "n" else n))
        change(copy, where)
        report = audit(sound, copy)
        assert codes(report) & {"altered_row", "broken_chain"}, (n, column)
        change(copy, back)
    assert audit(sound, copy).ok


def view_cells(path):
    for table, (key, rest) in VIEWS.items():
        for row in rows(path, f"SELECT {', '.join(key + rest)} FROM {table}"):
            for column, value in zip(key + rest, row, strict=True):
                yield table, dict(zip(key, row, strict=False)), column, value


def test_any_changed_value_of_a_view_is_found(sound, copy):
    draw = random.Random(1)
    cells = list(view_cells(copy))
    assert len(cells) > 150
    for table, key, column, value in cells[:: 1 if is_file(copy) else 6]:
        changed = 3 if value is None else flipped(value, draw, low=5 if column in key else 0)
        where = " AND ".join(f"{name} = ?" for name in key)
        change(copy, (f"UPDATE {table} SET {column} = ? WHERE {where}", (changed, *key.values())))
        assert codes(audit(sound, copy)) & {"view_differs", "damaged_file"}, (table, column)
        key = {**key, column: changed} if column in key else key
        change(copy, (f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *key.values())))
    assert audit(sound, copy).ok


@pytest.mark.parametrize("table", VIEWS)
def test_missing_and_foreign_rows_of_a_view_are_found(sound, copy, table):
    key, rest = VIEWS[table]
    row = rows(copy, f"SELECT {', '.join(key + rest)} FROM {table} LIMIT 1")[0]
    where = " AND ".join(f"{name} = ?" for name in key)
    marks = ", ".join("?" * len(row))
    change(copy, (f"DELETE FROM {table} WHERE {where}", row[: len(key)]))
    assert "view_differs" in codes(audit(sound, copy))
    change(copy, (f"INSERT INTO {table} ({', '.join(key + rest)}) VALUES ({marks})", row))
    assert audit(sound, copy).ok
    foreign = [value + 1000 if isinstance(value, int) else value + value[:1] for value in row[: len(key)]]
    values = (*foreign, *row[len(key) :])
    if table == "accounts":
        values = (foreign[0], row[1], "another asset", *row[3:])
    change(copy, (f"INSERT INTO {table} ({', '.join(key + rest)}) VALUES ({marks})", values))
    report = audit(sound, copy)
    assert any("comes from no row of the log" in finding.what for finding in report.findings)


@pytest.mark.sqlite
def test_a_view_that_holds_the_right_number_as_another_kind_is_found(sound, copy):
    change(
        copy,
        "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')')",
        "PRAGMA writable_schema = 0",
    )
    change(copy, "UPDATE lanes SET worth = CAST(worth AS BLOB)")
    assert {"altered_schema", "view_differs"} <= codes(audit(sound, copy))


def test_a_removed_trigger_is_found(sound, copy):
    change(copy, restore=False)
    assert codes(audit(sound, copy)) == {"altered_schema"}
