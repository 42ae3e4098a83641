"""Wi-Fi as a station, for boards with a radio: join the owner's network, and take the time from it.

The time comes by NTP (see `ntp`), which proves nothing: it is good for reading certificates' dates, and it is the
meaning of clock quality 3. A `join` asks for it until there is one, with a growing pause, then once a day. The caller
tries again after Unreachable, with a growing pause; the radio's own driver also reconnects.
"""

import asyncio

import network
from seal.compat import const, ticks_add, ticks_diff, ticks_ms
from seal.errors import Unreachable
from seal.labels import CLOCK_NETWORK

from .ntp import PORT, SERVERS, network_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import Clock
    from typing import Sequence

_JOIN_SECONDS = const(20)
_DAY_MS = const(86_400_000)  # ticks wrap after more than twelve days
_LEAST_PAUSE_MS = const(15_000)
_MOST_PAUSE_MS = const(900_000)


class Wifi:
    """clock: port Clock, which says whether the network's time is wanted. servers: see `ntp`."""

    def __init__(self, clock: "Clock", servers: "Sequence[str]" = SERVERS, port: int = PORT) -> None:
        self._clock = clock
        self._servers = servers, port
        self._pause_ms = _LEAST_PAUSE_MS
        self._asked = ticks_add(ticks_ms(), -_DAY_MS)
        self._credentials: "tuple[str, str] | None" = None
        self._wlan = network.WLAN(network.WLAN.IF_STA)

    async def join(self, ssid: str, password: str) -> int | None:
        """Join this network; returns at once if the board is on it. Returns the network's unix time, or None where the
        clock had one today, it was asked for just before, or no two servers agree. Raises Unreachable."""
        credentials = (ssid, password)
        if self._credentials != credentials or not self._wlan.isconnected():
            await self._connect(ssid, password)
            self._credentials = credentials
        since = ticks_diff(ticks_ms(), self._asked)
        if 0 <= since < (_DAY_MS if self._clock.quality >= CLOCK_NETWORK else self._pause_ms):
            return None
        unix = await network_time(*self._servers)
        self._asked = ticks_ms()
        self._pause_ms = min(2 * self._pause_ms, _MOST_PAUSE_MS)  # servers that are asked too often answer no more
        return unix

    async def _connect(self, ssid: str, password: str) -> None:
        self._credentials = None
        self._wlan.active(True)
        self._wlan.disconnect()
        self._wlan.connect(ssid, password)
        for _ in range(_JOIN_SECONDS * 5):
            await asyncio.sleep(0.2)
            if self._wlan.isconnected():
                return
        raise Unreachable("Wi-Fi %s cannot be joined, status %s" % (ssid, self._wlan.status()))
