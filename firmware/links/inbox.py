"""Bytes that arrive in pieces, as a Reader: for links that are not a stream."""

import asyncio


class Inbox:
    """`feed` takes bytes in, `read` waits for them. Holds about `limit` bytes and loses the rest, as a full
    UART buffer does; a sender that must not lose any checks `has_room` first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = b""
        self._is_over = False
        self._event = asyncio.Event()

    @property
    def has_room(self) -> bool:
        """Whether the next piece will be kept."""
        return len(self._data) < self._limit

    def feed(self, data: bytes) -> None:
        """Add a piece."""
        if self.has_room:
            self._data += data
            self._event.set()

    def end(self) -> None:
        """Mark the end: a reader gets the rest, then no bytes."""
        self._is_over = True
        self._event.set()

    async def read(self, n: int) -> bytes:
        """Up to `n` bytes, as soon as there are any; none at the end."""
        while not self._data and not self._is_over:
            self._event.clear()
            await self._event.wait()
        data, self._data = self._data[:n], self._data[n:]
        return data
