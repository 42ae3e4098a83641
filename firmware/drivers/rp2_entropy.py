"""Port Entropy on RP2040 and RP2350: the noise of these chips, sampled raw.

Sources, health-tested, of which one must work:

    ring oscillator   RANDOMBIT of the ROSC (RP2040 data sheet section 2.17.5, RP2350's 8.3.8), eight bits a byte. The
                      data sheet promises no quality, and biased bits where the oscillator is slow or the system
                      clock runs from it; MicroPython runs from the crystal.
    adc noise         the lowest bit of the temperature channel, eight conversions a byte. The converter's own noise
                      is about one bit (RP2040 data sheet section 4.9.3).

Extras, mixed in but not counted as entropy: `os.urandom`, which on RP2 is no cryptographic generator, and the jitter
of a loop.

Limits: SRAM's start-up values are gone before Python runs. RP2350's TRNG block is not used.
"""

import os
import time

from machine import ADC, mem32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

RP2040_RANDOMBIT = 0x4006001C
RP2350_RANDOMBIT = 0x400E8020


class RingOscillator:
    """`address` of the chip's RANDOMBIT register."""

    name = "ring oscillator"

    def __init__(self, address: int) -> None:
        self._address = address

    def __call__(self, n: int) -> bytes:
        """`n` bytes. Between two bits pass some microseconds, a hundred turns of the oscillator."""
        address = self._address
        data = bytearray(n)
        for at in range(n):
            byte = 0
            for _ in range(8):
                byte = byte << 1 | mem32[address] & 1
            data[at] = byte
        return bytes(data)


class AdcNoise:
    """The temperature sensor's channel: no pin of the board influences it."""

    name = "adc noise"

    def __init__(self) -> None:
        self._adc = ADC(ADC.CORE_TEMP)

    def __call__(self, n: int) -> bytes:
        """`n` bytes."""
        read = self._adc.read_u16
        data = bytearray(n)
        for at in range(n):
            byte = 0
            for _ in range(8):
                byte = byte << 1 | read() >> 4 & 1  # 12 bits, scaled to 16
            data[at] = byte
        return bytes(data)


def timing_jitter(n: int) -> bytes:
    """`n` bytes of the clock cycle at which a loop comes round: interrupts and the flash cache shift it."""
    data = bytearray(n)
    for at in range(n):
        data[at] = time.ticks_cpu() & 0xFF  # type: ignore[operator]  # a number, which the stubs hide
    return bytes(data)


class Rp2Entropy:
    """`randombit`: the address of the chip's register."""

    def __init__(self, randombit: int) -> None:
        self.sources: "list[Callable[[int], bytes]]" = [RingOscillator(randombit), AdcNoise()]
        self.extras: "list[Callable[[int], bytes]]" = [os.urandom, timing_jitter]
