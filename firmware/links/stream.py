"""A byte stream without connections as a link: a UART, USB serial, or a pty. One client at a time, never closed."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from seal.ports import ConnectionHandler

_PAUSE_SECONDS = 0.2


class StreamLink:
    """`stream` is a non-blocking object with read and write that `select.poll` can wait for."""

    def __init__(self, stream: "Any") -> None:
        self._stream = stream

    async def serve(self, handler: "ConnectionHandler") -> None:
        """Call `handler(reader, writer)` again and again: the wire stays when a client leaves."""
        while True:
            await handler(asyncio.StreamReader(self._stream), asyncio.StreamWriter(self._stream, {}))
            await asyncio.sleep(_PAUSE_SECONDS)
