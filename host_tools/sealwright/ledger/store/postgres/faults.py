"""What PostgreSQL and psycopg raise, as the ledger's typed errors: by SQLSTATE, whose words are in any language.

Source: PostgreSQL's appendix "Error Codes".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from ..faults import LedgerBusy, LedgerDamaged, LedgerError, LedgerFull, LedgerInterrupted, LedgerReadOnly

# By the whole code, or by its class of two characters.
_BY_STATE: Final[dict[str, tuple[type[LedgerError], str]]] = {
    "40001": (LedgerInterrupted, "had another transaction come between"),
    "40P01": (LedgerInterrupted, "had two transactions wait for each other"),
    "08": (LedgerInterrupted, "lost its connection"),
    "57P01": (LedgerInterrupted, "is shutting down"),
    "57P02": (LedgerInterrupted, "has crashed"),
    "57P03": (LedgerInterrupted, "is starting up"),
    "57P05": (LedgerInterrupted, "closed a connection that was idle"),
    "25P03": (LedgerInterrupted, "closed a connection that was idle"),
    "55P03": (LedgerBusy, "is locked by another process"),
    "57014": (LedgerBusy, "cancelled a query"),
    "53300": (LedgerBusy, "has too many connections"),
    "53100": (LedgerFull, "cannot grow"),
    "25006": (LedgerReadOnly, "may not be written"),
    "42501": (LedgerReadOnly, "may not be written by this user, or not be read"),
    "23": (LedgerDamaged, "contradicts itself"),
    "22": (LedgerDamaged, "holds a value of the wrong kind"),
    "XX001": (LedgerDamaged, "is damaged"),
    "XX002": (LedgerDamaged, "is damaged"),
    "58": (LedgerError, "cannot be read or written: the server's disk fails"),
    "53": (LedgerError, "has too little memory or room"),
}
_LOST: Final[tuple[type[LedgerError], str]] = (LedgerInterrupted, "lost its connection")
_OTHER: Final[tuple[type[LedgerError], str]] = (LedgerDamaged, "cannot be used")


def translate(error: psycopg.Error, name: str) -> LedgerError:
    """The typed error for what psycopg raised about the ledger `name`.

    Raises `error` itself where it tells of a mistake in this program.
    """
    state = error.sqlstate
    if state is None:
        if not isinstance(error, psycopg.OperationalError):
            raise error
        kind, what = _LOST
    else:
        kind, what = _BY_STATE.get(state) or _BY_STATE.get(state[:2]) or _OTHER
    return kind(f"{name} {what} ({' '.join(str(error).split())})")


@contextmanager
def typed(name: str) -> Iterator[None]:
    """Turn every error of psycopg raised within into a LedgerError that names the ledger."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, name) from error
