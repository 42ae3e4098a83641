"""The unix port as a board: a real MicroPython process with its own flash image, wires and sensors.

`hardware.json` in the process's folder lists the hardware: {"command": [host, port], "peer": [host, port], "series":
[file, ...]}. The peer link is TCP, or with "peer_link": "udp" or "uart" another; a UART is the tty at the path "uart";
with a null peer the board reaches others by its wires alone. With "element": "atecc608" that chip is on the bus (see
`emulated.atecc608`). With "market" it announces and hears offers on the loopback net. The flash is mounted at /flash
(see `emulated.power_on`). A pty, where there is one, comes as the file descriptor in SEALWRIGHT_PTY, the UART in
SEALWRIGHT_UART. While a file `button` is in the folder, the button is down; a file `clock` has seconds to add to the
operating system's clock.

Custody is open: a process that can read the folder can read the key.
"""

import asyncio
import json
import os
import time

import wiring
from emulated import flash
from keystore.finding import find
from keystore.software import SoftwareKeyStore
from links.stream import StreamLink
from links.tcp import TcpLink
from seal.labels import CLOCK_NETWORK
from seal.store import FileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from links.mqtt import Mqtt
    from seal.ports import Beacon, Board, Link, PeerLink

_FLASH = "/flash"


class SystemClock:
    """The operating system's clock, which keeps network time. A process cannot set it: the owner's time is kept beside
    it, until this process ends. A file `clock` puts it wrong, as somebody who forges the network's time would."""

    def __init__(self) -> None:
        self.quality = CLOCK_NETWORK
        self._ahead = 0  # seconds

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time()) + self._ahead + _seconds_wrong()

    def set(self, unix: int, quality: int) -> None:
        """Set this clock, whatever it was."""
        self._ahead = unix - int(time.time()) - _seconds_wrong()
        self.quality = quality


def _seconds_wrong() -> int:
    try:
        with open("clock") as file:
            return int(file.read())
    except OSError:
        return 0


class SystemEntropy:
    """The operating system's generator, pooled and health-tested before use like any source."""

    def __init__(self) -> None:
        self.sources: "list[Callable[[int], bytes]]" = [os.urandom]
        self.extras: "list[Callable[[int], bytes]]" = []


class FileButton:
    """Down while the file `button` exists."""

    def pressed(self) -> bool:
        return "button" in os.listdir()


class PollSleeper:
    """Port Sleeper: the process waits in the kernel until a stream that its loop waits for is ready."""

    def __init__(self, button: FileButton) -> None:
        self._button = button

    def light(self, ms: int) -> bool:
        """Sleep for up to `ms`. Returns whether the button or a link has woken the board."""
        for _ in asyncio.core._io_queue.poller.ipoll(ms):  # type: ignore[attr-defined]  # the stubs have no `core`
            return True
        return self._button.pressed()

    def rise(self) -> None:
        """Nothing was switched off."""


class UnixBoard:
    """Port Board."""

    model = "emulated-unix"
    radio = None

    def __init__(self, hardware: "dict[str, Any]") -> None:
        self.store = FileStore(_FLASH, flash.mounted.get(_FLASH))
        self.clock = SystemClock()
        self.entropy = SystemEntropy()
        self.button = FileButton()
        self.sleeper = PollSleeper(self.button)
        bus = wiring.make_bus(hardware.get("element"))
        self.keystore = find(bus, wiring, self.store, SoftwareKeyStore(self.store), self.entropy)
        self.console = print
        self.sensors, self.meter = wiring.connect(bus, hardware["series"])
        self.command_links: "list[Link]" = [TcpLink(*hardware["command"])]
        wire = os.getenv("SEALWRIGHT_PTY")
        if wire:
            self.command_links.append(StreamLink(open(int(wire), "r+b")))
        self.peer_links = self._peer_links(hardware)

    def _peer_links(self, hardware: "dict[str, Any]") -> "list[PeerLink]":
        kind = hardware.get("peer_link", "tcp")
        if kind == "tcp":
            if not hardware["peer"]:
                return []
            host, port = hardware["peer"]
            return [TcpLink(host, port, _beacon(hardware))]
        from links.datagram import DatagramLink

        if kind == "udp":
            from links.udp import UdpPort

            return [DatagramLink(UdpPort(*hardware["peer"]), _beacon(hardware))]
        from links.beacon import PortBeacon
        from links.uart import UartPort

        wire = UartPort(open(int(os.getenv("SEALWRIGHT_UART") or ""), "r+b"), "wire")
        self.command_links.append(wire.commands)
        return [DatagramLink(wire, PortBeacon(wire, is_wire=True))]

    def uplink(self) -> "Mqtt":
        """The connection to a broker. TLS and MQTT are loaded only here, once the owner has set a broker."""
        from links.mqtt import Mqtt

        return Mqtt()


def _beacon(hardware: "dict[str, Any]") -> "Beacon | None":
    """What carries offers on the loopback net, where the hardware has it."""
    if not hardware.get("market"):
        return None
    from links.udp_beacon import UdpBeacon

    return UdpBeacon(hardware["peer"][0], "127.255.255.255")


def make() -> "Board":
    """The board of the folder this process runs in. Raises OSError, ValueError."""
    with open("hardware.json") as file:
        return UnixBoard(json.load(file))
