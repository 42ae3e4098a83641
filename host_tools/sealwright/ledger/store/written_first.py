"""Queries that see what waits in memory, because it is written before they are asked."""

from collections.abc import Callable, Iterator, Sequence

from .database import Database, Row, Value


class WrittenFirst:
    """The queries of a database. flush: writes what waits, with that database itself."""

    def __init__(self, database: Database, flush: Callable[[], None]) -> None:
        self._database, self._flush = database, flush

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run one statement for its effect."""
        self._flush()
        self._database.run(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query, as they are read."""
        self._flush()
        return self._database.rows(sql, parameters)

    def scan(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that may have any number, as they are read."""
        self._flush()
        return self._database.scan(sql, parameters)

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of one query that has few, or None."""
        self._flush()
        return self._database.row(sql, parameters)
