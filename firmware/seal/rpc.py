"""Requests and replies over a link, for hosts and peers. This module alone maps exceptions to replies.

A request is a frame [version, id, kind] with one item; its reply has the same id and kind REPLY with the result, or
kind ERROR with [code]. `errors` and `policy` define the codes; INTERNAL is any other exception.
schema/rpc.cddl defines the kinds and their items.
"""

import asyncio

from . import link, notes
from .compat import const, finish, spend_reserve, ticks_add, ticks_diff, ticks_ms, tidy_heap
from .errors import Malformed, NoMemory, SealError, StorageFull, Unreachable, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Coroutine, Generator
    from .ports import ConnectionHandler, Handlers, Item, Link, Reader, Ticks, Writer

    Keep = Callable[[Any, int], None]

REPLY = const(0)
INFO = const(1)
EVIDENCE = const(2)
GRANT = const(3)
COMMAND = const(4)
READINGS = const(5)
CHAIN = const(6)
CHANNELS = const(7)
SELFTEST = const(8)
BENCH = const(9)
UPDATE_LOCK = const(10)
UPDATE_BEGIN = const(11)
UPDATE_WRITE = const(12)
UPDATE_COMMIT = const(13)
REVOKE = const(14)
UPDATE_MANIFEST = const(15)
LEDGER = const(16)
MARKET = const(17)
OWNERS = const(21)
ELEMENT = const(24)

HELLO = const(32)
PROVE = const(33)
OPEN = const(34)
BILL = const(35)
PAY = const(36)
CLOSE = const(37)
TICK = const(39)

ERROR = const(255)
INTERNAL = const(255)

REST_SECONDS = 0.01  # after a step: what came meanwhile is read and answered
REPLY_SECONDS = const(30)  # the slowest engine on the slowest board verifies a chain of four in under 10
MAX_CALL_SECONDS = const(900)  # with signs of life, which a relay sends while a board is slow or busy


