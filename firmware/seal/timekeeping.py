"""The clock: which times a device believes.

The owner and the issuer are believed: their time is a new base. A network's time proves nothing, so it must be near the
last trusted time: within MAX_STEP of a clock that runs, and after a reset not before the last trusted time and at most
MAX_ABSENCE after it. All the network's steps together may move a running clock by no more than MAX_STEP from where it
would be by itself, so that many small steps lead no further than one; and by one hundredth of the time that the device
slept, as chips keep time asleep by an oscillator without a crystal. Any other time is refused and reported
(`clock_fault` in info), and the owner can set a new base.

The last trusted time is on flash: that of the record `clock`, or of a reading signed since with a clock that was set.
"""

from . import labels, notes
from .compat import const
from .errors import Expired, Malformed, NotYetValid
from .records import CLOCK_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device

MIN_TIME = const(1_767_225_600)  # 2026-01-01: no firmware is older
MAX_TIME = const(4_102_444_800)  # 2100-01-01
MAX_STEP = const(3600)
_ASLEEP = const(100)  # a clock is off by one second at most in so many asleep
MAX_ABSENCE = 366 * 86400
_KEEP_EVERY = const(86400)  # seconds: spares the flash of a board without sensors


def check_range(unix: int) -> None:
    """Raise Malformed for a time that no clock here can have."""
    if not MIN_TIME <= unix < MAX_TIME:
        raise Malformed("the clock is set to unix seconds of the years 2026 to 2099")


class Timekeeper:
    """The times that a provisioned device has been given. fault: error code of a refused network time, or None."""

    fault: int | None

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._moved = 0  # seconds by which networks have moved the running clock
        self._slept_ms = 0  # of the device's rest, when its clock was last given a new base
        self.fault = None

    def rebase(self, unix: int) -> None:
        """Set the clock to the owner's time, whatever it was."""
        self._keep(unix)
        self._device.board.clock.set(unix, labels.CLOCK_HOST)
        self._moved, self.fault = 0, None
        self._slept_ms = self._device.rest.asleep_ms

    def trusted(self) -> int | None:
        """The last trusted time before this reset, or None."""
        device = self._device
        unix, seq = device.journal.get(CLOCK_RECORD, (None, 0))
        last = device.log.last_message()
        if last is None:
            return unix
        claims = last.header[labels.CWT_CLAIMS]
        was_set = claims[labels.CLOCK_QUALITY] >= labels.CLOCK_HOST
        return claims[labels.IAT] if was_set and claims[labels.SEQ] > seq else unix

    def take_network_time(self, unix: int) -> bool:
        """Set the clock to a network's time if it is near the last trusted one. Returns whether it is."""
        self.fault = self._distance(unix)
        if self.fault is not None:
            notes.tell("clock: the network's time %d is refused" % unix)
            return False
        now = self._device.now()
        self._moved += 0 if now is None else unix - now
        kept = self._device.journal.get(CLOCK_RECORD)
        if kept is None or unix - kept[0] > _KEEP_EVERY:
            self._keep(unix)
        self._device.board.clock.set(unix, labels.CLOCK_NETWORK)
        return True

    def _distance(self, unix: int) -> int | None:
        """The error code for a time that is too early or too late, or None."""
        step = MAX_STEP + (self._device.rest.asleep_ms - self._slept_ms) // (_ASLEEP * 1000)
        now, before, after = self._device.now(), step + self._moved, step - self._moved
        if now is None:
            now, before, after = self.trusted(), 0, MAX_ABSENCE
        if unix < MIN_TIME or (now is not None and unix < now - before):
            return Expired.code
        if unix >= MAX_TIME or (now is not None and unix > now + after):
            return NotYetValid.code
        return None

    def _keep(self, unix: int) -> None:
        self._device.journal.put(CLOCK_RECORD, [unix, self._device.log.seq])
