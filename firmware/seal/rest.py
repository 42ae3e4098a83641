"""When the device may sleep, and how long it was awake.

Where its owner lets it sleep, the device stays awake for a window (seconds) after boot, after each signed reading,
after a press of the button and after a request, and as long as there is work: an order or a peer's trade in progress, a
version on trial, readings for a broker that answers. Then it sleeps from sample to sample, without radio, until the
next reading is signed, see `sampling`.

A request proves something where only an owner, an issuer or a certified peer can make it. Others' requests keep the
device awake for MOST_WINDOWS windows after it woke, and no longer: a stranger must not empty its battery.
"""

from . import order, rpc
from .compat import const, spend_reserve, ticks_diff, ticks_ms
from .records import ORDER_RECORD, OWNER_AWAKE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .device import Device
    from .ports import Ticks
    from .slots import Slots

TRIES = const(20)
_LEAST_UPTIME_MS = const(60000)  # a peer whose answers take the heap must not have the board start all the time
LEAST_WINDOW = const(5)  # seconds: an owner who turned sleep on must be able to turn it off
MOST_WINDOW = const(3600)
MOST_WINDOWS = const(2)
# A manifest proves something once it is whole: the updater wakes the device then. Anyone who heard its owner sign
# anything can begin with that.
_PROVED = (
    rpc.COMMAND, rpc.UPDATE_WRITE, rpc.UPDATE_COMMIT,
    rpc.PROVE, rpc.OPEN, rpc.BILL, rpc.PAY, rpc.CLOSE,
)  # fmt: skip


class Rest:
    """The device's rest. ticks: the board's millisecond counter. slots: see `seal.slots`, None without a loader."""

    def __init__(self, device: "Device", ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
        self._device = device
        self._ticks = ticks
        self._noted = ticks()
        self._woke = self._from = self._noted  # the end of the last sleep or work, the begin of the window that runs
        self.slots: "Slots | None" = None
        self._lacks = 0
        self.uptime_ms = 0
        self.asleep_ms = 0

    @property
    def window(self) -> int:
        """The owner's window in seconds; 0: the device never sleeps."""
        window: int = self._device.owner_record().get(OWNER_AWAKE, 0)
        return window

    def is_due(self) -> bool:
        """Whether the device may sleep now."""
        self._count()
        window, now = self.window * 1000, self._noted
        if window == 0 or self._has_work():
            self.wake()
            return False
        return bool(ticks_diff(now, self._from) >= window)

    def sleep(self, milliseconds: int) -> bool:
        """Sleep for up to so long; whether a person or a link woke the board."""
        self._count()
        before = self.uptime_ms
        try:
            return self._device.board.sleeper.light(milliseconds)
        finally:
            self._count()
            self.asleep_ms += self.uptime_ms - before
            if self.slots:
                self.slots.feed()

    def wake(self) -> None:
        """Begin a window, after a sleep, work or a proof."""
        self._woke = self._from = self._ticks()

    def extend(self) -> None:
        """Begin the window anew, after a reading that was signed while awake."""
        self._from = self._ticks()

    def heard(self, kind: int, is_accepted: bool) -> None:
        """Begin the window anew, after a request."""
        if is_accepted and kind in _PROVED:
            self.wake()
        elif ticks_diff(self._ticks(), self._woke) < (MOST_WINDOWS - 1) * 1000 * self.window:
            self.extend()

    def _count(self) -> None:
        now = self._ticks()
        self.uptime_ms += ticks_diff(now, self._noted)
        self._noted = now

    def _has_work(self) -> bool:
        device = self._device
        return bool(
            device.seller is not None
            or order.goods(device.journal.get(ORDER_RECORD)) is not None
            or (self.slots and self.slots.on_trial)
            or (device.uplink and device.uplink.has_work())
        )

    def lack_memory(self) -> None:
        """Call after an order's MemoryError. Once it came TRIES times in a row, with the reserve spent, the board
        starts anew: a start puts the heap in order, and the journal has every promise."""
        spend_reserve()
        self._lacks += 1
        if self._lacks >= TRIES and self.slots and self.uptime_ms >= _LEAST_UPTIME_MS:
            self.slots.restart()

    def has_memory(self) -> None:
        """Call after an order's step: it found room."""
        self._lacks = 0
