"""What a PostgreSQL database has in a schema, in words: the audit holds it against what the steps make.

What the steps make is asked of the same server, which makes it among its temporary tables and forgets it: so both are
in the words of one server. Limits: needs the right to make temporary tables.
"""

from typing import Final

import psycopg

from ..database import Row
from .dialect import SCHEMA
from .steps import DIVIDING, steps

_CATALOGS: Final = (
    """SELECT 'relation', c.relname::text, c.relname::text, c.relkind::text || CASE WHEN c.relpersistence = 'u'
        THEN ' unlogged' ELSE '' END || CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END
        FROM pg_class c WHERE c.relnamespace = %s AND c.relkind <> 't'""",
    """SELECT 'column', a.attname::text, c.relname::text, concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' END, l.collname, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = %s AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f')""",
    """SELECT 'constraint', o.conname::text, c.relname::text, pg_get_constraintdef(o.oid)
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE c.relnamespace = %s""",
    """SELECT 'index', i.relname::text, t.relname::text, pg_get_indexdef(x.indexrelid)
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        WHERE t.relnamespace = %s""",
    """SELECT 'trigger', g.tgname::text, c.relname::text, g.tgenabled::text || ' ' || pg_get_triggerdef(g.oid)
        FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace = %s AND NOT g.tgisinternal""",
    """SELECT 'rule', r.rulename::text, c.relname::text, pg_get_ruledef(r.oid)
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = %s""",
    """SELECT 'function', p.proname::text, p.proname::text, concat_ws(' ', l.lanname, p.prosecdef, p.proconfig::text,
        p.prosrc) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = %s""",
)
Connection = psycopg.Connection[tuple[object, ...]]


def outline(connection: Connection, schema: str = SCHEMA) -> list[Row]:
    """What a ledger's schema has: (kind, name, table, words), sorted."""
    return _outline(connection, "to_regnamespace(%s)", schema)


def intended(connection: Connection, *, divided: bool = False) -> list[Row]:
    """What it should have. connection: one of its own, outside a transaction. divided: it is of a shard."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = pg_temp")
        for statement in (*(one for step in steps() for one in step.statements), *(DIVIDING if divided else ())):
            connection.execute(statement.replace(f"{SCHEMA}.", "pg_temp.").encode())
        # what belongs to no step, but to every ledger
        return _outline(connection, "pg_my_temp_schema() WHERE %s <> ''", SCHEMA)


def _outline(connection: Connection, schema: str, value: str) -> list[Row]:
    sql = f"SELECT x::oid, x::oid::regnamespace::text FROM (SELECT {schema}) AS y (x)"
    found = connection.execute(sql.encode(), (value,)).fetchone()
    assert found is not None
    rows: list[Row] = []
    for catalog in _CATALOGS:
        for kind, name, table, words in connection.execute(catalog.encode(), (found[0],)):
            plain = str(words).replace(f"{found[1]}.", "").replace("pg_temp.", "")
            rows.append((str(kind), str(name), str(table), plain))
    return sorted(rows, key=repr)
