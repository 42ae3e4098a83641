"""The parts that all RP2040 and RP2350 boards share. Port Board; a `board.py` gives the rest."""

import rp2
from machine import ADC, I2C, UART, Pin, unique_id

from drivers.button import PinButton
from drivers.light_sleep import LightSleep
from drivers.sensors import find_sensors
from drivers.mcu_temperature import McuTemperature, rp2_deci_celsius
from drivers.rp2_entropy import Rp2Entropy
from drivers.rtc_clock import RtcClock
from keystore.finding import find
from keystore.software import SoftwareKeyStore
from links.beacon import PortBeacon
from links.console import ConsoleLink
from links.datagram import DatagramLink
from links.uart import UartPort
from seal.compat import const
from seal.store import FileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Protocol

    from drivers.sensors import Wiring as SensorWiring
    from links.mqtt import Mqtt
    from links.radio import Radio
    from seal.ports import Entropy, Link, PeerLink, Sensor, Uplink

    class Wiring(SensorWiring, Protocol):
        """A board's module `wiring`."""

        @property
        def UART(self) -> int: ...

        @property
        def TX(self) -> int: ...

        @property
        def RX(self) -> int: ...

        @property
        def DRIVE(self) -> int | None: ...


_BAUD = const(115200)
_RX_BYTES = const(1024)  # four datagrams: what comes while the board signs
_TX_BYTES = const(512)


def _battery(pin: int, times: int, parts: int) -> "Sensor":
    from drivers.battery import Battery, microvolt_of

    converter = ADC(Pin(pin))
    return Battery(lambda: microvolt_of(converter.read_u16()), times, parts)


class Rp2Board:
    """`model` and `chip`: names; `randombit`: the address of that register (see `rp2_entropy`); `wiring`: the board's
    module."""

    radio: "Radio | None" = None
    uplink: "Callable[[], Uplink] | None" = None
    console: "Callable[[str], None] | None" = None  # its wire is the command link's

    def __init__(self, model: str, chip: str, randombit: int, wiring: "Wiring") -> None:
        self.model = model
        self.store = FileStore("/state", rp2.Flash())
        self.clock = RtcClock()
        self.entropy: "Entropy" = Rp2Entropy(randombit)
        self.button = PinButton(wiring.BUTTON)
        self.sleeper = LightSleep(self.button)
        bus = I2C(wiring.I2C_BUS, sda=Pin(wiring.SDA), scl=Pin(wiring.SCL), freq=100_000)
        self.keystore = find(bus, wiring, self.store, SoftwareKeyStore(self.store), self.entropy)
        self.sensors, self.meter = find_sensors(bus, wiring.ON_I2C)
        adc = ADC(ADC.CORE_TEMP)
        self.sensors.append(McuTemperature(chip, lambda: rp2_deci_celsius(adc.read_u16())))
        if wiring.BATTERY:
            self.sensors.append(_battery(*wiring.BATTERY))
        rx = Pin(wiring.RX, Pin.IN, Pin.PULL_UP)  # a wire that ends nowhere makes no noise
        wire = UART(wiring.UART, tx=Pin(wiring.TX), rx=rx, baudrate=_BAUD, timeout=0, rxbuf=_RX_BYTES, txbuf=_TX_BYTES)
        self.command_links: "list[Link]" = [ConsoleLink(self.store)]
        if wiring.DRIVE is None:
            port = UartPort(wire, str(wiring.UART))
            self.command_links.append(port.commands)
            beacon = PortBeacon(port, is_wire=True)
        else:
            from links.bus import BusPort

            port = BusPort(wire, unique_id(), Pin(wiring.DRIVE, Pin.OUT, value=0))
            beacon = PortBeacon(port)
        self.peer_links: "list[PeerLink]" = [DatagramLink(port, beacon)]


class Rp2RadioBoard(Rp2Board):
    """An RP2 board with Wi-Fi."""

    def __init__(self, model: str, chip: str, randombit: int, wiring: "Wiring") -> None:
        super().__init__(model, chip, randombit, wiring)
        from links.radio import Radio

        self.radio = Radio()

    def uplink(self) -> "Mqtt":  # type: ignore[override]  # None in the base class
        """The connection to a broker, over Wi-Fi. Its code is loaded only here, once the owner has set a broker."""
        from links.mqtt import Mqtt
        from links.wifi import Wifi

        return Mqtt(Wifi(self.clock))
