"""One connection to a server, made anew where it was lost: what the databases of a ledger and its shards ask by."""

from itertools import count

import psycopg

from ..faults import LedgerError
from .connecting import Server, connect
from .faults import typed

_STATEMENTS = 100  # that stay prepared
_LEAST = 140000  # PostgreSQL's own number for version 14


class Link:
    """patience: seconds to wait while another process writes. hurried: no server is waited for."""

    def __init__(self, server: Server, patience: float, *, hurried: bool = False) -> None:
        self._hurried = hurried
        self.server, self._patience, self.names, self._statements = server, patience, count(), _STATEMENTS
        self._connect(0.0)

    def _connect(self, outage: float) -> None:
        self.connection = connect(self.server, outage=0.0 if self._hurried else outage, hurried=self._hurried)
        if self.connection.info.server_version < _LEAST:
            self.connection.close()
            raise LedgerError(f"{self.server.name} is too old: the ledger needs PostgreSQL 14 or newer")
        with typed(self.server.name):
            milliseconds = max(1, round(self._patience * 1000))
            self.connection.execute(f"SET lock_timeout = {milliseconds}".encode())
        self.connection.prepared_max = self._statements
        self.cursor: psycopg.Cursor[tuple[object, ...]] = self.connection.cursor(binary=True)

    def expect(self, shards: int) -> None:
        """Keep the statements of so many shards prepared."""
        self._statements = self.connection.prepared_max = _STATEMENTS * shards

    def ready(self, outage: float) -> None:
        """Connect anew where the connection was lost. outage: seconds to wait for the server."""
        if self.connection.broken:
            self._connect(outage)
