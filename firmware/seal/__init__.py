"""Sealwright's device package: identity, signed readings and a purse, on MicroPython and CPython alike.

Nothing in here imports `machine`, `esp32` or `rp2`: what the logic needs of a board is named in `ports`.
"""

__version__ = "0.1.0"
