"""Putting MicroPython on boards: `flash`."""

from .flasher import flash

__all__ = ["flash"]
