"""What PostgreSQL spells otherwise than SQLite, and nothing else: the ledger has one set of SQL texts.

Limits: knows the part of SQL that `schema` and the tables use. Text is compared by its bytes, as SQLite does.
"""

import re
from functools import lru_cache
from typing import Final

from ..schema import VIEWS

SCHEMA: Final = "sealwright"  # of the database: all of the ledger is in it, and of one in shards shard 0
_TABLE: Final = re.compile(rf"\b(FROM|JOIN|INTO|UPDATE|COPY) ({'|'.join(('log', 'shard', *VIEWS))})\b")
_SQLITE_ONLY: Final = re.compile(r"\)\s*STRICT(, WITHOUT ROWID)?\s*$")
_TYPES: Final = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "TEXT": 'TEXT COLLATE "C"'}
_COPIED: Final = re.compile(r"INSERT INTO (\w+) (\([\w, ]+\)) VALUES \([?, ]+\)$")


def definition(statement: str) -> str:
    """A data definition of `schema`."""
    found = _SQLITE_ONLY.sub(")", statement)
    return re.sub(r"\b(INTEGER|BLOB|TEXT)\b", lambda match: _TYPES[match[1]], found)


def schema_of(shard: int) -> str:
    """The schema of a shard of a ledger."""
    return f"{SCHEMA}_{shard}" if shard else SCHEMA


@lru_cache(maxsize=1024)
def query(sql: str, schema: str = SCHEMA) -> bytes:
    """A query or statement with `?` for its parameters. schema: where its tables are."""
    return _in_schema(sql.replace("?", "%s"), schema).encode()


@lru_cache(maxsize=256)
def copying(sql: str, schema: str = SCHEMA) -> bytes | None:
    """COPY in place of an INSERT of whole rows and nothing more; None for another statement."""
    match = _COPIED.match(sql)
    found = None if match is None else f"COPY {match[1]} {match[2]} FROM STDIN (FORMAT BINARY)"
    return None if found is None else _in_schema(found, schema).encode()


def _in_schema(sql: str, schema: str) -> str:
    """The tables named with their schema, unless it is where they are looked for anyway: a setting of the connection
    that a transaction of another shard would have to change, and might not."""
    return sql if schema == SCHEMA else _TABLE.sub(rf"\1 {schema}.\2", sql)
