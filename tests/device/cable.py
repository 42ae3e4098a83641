"""A peer link in memory: a buying device's real client at one end, a selling device's real server at the other."""

import asyncio

from seal import rpc
from seal.seller import Seller


class End:
    """One end of a byte stream. `lose` is called for every write; True breaks the connection instead."""

    def __init__(self, lose=lambda data: False):
        self._data = b""
        self._event = asyncio.Event()
        self._lose = lose
        self.closed = False
        self.other = None

    def arrive(self, data):
        self._data += data
        self._event.set()

    async def read(self, count):
        while not self._data and not self.closed:
            await self._event.wait()
            self._event.clear()
        data, self._data = self._data[:count], self._data[count:]
        return data

    def write(self, data):
        if self._lose(data):
            self.close()
        elif not self.closed:
            self.other.arrive(data)

    async def drain(self):
        pass

    def close(self):
        for end in (self, self.other):
            end.closed = True
            end._event.set()


class Cable:
    """Port Link from a buyer to `selling`. lost: kinds of requests whose reply is lost, each once, with the connection.
    tamper: callable(kind, result) -> result."""

    address = "tcp:127.0.0.1:1"

    def __init__(self, selling, lost=(), tamper=lambda kind, result: result):
        self.seller = selling
        self.lost = list(lost)
        self.tamper = tamper
        self.connections = 0

    async def connect(self, address):
        self.connections += 1
        seller, losing = Seller(self.seller), []
        near, far = End(), End(lambda data: bool(losing))
        near.other, far.other = far, near
        handlers = {}
        for kind, handler in seller.handlers().items():
            handlers[kind] = self._handler(kind, handler, losing)

        async def serve():
            await rpc.serve(far, far, handlers)
            seller.release()

        asyncio.create_task(serve())
        return near, near

    def _handler(self, kind, handler, losing):
        def answer(item):
            result = self.tamper(kind, handler(item))
            if kind in self.lost:
                self.lost.remove(kind)
                losing.append(kind)
            return result

        return answer

    async def disconnect(self, writer):
        writer.close()


def until(condition, coroutine, seconds=120):
    """Run `coroutine` (which never ends) until `condition()` holds."""

    async def main():
        task = asyncio.create_task(coroutine)
        for _ in range(seconds * 50):
            if condition() or task.done():
                break
            await asyncio.sleep(0.02)
        assert not task.done(), "it ended by itself"
        task.cancel()
        assert condition(), "it never came to it"

    asyncio.run(main())
