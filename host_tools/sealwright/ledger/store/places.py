"""Where a ledger is: a SQLite file's path, or the URL of a database on a PostgreSQL server; and opening either."""

from pathlib import Path
from typing import TypeAlias

from ...extras import load
from .database import Database
from .sqlite import SqliteDatabase

Place: TypeAlias = Path | str  # a str is a URL
_SCHEMES = ("postgresql://", "postgres://")


def place_of(named: str | Path) -> Place:
    """What a text names: a URL stays text, all else is a path."""
    if isinstance(named, Path):
        return named
    scheme, between, rest = named.partition("://")
    head = f"{scheme.lower()}{between}"
    return f"{head}{rest}" if head in _SCHEMES else Path(named)


def open_database(place: Place, *, write: bool, patience: float, hurried: bool = False) -> Database:
    """Open the ledger at `place`; with `write` it is made if there is none.

    patience: seconds to wait while another process writes. hurried: a server that is away is not waited for. Raises
    LedgerError, and Usage where psycopg is missing.
    """
    if isinstance(place, Path):
        return SqliteDatabase.open(place, write=write, patience=patience)
    need_driver()
    from .postgres.engine import PostgresDatabase

    return PostgresDatabase.open(place, write=write, patience=patience, hurried=hurried)


def name_of(place: Place) -> str:
    """What people call it: never with a password. Raises Usage for a URL that cannot be read."""
    if isinstance(place, Path):
        return str(place)
    need_driver()
    from .postgres.connecting import read_url

    return read_url(place).name


def need_driver() -> None:
    """Raises Usage where psycopg is not installed."""
    load("psycopg", "postgres", "psycopg", "a ledger on PostgreSQL needs", "no_postgres")
