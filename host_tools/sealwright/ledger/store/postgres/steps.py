"""The numbered steps of `migrations`, as PostgreSQL takes them, each with a checksum of its own.

Purpose: every step is made of SQLite's, and of what PostgreSQL has in place of its triggers. The table `steps` says
which were taken; a ledger whose steps are not those of this program is refused.
Limits: the numbers are SQLite's, so the first is 2. A step is for the owner of the schema, see `roles`.
"""

from hashlib import sha256
from typing import Final, cast

import psycopg

from ....database.kind import Migration
from .. import migrations
from ..database import Row, Shard, whole
from ..faults import LedgerError, LedgerMissing, LedgerReadOnly, NotALedger
from .dialect import SCHEMA, definition, schema_of

# The log grows at its end and nowhere else, also for its owner: others have no right to change it at all.
_GUARDS: Final = (
    f"""CREATE FUNCTION {SCHEMA}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the log is append-only'; END $$""",
    f"""CREATE FUNCTION {SCHEMA}.follow() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE rows BIGINT; low BIGINT; high BIGINT;
    BEGIN
        SELECT count(*), min(n), max(n) INTO rows, low, high FROM added;
        IF rows > 0 AND (high - low + 1 <> rows OR high <> (SELECT max(n) FROM {SCHEMA}.log)
            OR low <> coalesce((SELECT max(n) FROM {SCHEMA}.log WHERE n < low), 0) + 1)
        THEN RAISE EXCEPTION 'a row of the log follows the last'; END IF;
        RETURN NULL;
    END $$""",
    f"""CREATE TRIGGER log_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.log
    FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse()""",
    f"""CREATE TRIGGER log_grows_at_its_end AFTER INSERT ON {SCHEMA}.log
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.follow()""",
)
# `steps`: what was done. `turn`: who has locked its one row writes; a lock on the log itself would need a right to
# change the log.
_OWN: Final = {
    2: (
        'CREATE TABLE steps (number BIGINT PRIMARY KEY, checksum TEXT COLLATE "C" NOT NULL)',
        "CREATE TABLE turn (one BIGINT PRIMARY KEY CHECK (one = 1))",
        "INSERT INTO turn (one) VALUES (1)",
        *_GUARDS,
    )
}
# What makes a ledger's schema that of a shard: its turn is in the row that says which. `steps` notes it as number 0.
DIVIDING: Final = (
    f"DROP TABLE {SCHEMA}.turn",
    f"""CREATE TABLE {SCHEMA}.shard (number BIGINT PRIMARY KEY, of BIGINT NOT NULL, since BIGINT NOT NULL,
    turn BIGINT NOT NULL)""",
)
_DIVIDED: Final = 0
_CHECKSUMS: Final = {
    2: "b4633946496cf8bfd1bff8cb01d86e242575f4fc7b16ee77786e6d8b6abf1e8b",
    3: "db23b617aea06d4a783cfc73d23a4b8d5e3680ee0b3d1ccfa339c6fc5f993804",
    4: "b561d572bf409ebe3c8ee4fd2efba8e68355fc8d240fb1b7c8faf19b31c4a1b9",
}
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('sealwright'))"  # while there may be no table to lock
Connection = psycopg.Connection[tuple[object, ...]]


def steps() -> list[Migration]:
    """All of them, in order. Raises LedgerError for one that is not what was published."""
    found = [_of(step) for step in migrations.MIGRATIONS]
    for step in found:
        if not step.holds():
            raise LedgerError(f"step {step.number} of the ledger's tables is not the one that was published")
    return found


def _of(step: Migration) -> Migration:
    shared = (definition(one) for one in step.statements if not one.startswith("CREATE TRIGGER"))
    return Migration(step.number, (*shared, *_OWN.get(step.number, ())), _CHECKSUMS.get(step.number, ""))


def checksum_of(step: Migration) -> str:
    """What its checksum has to be."""
    return sha256(b"".join(one.encode() + b"\0" for one in step.statements)).hexdigest()


