"""Bytes that come in pieces, as the reading half of a stream: for links that are no stream of their own."""

import asyncio


class Inbox:
    """`feed` takes bytes in, `read` waits for them. Holds about `most` bytes: what is over that is lost, as on a wire
    that nobody reads; a sender that must know asks `has_room` first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._data = b""
        self._ended = False
        self._event = asyncio.Event()

    @property
    def has_room(self) -> bool:
        """Whether the next piece would be kept."""
        return len(self._data) < self._most

    def feed(self, data: bytes) -> None:
        """Take in a piece."""
        if self.has_room:
            self._data += data
            self._event.set()

    def end(self) -> None:
        """Nothing more will come: a reader is told, once it has read what there is."""
        self._ended = True
        self._event.set()

    async def read(self, count: int) -> bytes:
        """Up to `count` bytes, as soon as there are any; none at the end."""
        while not self._data and not self._ended:
            self._event.clear()
            await self._event.wait()
        data, self._data = self._data[:count], self._data[count:]
        return data
