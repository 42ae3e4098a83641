"""Wi-Fi as a station, for boards with a radio: join the owner's network, and take the time from it.

The time comes by NTP, which proves nothing: it is good for reading certificates' dates, and it is the meaning of clock
quality 3. The caller tries again after Unreachable, with a growing pause; the radio's own driver also reconnects.
"""

import asyncio
import time

import network
from seal import notes
from seal.compat import const
from seal.errors import Unreachable
from seal.labels import CLOCK_NETWORK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import Clock

_JOIN_SECONDS = const(20)
_EPOCH_2000 = const(946684800)  # where ESP32's clock begins


class Wifi:
    """clock: port Clock, which says whether the network's time is wanted."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._credentials: "tuple[str, str] | None" = None
        self._wlan = network.WLAN(network.WLAN.IF_STA)

    async def join(self, ssid: str, password: str) -> int | None:
        """Join this network; returns at once if the board is on it. Returns the network's unix time, or None where the
        clock keeps that already or no server answers. Raises Unreachable."""
        credentials = (ssid, password)
        if self._credentials != credentials or not self._wlan.isconnected():
            await self._connect(ssid, password)
            self._credentials = credentials
        return self._time() if self._clock.quality < CLOCK_NETWORK else None

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

    def _time(self) -> int | None:
        import ntptime  # frozen into the images of boards with a radio

        try:
            now = ntptime.time()  # blocks for a second at most
        except OSError as error:
            notes.tell("wifi: no time from the network: %s" % error)
            return None
        return int(now) + (_EPOCH_2000 if time.gmtime(0)[0] == 2000 else 0)
