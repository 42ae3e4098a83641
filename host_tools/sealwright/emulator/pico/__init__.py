"""The Raspberry Pi Pico as an emulator: a real MicroPython image in rp2040py, an emulated RP2040.

    image    the .uf2 file that becomes the board's first flash
    chip     the RP2040: its run loop in step with our clock, reset, USB console, noise
    flash    its flash memory, kept in a file operation by operation
    bus      I2C0, with the chip models of boards/emulated on it
    process  what `python -m sealwright.emulator.pico.process` runs: one board

rp2040py is an extra, `sealwright[pico]`: only `chip` and `process` import it, and only in the board's own process.
"""

from .launcher import Pico

__all__ = ["Pico"]