def bring_up(connection: Connection, name: str, *, write: bool) -> None:
    """See that the database has a ledger with all steps; with `write`, make it and take those that it lacks.

    Raises:
        LedgerMissing: it has none.
        NotALedger: it is newer, other steps were taken, or it is older and open for reading only.
        LedgerReadOnly: this user may not make it.
        psycopg.Error: nothing was changed.
    """
    wanted, done = steps(), _done(connection, name)
    if done is None and not write:
        remedy = "Name the right database, or make a ledger in it: `sealwright init`, or `ledger migrate`."
        raise LedgerMissing(f"there is no ledger in {name}", remedy=remedy)
    if done is not None:
        _check(done, wanted, name)
        if len(done) == len(wanted):
            return
        if not write:
            remedy = "Settle something: a ledger is brought up to date when it is opened to write."
            raise NotALedger(f"{name} is a ledger of version {done[-1][0]}, not {wanted[-1].number}", remedy=remedy)
    try:
        _take(connection, wanted, name)
    except psycopg.errors.InsufficientPrivilege as error:
        remedy = "Make it, or bring it up to date, as the user who is to own it."
        raise LedgerReadOnly(f"this user may not make the ledger in {name}", remedy=remedy) from error


def _take(connection: Connection, wanted: list[Migration], name: str) -> None:
    with connection.transaction():
        connection.execute(_LOCK)
        done = _done(connection, name)  # another process may have been faster
        if done is not None:
            _check(done, wanted, name)
        place = place_of(connection)
        for schema in [SCHEMA] if place is None else map(schema_of, range(place.of)):
            _take_in(connection, schema, wanted[len(done or ()) :], is_new=done is None)


def _take_in(connection: Connection, schema: str, lacking: list[Migration], *, is_new: bool) -> None:
    if is_new:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    connection.execute(f"SET LOCAL search_path = {schema}, pg_temp".encode())
    for step in lacking:
        for statement in step.statements:
            connection.execute(_of_schema(statement, schema))
        _note(connection, step.number, step.checksum)


def _note(connection: Connection, number: int, checksum: str) -> None:
    connection.execute("INSERT INTO steps (number, checksum) VALUES (%s, %s)", (number, checksum))


def _of_schema(statement: str, schema: str) -> bytes:
    return statement.replace(f"{SCHEMA}.", f"{schema}.").encode()


def divide(connection: Connection, of: int) -> None:
    """Make schemas for `of` shards, whose logs are empty but for shard 0's, and have each say which it is, from `since`
    row 0 on. Within a transaction of the caller's."""
    found = steps()
    mark = checksum_of(Migration(_DIVIDED, DIVIDING, ""))
    for number, schema in enumerate(map(schema_of, range(of))):
        _take_in(connection, schema, found if number else [], is_new=number > 0)
        for statement in DIVIDING:
            connection.execute(_of_schema(statement, schema))
        _note(connection, _DIVIDED, mark)
        connection.execute("INSERT INTO shard (number, of, since, turn) VALUES (%s, %s, 0, 0)", (number, of))
    connection.execute(f"SET LOCAL search_path = {SCHEMA}, pg_temp".encode())


def place_of(connection: Connection, schema: str = SCHEMA) -> Shard | None:
    """Which shard a schema has, None for a ledger without shards, or where there is none."""
    there = connection.execute(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname = 'shard'",
        (schema,),
    ).fetchone()
    found = connection.execute(f"SELECT number, of, since FROM {schema}.shard".encode()).fetchone() if there else None
    return None if found is None else Shard(*(whole(value) for value in cast("Row", found)))


def _done(connection: Connection, name: str) -> list[tuple[object, ...]] | None:
    """The steps that were taken, None where there is no ledger. Raises NotALedger."""
    # asked of the catalogs: to_regnamespace may remember what was so before the lock
    found = connection.execute(
        "SELECT c.relname FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'steps'"
        " WHERE n.nspname = %s",
        (SCHEMA,),
    ).fetchone()
    if found is None:
        return None
    taken = (
        connection.execute("SELECT number, checksum FROM steps WHERE number > 0 ORDER BY number").fetchall()
        if found[0]
        else []
    )
    if not taken:
        raise NotALedger(f"the schema {SCHEMA} of {name} is not a Sealwright ledger")
    return taken


def _check(done: list[tuple[object, ...]], wanted: list[Migration], name: str) -> None:
    known = [(step.number, step.checksum) for step in wanted]
    if done != known[: len(done)]:
        newest = done[-1][0]
        if len(done) > len(known) and done[: len(known)] == known:
            raise NotALedger(f"{name} is a ledger of version {newest}, not {known[-1][0]}")
        raise NotALedger(f"{name} was made by other steps than those of this program")
