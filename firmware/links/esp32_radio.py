"""The peer links of an ESP32: those of any board with Wi-Fi, and ESP-NOW."""

from .radio import Radio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import PeerLink


class Esp32Radio(Radio):
    """Port Radio."""

    kinds = ("tcp", "udp", "esp-now")

    def link(self, kind: str) -> "PeerLink":
        """As the base class does. Raises OSError, Unsupported."""
        if kind != "esp-now":
            return super().link(kind)
        from .beacon import PortBeacon
        from .datagram import DatagramLink
        from .esp_now import EspNowPort

        port = EspNowPort()
        return DatagramLink(port, PortBeacon(port))
