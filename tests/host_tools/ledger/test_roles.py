"""Rights on a server: who settles adds to the log and never changes it, who reads reads, and both do all their work."""

import psycopg
import pytest
from sealwright.errors import Usage
from sealwright.ledger import LedgerReadOnly
from sealwright.ledger.store.postgres.roles import CHANGED, grants
from sealwright.ledger.store.schema import VIEWS

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.conftest import ROWS, World, traded
from tests.host_tools.postgres import name_in, server
from tests.host_tools.rotated import rotation

pytestmark = pytest.mark.postgres
REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def owned(world):
    """A ledger that its owner made; `as_role` gives the world of a login with one of the rights."""
    world.ledger().refund_ended()
    sql = list(grants("t_settler", "t_reader"))
    name = name_in(world.path)
    make = "CREATE ROLE {0}_login LOGIN IN ROLE {0}; EXCEPTION WHEN duplicate_object THEN NULL"
    logins = [f"DO $$ BEGIN {make.format(role)}; END $$" for role in ("t_settler", "t_reader")]
    server().run(*sql, *logins, *sql, database=name)  # and again: nothing changes
    yield lambda role: World(server().place(name, user=f"{role}_login"))
    server().run("DROP OWNED BY t_settler, t_reader", database=name)


def run(world, sql):
    with psycopg.connect(world.path, autocommit=True, options="-c search_path=sealwright") as connection:
        return connection.execute(sql).fetchall()


def test_who_settles_can_do_all_that_settling_needs(owned):
    world = traded(owned("t_settler"))
    with world.ledger() as ledger:
        channel = world.payer.open(world.payee, 20, nonce=bytes([7]) * 16)
        later = [channel, world.payer.voucher(channel, 1), world.payer.voucher(channel, 2, seq=2)]
        assert world.codes(ledger, later, newest_first=True) == ["ok", "superseded", "ok"]
        assert world.codes(ledger, [rotation(world.payee, name) for name in ("new", "other")]) == ["ok", "equivocation"]
        revoked = [world.network.revoke(world.network.device("gone"), revoked_from=NOW - n * DAY) for n in (1, 2)]
        assert world.codes(ledger, revoked) == ["ok", "ok"]
        assert ledger.audit().ok and ledger.head().n > ROWS


def test_who_settles_does_not_change_the_log(owned):
    world = traded(owned("t_settler"))
    for sql in (
        "UPDATE log SET at = 0",
        "DELETE FROM log",
        "DELETE FROM log WHERE n = 25",
        "TRUNCATE log CASCADE",
        "ALTER TABLE log DISABLE TRIGGER ALL",
        "DROP TRIGGER log_is_never_changed ON log",
        "DROP TABLE log CASCADE",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION sealwright.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TABLE sealwright.other (n BIGINT)",
        "UPDATE steps SET checksum = ''",
        "INSERT INTO steps VALUES (9, '')",
    ):
        with pytest.raises(REFUSED):
            run(world, sql)


def columns():
    for table, (key, rest) in VIEWS.items():
        for column in key + rest:
            yield table, column


def test_who_settles_changes_nothing_that_is_true_for_ever(owned):
    world = owned("t_settler")
    for table in VIEWS:
        with pytest.raises(REFUSED):
            run(world, f"DELETE FROM {table}")
    for table, column in columns():
        if column not in CHANGED.get(table, ()):
            with pytest.raises(REFUSED):
                run(world, f"UPDATE {table} SET {column} = NULL")


def test_who_reads_reads_and_audits_and_no_more(owned):
    traded(owned("t_settler"))
    world = owned("t_reader")
    with world.ledger() as ledger:
        assert ledger.audit().ok and ledger.balances() and ledger.head().n == ROWS
        with pytest.raises(LedgerReadOnly):
            world.codes(ledger, world.certificates)
    for table in ("log", "accounts", "turn"):
        with pytest.raises(REFUSED):
            run(world, f"INSERT INTO {table} SELECT * FROM {table}")


def test_a_name_that_would_be_sql_is_refused():
    with pytest.raises(Usage):
        list(grants('x"; DROP SCHEMA sealwright; --', "reader"))
