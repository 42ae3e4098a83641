"""Byte streams to a device: TCP and serial ports, behind one small interface.

A pty counts as a serial port. DTR and RTS are both asserted, as the operating system does on opening: an ESP32's board
takes one without the other for reset or boot mode and both for nothing, and an RP2's USB console takes a low DTR for
nobody listening and drops what does not fit its buffer.
"""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import serial

from ..errors import Unreachable, Usage, cause_of

CONNECT_SECONDS = 5.0
BAUD = 115200

# What pyserial raises for a port that is pulled: its SerialException is an OSError; TypeError while it reads
PORT_ERRORS: tuple[type[Exception], ...] = (OSError, TypeError)
with suppress(ImportError):  # Windows has none
    import termios

    PORT_ERRORS += (termios.error,)  # which is no OSError; pyserial lets it through when it sets or empties a port
_UNOPENED: tuple[type[Exception], ...] = (*PORT_ERRORS, ValueError)


class Transport(Protocol):
    """An open byte stream."""

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting up to `seconds`; empty on a time-out. Raises Unreachable when it is gone."""

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises Unreachable."""

    def close(self) -> None:
        """Close it; again does nothing."""


class TcpTransport:
    """A TCP connection."""

    def __init__(self, host: str, port: int) -> None:
        try:
            self._socket = socket.create_connection((host, port), CONNECT_SECONDS)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA does not allow
            why = cause_of(error)
            reason = f"nothing answers at tcp:{host}:{port}: {why}"
            raise Unreachable(reason, remedy="Check that the device runs and the address is right.") from error

    def read(self, seconds: float) -> bytes:
        self._socket.settimeout(max(seconds, 0.001))
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return b""
        except OSError as error:
            raise Unreachable(f"the connection broke: {cause_of(error)}") from error
        if not data:
            raise Unreachable("the device closed the connection")
        return data

    def write(self, data: bytes) -> None:
        try:
            self._socket.settimeout(CONNECT_SECONDS)
            self._socket.sendall(data)
        except OSError as error:
            raise Unreachable(f"the connection broke: {cause_of(error)}") from error

    def close(self) -> None:
        self._socket.close()


class SerialTransport:
    """A serial port or a pty."""

    def __init__(self, path: str) -> None:
        try:
            port = serial.Serial()
            port.port = path
            port.baudrate = BAUD
            port.dtr = port.rts = True
            port.exclusive = True
            port.open()
        except _UNOPENED as error:
            raise unopened(f"serial:{path}", error) from error
        self._port = port

    def read(self, seconds: float) -> bytes:
        try:
            self._port.timeout = max(seconds, 0.001)
            first = self._port.read(1)
            return bytes(first + self._port.read(self._port.in_waiting)) if first else b""
        except PORT_ERRORS as error:
            raise Unreachable("the serial port is gone: it was unplugged, or another program took it") from error

    def write(self, data: bytes) -> None:
        try:
            self._port.write_timeout = CONNECT_SECONDS
            self._port.write(data)
        except PORT_ERRORS as error:
            raise Unreachable("the serial port is gone: it was unplugged, or another program took it") from error

    def close(self) -> None:
        self._port.close()


def unopened(url: str, error: Exception) -> Unreachable:
    """The error for a URL that does not open. pyserial tells some causes as text only, so the port itself is asked."""
    scheme, path = split_url(url)
    if scheme == "tcp":
        return Unreachable(f"nothing answers at {url}", remedy="Check that the device runs and the address is right.")
    listed = "Check the cable and the name; `sealwright devices` lists the ports there are."
    if not Path(path).exists():
        return Unreachable(f"there is no {path}", remedy=listed)
    if not _is_terminal(path):
        return Unreachable(f"{path} is no serial port", remedy=listed)
    if _is_held(path):
        return _busy(path)
    remedy = "Your user may not use it: it needs a group such as dialout or uucp."
    return Unreachable(f"cannot open {path}: {cause_of(error)}", remedy=remedy)


def check_free(path: str) -> None:
    """Raise Unreachable where another program has a serial port for itself alone."""
    if _is_held(path):
        raise _busy(path)


def _busy(path: str) -> Unreachable:
    remedy = "Close what holds it: a serial monitor, an IDE, another Sealwright."
    return Unreachable(f"another program holds {path}", remedy=remedy, code="port_busy")


def _is_held(path: str) -> bool:
    """Whether another program has the port for itself alone, as pyserial, mpremote and esptool do."""
    try:
        serial.Serial(path, exclusive=True).close()
    except PORT_ERRORS as error:
        return getattr(error, "errno", None) in (errno.EAGAIN, errno.EBUSY) or "exclusively lock" in str(error)
    return False


def _is_terminal(path: str) -> bool:
    """Whether it is one, as far as this user can see: what may not be opened counts as one."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except IsADirectoryError:
        return False
    except OSError:
        return True
    try:
        return os.isatty(handle)
    finally:
        os.close(handle)


def open_url(url: str) -> Transport:
    """Open a `serial:` or `tcp:` URL. Raises Usage for another, Unreachable."""
    scheme, address = split_url(url)
    if scheme == "serial":
        return SerialTransport(address)
    host, _, port = address.rpartition(":")
    return TcpTransport(host.strip("[]"), int(port))


def split_url(url: str) -> tuple[str, str]:
    """("serial", PATH) or ("tcp", "HOST:PORT"). Raises Usage for anything else."""
    scheme, _, rest = url.partition(":")
    host, _, port = rest.rpartition(":")
    if (scheme == "serial" and rest) or (scheme == "tcp" and host and port.isdigit() and 0 < int(port) < 65536):
        return scheme, rest
    remedy = "Device URLs are serial:/dev/ttyACM0, tcp:HOST:PORT, emulated:NAME or mqtts://HOST:PORT/NAME."
    raise Usage(f"{url!r} is no device URL", remedy=remedy, code="bad_url")
