"""Messages of a stream, as a consumer is given them."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

_SECONDS: Final = 3.0  # without a message
_NO_MORE: Final = ("404", "408", "409")  # what ends a pull
NOBODY: Final = "503"  # nobody answers for the consumer


@dataclass(slots=True)
class Taken:
    """A message of a stream. subject: with the mapping. at: when the servers kept it, unix seconds of their clock."""

    subject: str
    data: bytes
    reply: str
    at: float


@dataclass
class Pull:
    """What questions of one consumer have brought. A server gives what it has of it, and says when that is all; what
    came too late for one question is of the next."""

    inbox: str
    subject: str
    most: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    found: list[Taken] = field(default_factory=list)
    said: str = ""

    async def arrived(self, message: Any) -> None:
        """A message of the stream, or what the server says of the question."""
        status = (message.headers or {}).get("Status")
        if status is None:
            at = int(message.reply.split(".")[7]) / 1e9  # $JS.ACK.STREAM.CONSUMER.TRIES.N.N.TIME.PENDING
            self.found.append(Taken(message.subject, message.data, message.reply, at))
            if len(self.found) >= self.most:  # then the server says nothing more
                self.ended.set()
        elif status in _NO_MORE:
            self.said = str(message.headers.get("Description", ""))
            self.ended.set()
        elif status == NOBODY:
            self.said = NOBODY
            self.ended.set()

    async def ask(self, client: Any, most: int, size: int) -> list[Taken]:
        """What there is now, up to so many messages, and so many bytes unless 0. `ended` is set where a server said
        that this is all."""
        self.ended.clear()
        self.most, self.said = most, ""
        asked = {"batch": most, "no_wait": True, **({"max_bytes": size} if size else {})}
        await client.publish(self.subject, json.dumps(asked).encode(), reply=self.inbox)
        count = -1
        while not self.ended.is_set() and count < len(self.found) < most:
            count = len(self.found)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), _SECONDS)
        found, self.found = self.found, []
        return found
