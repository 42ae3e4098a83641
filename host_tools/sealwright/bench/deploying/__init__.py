"""Putting firmware on boards that run MicroPython: `install` over the board's own prompt, then wait for its `hello`."""

from .deploy import HELLO_SECONDS, Installed, hello, install

__all__ = ["HELLO_SECONDS", "Installed", "hello", "install"]
