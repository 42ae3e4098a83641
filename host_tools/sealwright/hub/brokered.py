"""What comes through a broker: readings as they are handed on, and the devices that may be asked there.

The broker forgets a reading once it is on disk here. A thread listens, since a device that is asked for what is missing
may take half a minute; one that has brought something waits until it was taken. Where the broker is away, the rest of
the hub goes on, and it is tried again and again.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ..errors import Rejected, SealwrightError, Unreachable, Usage
from ..home import Home
from ..link import Client
from ..link.broker import Broker
from ..operate.listening import Listener
from ..operate.logs import Logs
from .gathered import Bounded
from .safe import Log

_LOOK_SECONDS: Final = 0.25
_LEAST_PAUSE: Final = 1.0
_MOST_PAUSE: Final = 30.0


class Brokered:
    """A broker. failed: gets each failure: a device's id or None, a code and a text; in the thread."""

    def __init__(self, home: Home, broker: Broker, failed: Callable[[bytes | None, str, str], None]) -> None:
        self.broker = broker
        self._home, self._failed = home, failed
        self._listener: Listener | None = None
        self._pause = 0.0
        self._changed = threading.Condition()
        self._found: list[bytes] | None = None
        self._ends = False
        self.error: BaseException | None = None
        self.logs: dict[bytes, Log] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def look(self) -> list[bytes]:
        """What came since the last time, in an order that a verifier can follow. Call `settle` once it is on disk.
        Raises what is nobody's fault out there."""
        with self._changed:
            if self.error is not None:
                raise self.error
            return self._found or []

    def settle(self) -> None:
        """What `look` gave is on disk: the broker may forget it."""
        with self._changed:
            self._found = None
            self._changed.notify_all()

    def urls(self) -> dict[str, Log]:
        """The devices that were heard of there, by their URLs."""
        return {self.url(device): log for device, log in dict(self.logs).items()}

    def heard_of(self, device: bytes) -> bool:
        """Whether this device (id) was heard of there."""
        return device in self.logs

    def open(self, url: str) -> Client:
        """The command link of a device. Raises Unreachable."""
        listener = self._listener
        for topic in list(listener.heard) if listener is not None else ():
            if listener is not None and self.url(_device(topic)) == url:
                return listener.client(topic)
        raise Unreachable(f"no device is at {url}")

    def url(self, device: bytes) -> str:
        """The URL of a device (id) at this broker."""
        return f"mqtts://{self.broker.name}/{device.hex()}"

    def close(self) -> None:
        """Leave the broker; it keeps what comes meanwhile."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join(2 * _LOOK_SECONDS)
        self._leave()

    def _run(self) -> None:
        try:
            while not self._ends:
                try:
                    self._listen()
                except (Unreachable, Rejected, Usage) as error:
                    self._fail(error)
        except BaseException as error:  # the main thread's to raise
            self.error = error

    def _listen(self) -> None:
        if self._listener is None:
            note = Bounded(Logs(self._home))
            self._listener = Listener(self._home, self.broker, note, lambda text: self._failed(None, "broker", text))
        listener, forks = self._listener, 0
        while not self._ends:
            found = [raw for _, raw in listener.look(_LOOK_SECONDS)]
            self._pause = 0.0
            for topic in listener.heard:
                self.logs.setdefault(_device(topic), Log())
            for name, fork in listener.forks[forks:]:
                self._failed(fork.device, fork.code, f"{name}: {fork}")
            forks = len(listener.forks)
            if found and not self._hand_over(found):
                return
            listener.settle()
            listener.logs.keep()

    def _hand_over(self, found: list[bytes]) -> bool:
        """Whether it was taken."""
        with self._changed:
            self._found = found
            self._changed.wait_for(lambda: self._found is None or self._ends)
            return self._found is None

    def _fail(self, error: SealwrightError) -> None:
        self._leave()
        if not self._pause:
            self._failed(None, error.code, f"{error}. {error.remedy}")
        self._pause = min(max(2 * self._pause, _LEAST_PAUSE), _MOST_PAUSE)
        with self._changed:
            self._changed.wait_for(lambda: self._ends, self._pause)

    def _leave(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(SealwrightError, OSError):
                listener.close()


def _device(topic: str) -> bytes:
    return bytes.fromhex(topic.rstrip("/").rpartition("/")[2])
