"""The parts that all RP2040 and RP2350 boards share. Port Board; a `board.py` gives the rest."""

from machine import ADC, I2C, Pin

from drivers.button import PinButton
from drivers.sensors import find_sensors
from drivers.mcu_temperature import McuTemperature, rp2_deci_celsius
from drivers.rp2_entropy import Rp2Entropy
from drivers.rtc_clock import RtcClock
from keystore.software import SoftwareKeyStore
from links.console import ConsoleLink
from seal.store import FileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from drivers.sensors import Wiring
    from links.mqtt import Mqtt
    from seal.ports import Entropy, Link, PeerLink, Uplink


class Rp2Board:
    """`model` and `chip`: names; `randombit`: the address of that register (see `rp2_entropy`); `wiring`: the board's
    module."""

    peer_link: "PeerLink | None" = None
    uplink: "Callable[[], Uplink] | None" = None
    console: "Callable[[str], None] | None" = None  # its wire is the command link's

    def __init__(self, model: str, chip: str, randombit: int, wiring: "Wiring") -> None:
        self.model = model
        self.store = FileStore("/state")
        self.keystore = SoftwareKeyStore(self.store)
        self.clock = RtcClock()
        self.entropy: "Entropy" = Rp2Entropy(randombit)
        self.button = PinButton(wiring.BUTTON)
        bus = I2C(wiring.I2C_BUS, sda=Pin(wiring.SDA), scl=Pin(wiring.SCL), freq=100_000)
        self.sensors, self.meter = find_sensors(bus, wiring.ON_I2C)
        adc = ADC(ADC.CORE_TEMP)
        self.sensors.append(McuTemperature(chip, lambda: rp2_deci_celsius(adc.read_u16())))
        self.command_links: "list[Link]" = [ConsoleLink(self.store)]


class Rp2RadioBoard(Rp2Board):
    """An RP2 board with Wi-Fi."""

    def uplink(self) -> "Mqtt":  # type: ignore[override]  # None in the base class
        """The connection to a broker, over Wi-Fi. Its code is loaded only here, once the owner has set a broker."""
        from links.mqtt import Mqtt
        from links.wifi import Wifi

        return Mqtt(Wifi(self.clock))
