"""Emulated boards: real MicroPython processes with their own flash image, wires and sensors.

    board = create(home, "unix", "station", ["bme280"])
    board.start()
    client = connect(board.url)

A board is a folder of the home. Its process is its own: it goes on when the program that started it ends.
Imports `link`, `targets`, `home` and `wire`; nothing of `verify`, `ledger`, `operate` or above.
"""

from .board import EmulatedBoard, start_all, with_this_process
from .kinds import kinds
from .shelf import boards, create, find, reach, resolve, running

__all__ = [
    "EmulatedBoard",
    "boards",
    "create",
    "find",
    "kinds",
    "reach",
    "resolve",
    "running",
    "start_all",
    "with_this_process",
]
