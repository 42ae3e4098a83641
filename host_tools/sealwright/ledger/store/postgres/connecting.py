"""Reaching a PostgreSQL server: what a URL names, connecting, and waiting for a server that comes back.

Limits: what libpq says when it cannot connect has no code, so that a server which is just starting is known by its
words. No password leaves this module: not in a name, not in an error.
"""

import re
import time
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper

from ....errors import Usage
from ..faults import LedgerUnreachable
from .dialect import SCHEMA

OUTAGE_SECONDS: Final = 60.0  # how long a lost server is waited for
_SHOWN: Final = ("sslmode", "sslrootcert", "target_session_attrs")
_DEFAULTS: Final = {
    "connect_timeout": "10",
    "application_name": "sealwright",
    "keepalives_idle": "30",  # seconds: a server that is gone without a word is noticed
    "tcp_user_timeout": "60000",  # milliseconds
}
_STEP_SECONDS: Final = 0.25
_STARTING: Final = re.compile("starting up|shutting down|not yet accepting connections|in recovery mode")
_REMEDY: Final = "See that the server runs and that host, port, database, user and password (PGPASSWORD) are right."
_WRITE: Final = (
    "Write it as postgresql://USER@HOST:PORT/DATABASE, and give the password in PGPASSWORD: in a URL its special "
    "characters must be percent-encoded."
)


class Server(NamedTuple):
    """A database on a server. name: what people call it, without a password."""

    parameters: dict[str, str]
    name: str


def read_url(url: str) -> Server:
    """What `postgresql://[USER[:PASSWORD]@][HOST][:PORT]/DATABASE[?OPTION=VALUE&...]` names. Raises Usage."""
    try:
        found = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.Error:
        found = {}
    if not found or _cut_short(url, found):  # and not what libpq says, which quotes the text
        raise Usage("the ledger's URL cannot be read", remedy=_WRITE, code="bad_url")
    return Server(found, _name(found))


def _cut_short(url: str, found: dict[str, str]) -> bool:
    """Whether a password with a bare `@` or `/` ends too early: what is left of it would be shown as a host or more."""
    authority, _, path = url.partition("://")[2].partition("?")[0].partition("/")
    ports = found.get("port", "").split(",")
    return authority.count("@") > 1 or "@" in path or not all(port.isdecimal() or not port for port in ports)


def _name(found: dict[str, str]) -> str:
    """A URL of the same database that may be shown: of the options only those that are known to be no secret."""
    hosts, ports = found.get("host", "").split(","), found.get("port", "").split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    shown: dict[str, str] = {key: found[key] for key in _SHOWN if key in found}
    if hosts[0].startswith("/"):  # the folder of a socket
        shown = {"host": found["host"]} | ({"port": found["port"]} if "port" in found else {}) | shown
        hosts, ports = [""], [""]
    where = ",".join(f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=True))
    who = f"{quote(found['user'], safe='')}@" if "user" in found else ""
    more = f"?{urlencode(shown, safe='/,')}" if shown else ""
    return f"postgresql://{who}{where}/{quote(found.get('dbname', ''), safe='')}{more}"


def connect(server: Server, *, outage: float = 0.0, hurried: bool = False) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection in which every statement is a transaction until BEGIN.

    outage: seconds to wait for a server that is away; one that is just starting is waited for in any case, unless
    hurried. Raises LedgerUnreachable.
    """
    begun = time.monotonic()
    while True:
        try:
            return _connect(server)
        except psycopg.OperationalError as error:
            words = _words(server, error)
            patience = OUTAGE_SECONDS if _STARTING.search(words) and not hurried else outage
            if time.monotonic() - begun >= patience:
                raise LedgerUnreachable(f"{server.name} cannot be reached: {words}", remedy=_REMEDY) from None
        time.sleep(_STEP_SECONDS)


def _connect(server: Server) -> "psycopg.Connection[tuple[object, ...]]":
    made = psycopg.connect(autocommit=True, **{**_DEFAULTS, **server.parameters, "client_encoding": "UTF8"})  # type: ignore[arg-type]
    # every number is a BIGINT: one plan of each statement, whatever the size of its numbers
    made.adapters.register_dumper(int, Int8BinaryDumper)
    # nothing is looked up in a schema where others may make objects; and every commit is on disk before it is reported
    made.execute(f"SET search_path = {SCHEMA}, pg_temp")
    made.execute("SET jit = off")
    found = made.execute("SELECT current_setting('synchronous_commit')").fetchone()
    if found == ("off",):
        made.execute("SET synchronous_commit = on")
    return made


def _words(server: Server, error: psycopg.Error) -> str:
    """What libpq says, on one line."""
    words = " ".join(str(error).split())
    password = server.parameters.get("password")
    return words.replace(password, "***") if password else words
