"""Microchip's own library, cryptoauthlib, driving an emulated ATECC608: the library's HAL for I2C is replaced by one
of Python functions on an emulated bus. Everything above it is the library's own: packets, CRC, wake, polls, addresses.

The wheel is built without its "custom" interface, so the functions replace those of its I2C HAL, by the library's own
`hal_iface_register_hal`.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cryptoauthlib as lib
from cryptoauthlib import library

ADDRESS = 0x60

_SUCCESS, _NO_RESPONSE, _UNIMPLEMENTED = 0, 0xE7, 0xF5
_I2C = 0  # ATCA_I2C_IFACE
_SELECT = 4  # from here on: select, deselect, change the baud rate; those before are wake, idle and sleep
_POINTER = ctypes.c_void_p
_BYTES = ctypes.POINTER(ctypes.c_uint8)
_ONE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER)
_TWO = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER)
_SEND = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_uint8, _BYTES, ctypes.c_int)
_RECEIVE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_uint8, _BYTES, ctypes.POINTER(ctypes.c_uint16))
_CONTROL = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_uint8, _POINTER, ctypes.c_size_t)


class _Table(ctypes.Structure):
    """ATCAHAL_t of atca_hal.h."""

    _fields_ = [
        ("halinit", _TWO),
        ("halpostinit", _ONE),
        ("halsend", _SEND),
        ("halreceive", _RECEIVE),
        ("halcontrol", _CONTROL),
        ("halrelease", _ONE),
    ]


def _address(iface: int) -> int:
    """The chip's address in the configuration of an interface: 0, the general call, while the library wakes the chip.
    `iface` points at a pointer to an ATCAIfaceCfg, whose ninth byte it is."""
    configuration = ctypes.cast(iface, ctypes.POINTER(_POINTER))[0]
    assert configuration is not None
    return ctypes.cast(configuration, _BYTES)[8] >> 1


class Time:
    """The chip's milliseconds: `step` at each look, so that nobody waits long for a chip that is busy."""

    def __init__(self, step: int = 20) -> None:
        self.now, self.step = 0, step

    def __call__(self) -> int:
        self.now += self.step
        return self.now


class _Hal:
    """The library's way to `bus`. Its addresses have eight bits."""

    def __init__(self, bus: Any) -> None:
        self._bus = bus
        self.table = _Table(
            _TWO(lambda *_: _SUCCESS),
            _ONE(lambda _: _SUCCESS),
            _SEND(self._send),
            _RECEIVE(self._receive),
            _CONTROL(lambda iface, option, *_: _SUCCESS if option >= _SELECT else _UNIMPLEMENTED),
            _ONE(lambda _: _SUCCESS),
        )

    def _send(self, iface: int, word: int, data: Any, length: int) -> int:
        sent = bytes((word,)) + (bytes(data[:length]) if length else b"")
        return self._try(lambda: self._bus.writeto(_address(iface), sent))

    def _receive(self, iface: int, address: int, data: Any, length: Any) -> int:
        def receive() -> None:
            for at, byte in enumerate(self._bus.readfrom(address >> 1, length[0])):
                data[at] = byte

        return self._try(receive)

    def _try(self, act: Callable[[], object]) -> int:
        try:
            act()
        except OSError:
            return _NO_RESPONSE
        return _SUCCESS


@contextmanager
def driving(bus: Any) -> Iterator[Any]:
    """The library, initialised on this bus."""
    hal = _Hal(bus)
    lib.load_cryptoauthlib()
    loaded = library.get_cryptoauthlib()
    configuration = lib.cfg_ateccx08a_i2c_default()
    assert loaded.hal_iface_register_hal(_I2C, ctypes.byref(hal.table), None, None, None) == 0
    configuration.devtype = 3  # ATECC608
    configuration.cfg.atcai2c.address = ADDRESS << 1
    configuration.cfg.atcai2c.baud = 100_000
    status = lib.atcab_init(configuration)
    assert status == _SUCCESS, status
    try:
        yield lib
    finally:
        lib.atcab_release()
