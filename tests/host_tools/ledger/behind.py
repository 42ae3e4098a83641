"""A ledger's database behind the program's back, over either engine: plain statements with `?` for parameters."""

import sqlite3
from contextlib import contextmanager

from sealwright.ledger.store.postgres.dialect import SCHEMA
from sealwright.ledger.store.schema import VIEWS

DROP = [f"DROP TRIGGER {name}" for name in ("log_grows_at_its_end", "log_is_never_updated", "log_is_never_deleted")]


def is_file(place):
    return not isinstance(place, str)


@contextmanager
def opened(place):
    """Runs statements as its owner: gives `execute(sql, parameters)`, which returns the rows there are."""
    if is_file(place):
        connection = sqlite3.connect(place, isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")  # a test's vandal need not wait for the disk
        yield lambda sql, values=(): connection.execute(sql, values).fetchall()
        connection.close()
        return
    import psycopg

    with psycopg.connect(place, autocommit=True, options=f"-c search_path={SCHEMA}") as connection:

        def execute(sql, values=()):
            cursor = connection.execute(sql.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

        yield execute


def rows(place, sql, values=()):
    with opened(place) as execute:
        return execute(sql, values)


def change(place, *statements, restore=True):
    """Run statements as anyone who owns the database could; the triggers are put back as they were."""
    with opened(place) as execute:
        if is_file(place):
            triggers = [row[0] for row in execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]
            for statement in DROP:
                execute(statement)
        else:
            triggers = []
            execute("SET session_replication_role = replica")  # no trigger and no foreign key is looked at
            if not restore:
                execute("DROP TRIGGER log_is_never_changed ON log")
        for statement in statements:
            execute(*statement) if isinstance(statement, tuple) else execute(statement)
        for statement in triggers if restore else ():
            execute(statement)


def dump(place):
    """Every value of the ledger as its user sees it, and of a file its definitions."""
    columns = {"sqlite_master": "type, name, tbl_name, sql"}
    tables = [*(["sqlite_master"] if is_file(place) else []), "log", *VIEWS]
    with opened(place) as execute:
        return {table: sorted(execute(f"SELECT {columns.get(table, '*')} FROM {table}"), key=repr) for table in tables}
