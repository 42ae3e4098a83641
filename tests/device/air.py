"""Datagrams between links in memory, with loss, duplicates and delay from a seed.

What was sent is counted and not kept: a list grows by doubling, a busy machine sends more again, and MicroPython's heap
may have no piece of 8 KB left.
"""

import asyncio
import random


class Air:
    """Between any number of ports: in a hundred datagrams so many are `lost`, `doubled` and `late`. `sent` counts them
    by kind, the first byte; `loses`, where there is one, is asked of each whether it is lost."""

    loses = None

    def __init__(self, seed, lost=0, doubled=0, late=0):
        self.random = random
        random.seed(seed)
        self.lost, self.doubled, self.late = lost, doubled, late
        self.ports = {}
        self.sent = {}

    def _chance(self, percent):
        return random.getrandbits(16) % 100 < percent

    def carry(self, sender, place, data):
        self.sent[data[0]] = self.sent.get(data[0], 0) + 1
        if self.loses and self.loses(data):
            return
        if not self._chance(self.lost):
            self._arrive(sender, place, data)
        if self._chance(self.doubled):
            self._arrive(sender, place, data)

    def _arrive(self, sender, place, data):
        if place in self.ports:
            wait = 0.001 + (random.getrandbits(16) % 30) / 1000 if self._chance(self.late) else 0
            asyncio.create_task(self._put(self.ports[place], sender, data, wait))

    async def _put(self, port, sender, data, wait):
        await asyncio.sleep(wait)
        port.waiting.append((sender, data))
        port.event.set()


class Port:
    """A datagram port in the air."""

    wait_ms = 4

    def __init__(self, air, name, size=64):
        self.address, self.size = "air:" + name, size
        self.air, self.waiting, self.event = air, [], asyncio.Event()
        air.ports[self.address] = self

    def place(self, address):
        return address

    def send(self, place, data):
        assert len(data) <= self.size
        self.air.carry(self.address, place, bytes(data))

    async def receive(self):
        while not self.waiting:
            self.event.clear()
            await self.event.wait()
        return self.waiting.pop(0)
