"""The ESP32 as an emulator: MicroPython's unix port with the board's flash, and models of what its chip's port adds.

    chip         the script that is MicroPython
    interpreter  how it is called, and what it finds
    flash        the flash a new board has: our firmware is on it
    launcher     how it becomes a process
    process      what `python -m sealwright.emulator.esp32.process` runs: one board

The models are in boards/emulated/esp32; the board's README says what all this does not show.
"""

from .launcher import Esp32

__all__ = ["Esp32"]
