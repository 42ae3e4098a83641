"""What every RP2040 and RP2350 board brings with its chip. Port Board, once a `board.py` names the rest."""

from machine import ADC, I2C, Pin

from drivers.button import PinButton
from drivers.fitted import fitted
from drivers.mcu_temperature import McuTemperature, rp2_deci_celsius
from drivers.rp2_entropy import Rp2Entropy
from drivers.rtc_clock import RtcClock
from keystore.software import SoftwareKeyStore
from links.console import ConsoleLink
from seal.store import FileStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from drivers.fitted import Wiring
    from links.mqtt import Mqtt
    from seal.ports import Entropy, Link, PeerLink, Uplink


class Rp2Board:
    """`model` and `chip`: names; `randombit`: where the chip has it (see `rp2_entropy`); `wiring`: the board's
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
        self.sensors, self.meter = fitted(bus, wiring.ON_I2C)
        adc = ADC(ADC.CORE_TEMP)
        self.sensors.append(McuTemperature(chip, lambda: rp2_deci_celsius(adc.read_u16())))
        self.command_links: "list[Link]" = [ConsoleLink(self.store)]


class Rp2RadioBoard(Rp2Board):
    """One with Wi-Fi."""

    def uplink(self) -> "Mqtt":  # type: ignore[override]  # the other has none
        """The way to a broker, by Wi-Fi; its code is loaded when the owner has named one."""
        from links.mqtt import Mqtt
        from links.wifi import Wifi

        return Mqtt(Wifi(self.clock))
