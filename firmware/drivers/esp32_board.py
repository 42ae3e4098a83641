"""What every ESP32 board brings with its chip. Port Board, once a `board.py` names the rest."""

import esp
from machine import I2C, Pin

from drivers.button import PinButton
from drivers.esp32_entropy import Esp32Entropy
from drivers.fitted import fitted
from drivers.mcu_temperature import McuTemperature
from drivers.rtc_clock import RtcClock
from keystore.nvs import NvsKeyStore
from links.console import ConsoleLink
from seal.store import FileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from drivers.fitted import Wiring
    from links.mqtt import Mqtt
    from seal.ports import Entropy, Link, PeerLink


class Esp32Board:
    """`model` and `chip`: names; `read_deci_celsius`: the chip's temperature in 0.1 Cel; `wiring`: the board's
    module."""

    peer_link: "PeerLink | None" = None
    console: "Callable[[str], None] | None" = None  # its wire is the command link's

    def __init__(self, model: str, chip: str, read_deci_celsius: "Callable[[], int]", wiring: "Wiring") -> None:
        esp.osdebug(None)  # the drivers' log would go out on the command link's wire
        self.model = model
        self.store = FileStore("/state")
        self.keystore = NvsKeyStore()
        self.clock = RtcClock()
        self.entropy: "Entropy" = Esp32Entropy()
        self.button = PinButton(wiring.BUTTON)
        bus = I2C(wiring.I2C_BUS, sda=Pin(wiring.SDA), scl=Pin(wiring.SCL), freq=100_000)
        self.sensors, self.meter = fitted(bus, wiring.ON_I2C)
        self.sensors.append(McuTemperature(chip, read_deci_celsius))
        self.command_links: "list[Link]" = [ConsoleLink(self.store)]

    def uplink(self) -> "Mqtt":
        """The way to a broker, by Wi-Fi; its code is loaded when the owner has named one."""
        from links.mqtt import Mqtt
        from links.wifi import Wifi

        return Mqtt(Wifi(self.clock))
