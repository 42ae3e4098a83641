"""Ways to damage a ledger's file behind its back, and to look at what is in it."""

import sqlite3

from sealwright.ledger import Ledger
from sealwright.ledger.store.schema import VIEWS

DROP = [f"DROP TRIGGER {name}" for name in ("log_grows_at_its_end", "log_is_never_updated", "log_is_never_deleted")]


def audit(sound, path, **more):
    with Ledger(path, [sound.network.root], [sound.owner.key.public], identity=sound.identity, patience=0.2) as ledger:
        return ledger.audit(**more)


def codes(report):
    return {finding.code for finding in report.findings}


def change(path, *statements, restore=True):
    """Run statements on the file as anyone with SQLite could; the triggers are put back as they were."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")  # a test's vandal need not wait for the disk
    triggers = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
    for statement in DROP:
        connection.execute(statement)
    for statement in statements:
        connection.execute(*statement) if isinstance(statement, tuple) else connection.execute(statement)
    for statement in triggers if restore else ():
        connection.execute(statement)
    connection.close()


def dump(path):
    """Every value of the ledger as its user sees it, and its definitions."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = ["sqlite_master", "log", *VIEWS]
    columns = {"sqlite_master": "type, name, tbl_name, sql"}
    found = {
        table: sorted(connection.execute(f"SELECT {columns.get(table, '*')} FROM {table}"), key=repr)
        for table in tables
    }
    connection.close()
    return found


def flipped(value, draw, low=0):
    """The value with one bit changed; `low` is the first of an integer's to choose from."""
    if isinstance(value, int):
        return value ^ (1 << draw.randrange(low, 62))
    return flip(value, draw.randrange(8 * len(value))) if isinstance(value, bytes) else value + "0"


def flip(value, bit):
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
