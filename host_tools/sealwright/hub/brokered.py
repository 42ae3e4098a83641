"""What comes through a broker: readings as they are handed on, and the devices that may be asked there.

The broker forgets a reading once it is on disk here. Where the broker is away, the rest of the hub goes on, and it is
tried again and again.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ..errors import Rejected, SealwrightError, Unreachable
from ..home import Home
from ..link import Client
from ..link.broker import Broker
from ..operate.listening import Listener
from ..operate.logs import Logs
from .gathered import Bounded
from .taking import Log

_LEAST_PAUSE: Final = 2.0
_MOST_PAUSE: Final = 60.0
_AT_ONCE: Final = 2000  # messages of a look


class Brokered:
    """A broker. failed: gets each failure: a device's id or None, a code and a text."""

    def __init__(self, home: Home, broker: Broker, failed: Callable[[bytes | None, str, str], None]) -> None:
        self.broker = broker
        self._home, self._failed = home, failed
        self._listener: Listener | None = None
        self._again, self._pause = 0.0, 0.0
        self._forks = 0
        self.logs: dict[bytes, Log] = {}

    def look(self, seconds: float) -> list[bytes]:
        """What came within some `seconds`, in an order that a verifier can follow. Call `settle` once it is on disk."""
        try:
            listener = self._open()
            if listener is None:
                return []
            found = [raw for _, raw in listener.look(seconds)]
            for topic in listener.heard:
                self.logs.setdefault(_device(topic), Log())
            for name, fork in listener.forks[self._forks :]:
                self._failed(fork.device, fork.code, f"{name}: {fork}")
            self._forks = len(listener.forks)
            return found
        except (Unreachable, Rejected) as error:
            self._leave(error)
            return []

    def settle(self) -> None:
        """What `look` gave is on disk."""
        if self._listener is not None:
            self._listener.settle()
            self._listener.logs.keep()

    def urls(self) -> dict[str, Log]:
        """The devices that were heard of there, by their URLs."""
        heard = () if self._listener is None else self._listener.heard
        return {self.url(_device(topic)): self.logs.setdefault(_device(topic), Log()) for topic in heard}

    def heard_of(self, device: bytes) -> bool:
        """Whether this device (id) was heard of there."""
        return device in self.logs

    def open(self, url: str) -> Client:
        """The command link of a device. Raises Unreachable."""
        listener = self._listener
        for topic in listener.heard if listener is not None else ():
            if listener is not None and self.url(_device(topic)) == url:
                return listener.client(topic)
        raise Unreachable(f"no device is at {url}")

    def close(self) -> None:
        """Leave the broker; it keeps what comes meanwhile."""
        if self._listener is not None:
            with suppress(SealwrightError, OSError):
                self._listener.close()
        self._listener = None

    def url(self, device: bytes) -> str:
        """The URL of a device (id) at this broker."""
        return f"mqtts://{self.broker.name}/{device.hex()}"

    def _open(self) -> Listener | None:
        if self._listener is None and time.monotonic() >= self._again:
            collector = Bounded(Logs(self._home))
            self._listener = Listener(
                self._home, self.broker, collector, lambda text: self._failed(None, "broker", text)
            )
            self._pause, self._forks = 0.0, 0
        return self._listener

    def _leave(self, error: SealwrightError) -> None:
        self.close()
        if not self._pause:
            self._failed(None, error.code, f"{error}. {error.remedy}")
        self._pause = min(max(2 * self._pause, _LEAST_PAUSE), _MOST_PAUSE)
        self._again = time.monotonic() + self._pause


def _device(topic: str) -> bytes:
    return bytes.fromhex(topic.rstrip("/").rpartition("/")[2])
