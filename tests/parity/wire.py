"""A client of a device's handlers that shows every frame to a witness. Runs on both interpreters."""

import asyncio

from seal import link, rpc

KINDS = ("info", "evidence", "grant", "command", "readings", "chain", "channels", "selftest", "bench")
KINDS += ("update-lock", "update-begin", "update-manifest", "update-write", "update-commit", "revoke", "ledger")
KINDS += ("market", "owners", "element", "hello", "prove", "open", "bill", "pay", "close", "tick")
NAMES = {getattr(rpc, name.upper().replace("-", "_")): name for name in KINDS}


class Halt(Exception):
    """The client was about to make the request it was to stop at."""


class Wire:
    """What rpc.Client is on a stream. handlers: those of a Service or a Seller; stop: kind not to be asked.

    `items` holds the newest item of each kind, asked or not. `witness`, where there is one, is called with the name of
    the kind, the request's frame and the reply's: nothing is kept, for a board's heap is small.
    """

    witness = None

    def __init__(self, handlers, stop=None):
        self.handlers = handlers
        self.items = {}
        self._last = 0
        self._stop = stop

    async def call(self, kind, item):
        """The result. Raises rpc.PeerError, or Halt."""
        self.items[kind] = item
        if kind == self._stop:
            raise Halt()
        self._last += 1
        request = link.pack(self._last, kind, item)
        identifier, kind, item = link.unpack(request[:-1])
        reply = link.pack(identifier, *rpc.answer(self.handlers, kind, item))
        if Wire.witness:
            Wire.witness(NAMES[kind], request, reply)
        _, reply_kind, result = link.unpack(reply[:-1])
        if reply_kind == rpc.ERROR:
            raise rpc.PeerError(result[0])
        return result

    def ask(self, kind, item=None):
        """The result, or the error's code."""
        try:
            return asyncio.run(self.call(kind, item))
        except rpc.PeerError as error:
            return error.code