class PeerError(SealError):
    """The peer refused with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__("the peer refused with code %d" % code)
        self.code = code


def error_code(error: BaseException) -> int:
    """The numeric code of `error`."""
    if isinstance(error, SealError):
        return error.code
    if isinstance(error, OSError) and error.args and error.args[0] == 28:
        return StorageFull.code
    if isinstance(error, MemoryError):
        return NoMemory.code
    return INTERNAL


def answer(handlers: "Handlers", kind: int, item: "Item") -> "tuple[int, Item]":
    """Run the handler of `kind` on `item`; returns (reply kind, reply item). A handler's exception becomes
    an error reply. A handler in steps runs to its end."""
    try:
        return REPLY, finish(_handler(handlers, kind)(item))
    except Exception as error:
        return _refusal(kind, error)


async def run_steps(steps: "Generator[None, None, Item]", turn: "asyncio.Lock | None") -> "Item":
    """What a handler in steps returns, with a rest after each step: others' requests are answered between them. turn:
    held by the one handler in steps, so that the steps of many connections follow one another."""
    if turn:
        await turn.acquire()
    try:
        while True:
            next(steps)
            await asyncio.sleep(REST_SECONDS)
    except StopIteration as end:
        return end.value
    finally:
        if turn:
            turn.release()


def _handler(handlers: "Handlers", kind: int) -> "Callable[[Item], Item]":
    handler = handlers.get(kind)
    if handler is None:
        raise Unsupported("request kind %d" % kind)
    return handler


def _refusal(kind: int, error: Exception) -> "tuple[int, Item]":
    # the outer boundary: the client gets a code, the console the trace
    if isinstance(error, MemoryError):
        spend_reserve()
    if not isinstance(error, SealError):
        notes.trace("request %d" % kind, error)
    return ERROR, [error_code(error)]


async def serve(
    reader: "Reader",
    writer: "Writer",
    handlers: "Handlers",
    patience: "Callable[[], int] | None" = None,
    heard: "Callable[[int, bool | None], None] | None" = None,
    turn: "asyncio.Lock | None" = None,
) -> None:
    """Answer requests from a stream until it ends. `handlers`: kind -> function(item) -> item. patience: callable ->
    timeout in seconds for the next bytes (raises asyncio.TimeoutError), or None. heard: gets the kind of each request,
    with None before its handler runs, and then whether it was accepted. turn: see `run_steps`."""
    frames = link.FrameReader()
    while True:
        pending_read = reader.read(512)
        data = await (asyncio.wait_for(pending_read, patience()) if patience else pending_read)
        if not data:
            return
        for identifier, kind, item in frames.feed(data):
            if heard:
                heard(kind, None)
            try:  # here and not in a function: a Pico's stack has no room for one more below its deepest handler
                if isinstance(item, MemoryError):
                    raise item
                reply, result = REPLY, _handler(handlers, kind)(item)
                if hasattr(result, "send"):
                    result = await run_steps(result, turn)
            except Exception as error:
                reply, result = _refusal(kind, error)
            if heard:
                heard(kind, reply == REPLY)
            writer.write(_pack(identifier, reply, result))
            await writer.drain()
            result = item = None
            tidy_heap()


def _pack(identifier: int, reply: int, result: "Item") -> bytearray:
    """The frame of a reply; of an error where the heap has no room for it: a client must not wait for nothing."""
    try:
        return link.pack(identifier, reply, result)
    except MemoryError as error:
        notes.trace("reply", error)
        spend_reserve()
        return link.pack(identifier, ERROR, [NoMemory.code])


def keeping(link: "Link", serve: "Callable[..., Coroutine[Any, Any, None]]") -> "ConnectionHandler":
    """`serve(reader, writer, keep)` for each connection of a link; keep: None where the link has no places to keep."""
    keep = getattr(link, "keep", None)
    return lambda reader, writer: serve(reader, writer, keep)


class Client:
    """Sends requests over a stream, one at a time."""

    def __init__(self, reader: "Reader", writer: "Writer", seconds: int = REPLY_SECONDS) -> None:
        self._reader = reader
        self._writer = writer
        self._seconds = seconds
        self._frames = link.FrameReader()
        self._last_id = 0

    async def call(self, kind: int, item: "Item") -> "Item":
        """The result of request `kind`. Raises PeerError with the peer's code, Unreachable, Malformed.

        The timeout is `seconds`, and restarts at each sign of life, a lone delimiter. MAX_CALL_SECONDS is the limit.
        """
        self._last_id += 1
        try:
            self._writer.write(link.pack(self._last_id, kind, item))
            await self._writer.drain()
            reply, result = await asyncio.wait_for(self._reply(), MAX_CALL_SECONDS)
        except asyncio.TimeoutError:
            raise Unreachable("no reply within %d s" % self._seconds)
        except OSError as error:
            raise Unreachable("the link broke: %s" % error)
        if reply == REPLY:
            return result
        if reply != ERROR or not isinstance(result, list) or len(result) != 1 or not isinstance(result[0], int):
            raise Malformed("a reply is neither result nor error")
        raise PeerError(result[0])

    async def _reply(self) -> "tuple[int, Item]":
        deadline = self._deadline()
        while True:
            remaining_ms = ticks_diff(deadline, ticks_ms())
            data = await asyncio.wait_for(self._reader.read(512), max(remaining_ms, 0) / 1000)
            if not data:
                raise Unreachable("the link was closed")
            if not data.strip(b"\x00"):
                deadline = self._deadline()
            for identifier, kind, item in self._frames.feed(data):
                if identifier == self._last_id:
                    if isinstance(item, MemoryError):
                        raise NoMemory("no room for the reply")
                    return kind, item

    def _deadline(self) -> "Ticks":
        return ticks_add(ticks_ms(), self._seconds * 1000)
