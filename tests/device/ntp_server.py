"""An NTP server on loopback, on both interpreters: it gives the answers of a list, one for each question."""

import asyncio
import os
import socket

TO_1970 = 2_208_988_800


def answer(unix, **changes):
    """question (48 bytes) -> reply with this unix time. changes: bits of the first byte (leap, mode), stratum, seconds
    (NTP's own, 32 bits), stamp, size."""

    def make(question):
        seconds = changes.get("seconds", (unix + TO_1970) & 0xFFFFFFFF).to_bytes(4, "big")
        first = changes.get("leap", 0) << 6 | 4 << 3 | changes.get("mode", 4)
        reply = bytes([first, changes.get("stratum", 2)]) + bytes(22) + changes.get("stamp", question[40:48])
        reply += bytes(8) + seconds + changes.get("fraction", bytes([128, 0, 0, 0]))
        return reply[: changes.get("size", 48)]

    return make


class Server:
    """`answers`: what comes next, each an `answer(...)` or None for silence. `asked`: how many questions came."""

    def __init__(self, answers):
        self.answers, self.asked = list(answers), 0
        self._wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:
            self.port = 20000 + int.from_bytes(os.urandom(2), "big") % 20000
            try:
                self._wire.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
                break
            except OSError:
                continue
        self._wire.setblocking(False)

    async def serve(self):
        while True:
            await asyncio.sleep(0.005)
            try:
                question, place = self._wire.recvfrom(100)
            except OSError:
                continue
            self.asked += 1
            made = self.answers.pop(0) if self.answers else None
            if made is not None:
                self._wire.sendto(made(question), place)

    def run(self, work):
        """The result of the coroutine `work`, while this serves."""

        async def both():
            serving = asyncio.create_task(self.serve())
            try:
                return await work
            finally:
                serving.cancel()

        return asyncio.run(both())

    def close(self):
        self._wire.close()
