"""What PostgreSQL spells otherwise than SQLite, and nothing else: the ledger has one set of SQL texts.

Limits: knows the part of SQL that `schema` and the tables use. Text is compared by its bytes, as SQLite does.
"""

import re
from functools import lru_cache
from typing import Final

SCHEMA: Final = "sealwright"  # of the database: all of the ledger is in it
_SQLITE_ONLY: Final = re.compile(r"\)\s*STRICT(, WITHOUT ROWID)?\s*$")
_TYPES: Final = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "TEXT": 'TEXT COLLATE "C"'}
_COPIED: Final = re.compile(r"INSERT INTO (\w+) (\([\w, ]+\)) VALUES \([?, ]+\)$")


def definition(statement: str) -> str:
    """A data definition of `schema`."""
    found = _SQLITE_ONLY.sub(")", statement)
    return re.sub(r"\b(INTEGER|BLOB|TEXT)\b", lambda match: _TYPES[match[1]], found)


@lru_cache(maxsize=256)
def query(sql: str) -> bytes:
    """A query or statement with `?` for its parameters."""
    return sql.replace("?", "%s").encode()


@lru_cache(maxsize=64)
def copying(sql: str) -> bytes | None:
    """COPY in place of an INSERT of whole rows and nothing more; None for another statement."""
    match = _COPIED.match(sql)
    return None if match is None else f"COPY {match[1]} {match[2]} FROM STDIN (FORMAT BINARY)".encode()
