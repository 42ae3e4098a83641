"""The parts that all ESP32 boards share. Port Board; a `board.py` gives the rest."""

import esp
from esp32 import Partition
from machine import ADC, I2C, Pin

from drivers.button import PinButton
from drivers.esp32_entropy import Esp32Entropy
from drivers.light_sleep import LightSleep
from drivers.sensors import find_sensors
from drivers.mcu_temperature import McuTemperature
from drivers.rtc_clock import RtcClock
from keystore import sealed
from keystore.finding import find
from links.console import ConsoleLink
from links.esp32_radio import Esp32Radio
from seal.store import FileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from drivers.sensors import Wiring
    from links.mqtt import Mqtt
    from seal.ports import Entropy, Link, PeerLink, Sensor


def _battery(pin: int, times: int, parts: int) -> "Sensor":
    from drivers.battery import Battery

    return Battery(ADC(Pin(pin), atten=ADC.ATTN_11DB).read_uv, times, parts)


def _flash() -> "Partition | None":
    """The partition that the port's _boot.py has mounted on /. Encrypted, it takes no page that is not erased."""
    found = Partition.find(Partition.TYPE_DATA, label="vfs")
    return found[0] if found and not found[0].info()[5] else None


class Esp32Board:
    """`model` and `chip`: names; `read_deci_celsius`: the chip's temperature in 0.1 Cel; `wiring`: the board's
    module."""

    console: "Callable[[str], None] | None" = None  # its wire is the command link's

    def __init__(self, model: str, chip: str, read_deci_celsius: "Callable[[], int]", wiring: "Wiring") -> None:
        esp.osdebug(None)  # the drivers' log would go to the wire of the command link
        self.model = model
        self.store = FileStore("/state", _flash())
        self.clock = RtcClock()
        self.entropy: "Entropy" = Esp32Entropy()
        self.button = PinButton(wiring.BUTTON)
        self.sleeper = LightSleep(self.button)
        bus = I2C(wiring.I2C_BUS, sda=Pin(wiring.SDA), scl=Pin(wiring.SCL), freq=100_000)
        self.keystore = find(bus, wiring, self.store, sealed.find(), self.entropy)
        self.sensors, self.meter = find_sensors(bus, wiring.ON_I2C)
        self.sensors.append(McuTemperature(chip, read_deci_celsius))
        if wiring.BATTERY:
            self.sensors.append(_battery(*wiring.BATTERY))
        self.command_links: "list[Link]" = [ConsoleLink(self.store)]
        self.peer_links: "list[PeerLink]" = []
        self.radio = Esp32Radio()

    def uplink(self) -> "Mqtt":
        """The connection to a broker, over Wi-Fi. Its code is loaded only here, once the owner has set a broker."""
        from links.mqtt import Mqtt
        from links.wifi import Wifi

        return Mqtt(Wifi(self.clock))
