"""Who may do what on a PostgreSQL server, as SQL for its owner: nobody who settles changes the log.

Three roles. The owner made the ledger and brings it up to date; nobody needs to work as the owner. Who settles adds
rows, and changes the few columns that say how things stand now. Who reads reads, and audits.
Limits: a right is the server's word. The owner of the tables, or of the server, can do all; an anchor noted elsewhere
and an audit find it.
"""

import re
from collections.abc import Iterator
from typing import Final

from ....errors import Usage
from ..schema import VIEWS
from .dialect import schema_of

# what is not true for ever: balances, the state of a channel and its lanes, who owns a device, since when it is revoked
CHANGED: Final[dict[str, tuple[str, ...]]] = {
    "accounts": ("balance",),
    "channels": ("pays_up_to", "worth", "paid", "refunded", "remaining", "claim_end", "closed_at"),
    "lanes": ("seq", "worth", "voucher"),
    "owners": ("owner", "depth", "granted", "n"),
    "revocations": ("start", "n"),
    "turn": ("one",),  # to lock its row; a shard has it in `shard`
}
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_NOT_ROLES: Final = ("public", "none")  # the first is everybody, also in quotation marks


def grants(settler: str, reader: str, shards: int = 1) -> Iterator[str]:
    """The statements that give two roles their rights, and no others; they may be run again.

    shards: how many the ledger was divided into, 1 for one that was not.

    settler, reader: names of two roles, which logins are then made members of. Those that are missing are made, which
    needs CREATEROLE. Raises Usage.
    """
    _check_names(settler, reader)
    for name in (settler, reader):
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') "
            f'THEN CREATE ROLE "{name}" NOLOGIN; END IF; END $$'
        )
    changed = CHANGED if shards == 1 else {"shard": ("turn",), **CHANGED}
    for schema in map(schema_of, range(shards)):
        there = {table: columns for table, columns in changed.items() if shards == 1 or table != "turn"}
        yield from _in_schema(schema, settler, reader, there)


def _in_schema(schema: str, settler: str, reader: str, changed: dict[str, tuple[str, ...]]) -> Iterator[str]:
    both = f'"{settler}", "{reader}"'
    yield f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {both}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {both}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {both}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {both}"
    tables = ", ".join(f"{schema}.{table}" for table in ("log", *VIEWS))
    yield f'GRANT INSERT ON {tables} TO "{settler}"'
    for table, columns in changed.items():
        yield f'GRANT UPDATE ({", ".join(columns)}) ON {schema}.{table} TO "{settler}"'


def _check_names(settler: str, reader: str) -> None:
    for name in (settler, reader):
        if not _NAME.fullmatch(name) or name in _NOT_ROLES or name.startswith("pg_"):
            remedy = "Use lower-case letters, digits and underscores, and no name that PostgreSQL has for itself."
            raise Usage(f"{name!r} is no name for a role here", remedy=remedy)
    if settler == reader:
        raise Usage(f"{settler} cannot be both roles", remedy="Who reads must not settle: name two roles.")
