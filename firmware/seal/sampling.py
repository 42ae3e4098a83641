"""Samples the sensors at the owner's interval, signs readings of one sample or several, and sleeps in between.

A device that sleeps answers nobody: its loop stands still but for samples and looks at the meter.
"""

import asyncio

from . import compat, notes, rpc
from .device import DEFAULT_INTERVAL, PROVISIONED
from .records import OWNER_BATCH, OWNER_INTERVAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .device import Device
    from .ports import Ticks

METER_MS = 60_000  # a meter sums what it sees: of a longer time without a look it could count nothing, or a guess
NAP_MS = 1000  # at a time: a watchdog must be fed, and a button seen
_PASS_SECONDS = 0.2  # short: a command may change the interval


class Sampler:
    """Takes a device's samples. meter_ms: look at the meter at least so often. ticks: the board's millisecond
    counter."""

    def __init__(
        self, device: "Device", meter_ms: int = METER_MS, ticks: "Callable[[], Ticks]" = compat.ticks_ms
    ) -> None:
        self._device = device
        self._meter_ms = meter_ms
        self._ticks = ticks
        self._sampled: "Ticks | None" = None
        self._metered: "Ticks | None" = None

    async def run(self) -> None:
        """Sample and sleep while provisioned, on a board that has sensors; for ever."""
        while True:
            await asyncio.sleep(_PASS_SECONDS)
            self.step()

    def step(self) -> None:
        """One pass: sample if it is time, and sleep if nothing else is to be done."""
        device = self._device
        is_due = device.rest.is_due()
        if device.state != PROVISIONED or not device.board.sensors:
            return
        if self._look():
            device.rest.extend()
        elif is_due:
            self._sleep()

    def _sleep(self) -> None:
        """Sleep until a reading is signed, or somebody wakes the board. The window begins then."""
        device = self._device
        try:
            while not device.rest.sleep(min(NAP_MS, self._due_in())) and not self._look():
                pass
        except Exception as error:
            # a board that cannot sleep still measures
            notes.trace("sleeping", error)
        device.board.sleeper.rise()
        device.rest.wake()
        if device.uplink:
            device.uplink.rouse()

    def _interval_ms(self) -> int:
        return int(self._device.owner_record().get(OWNER_INTERVAL, DEFAULT_INTERVAL) * 1000)

    def _due_in(self) -> int:
        """Milliseconds until the next sample or look at the meter, at least 1."""
        now = self._ticks()
        left = self._interval_ms() - compat.ticks_diff(now, self._sampled)
        if self._device.board.meter:
            left = min(left, self._meter_ms - compat.ticks_diff(now, self._metered))
        return max(1, left)

    def _look(self) -> bool:
        """Take a sample or look at the meter if it is time. Returns whether a reading was signed."""
        now = self._ticks()
        if self._sampled is not None and compat.ticks_diff(now, self._sampled) < self._interval_ms():
            if compat.ticks_diff(now, self._metered) >= self._meter_ms:
                self._metered = now
                self._device.batch.grow_older()
                self._look_at_meter()
            return False
        self._sampled = self._metered = now
        device = self._device
        try:
            is_signed = self._sample()
            device.sensor_fault = device.missing
            compat.tidy_heap()
            return is_signed
        except Exception as error:
            # a full flash or a broken sensor delays readings; it must not stop a machine that sells power
            device.sensor_fault = rpc.error_code(error)
            notes.trace("sampling", error)
            return False

    def _sample(self) -> bool:
        """Measure; sign a reading once the owner's number of samples is there, or no more would fit it."""
        device = self._device
        quantities = device.measure(with_gaps=True)
        waiting = device.batch
        if len(waiting) + 1 < device.owner_record().get(OWNER_BATCH, 1) and waiting.has_room(quantities):
            waiting.add(quantities)
            return False
        try:
            device.append(quantities)
        except Exception:
            if waiting:
                waiting.add(quantities)
            raise
        return True

    def _look_at_meter(self) -> None:
        try:
            if self._device.board.meter:
                self._device.board.meter.read()
        except Exception as error:
            # the next reading reports the cause
            notes.trace("metering", error)
