"""The peer links of a board with Wi-Fi, see `seal.peers`: made once the owner has chosen one, and on the network."""

from seal.compat import const
from seal.errors import Unreachable, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import PeerLink

PORT = const(7325)  # "seal" on the keys of a telephone


class Radio:
    """Port Radio."""

    kinds: "tuple[str, ...]" = ("tcp", "udp")

    def host(self) -> "str | None":
        """The board's own address on the network; None where it is on none."""
        return self._place()[0]

    def _place(self) -> "tuple[str | None, str]":
        """(address, mask of the network); (None, "") on no network."""
        import network  # the driver; a board whose owner wants no peers over the air does without

        wlan = network.WLAN(network.WLAN.IF_STA)
        return wlan.ifconfig()[:2] if wlan.isconnected() else (None, "")

    def link(self, kind: str) -> "PeerLink":
        """A new link. Each kind's code is loaded only here. Raises OSError, Unsupported."""
        host, mask = self._place()
        if kind not in ("tcp", "udp"):
            raise Unsupported("this radio has no %s" % kind)
        if host is None:
            raise Unreachable("the board is on no network")
        from .udp_beacon import UdpBeacon, network_of

        beacon = UdpBeacon(host, network_of(host, mask))
        if kind == "tcp":
            from .tcp import TcpLink

            return TcpLink(host, PORT, beacon)
        from .datagram import DatagramLink
        from .udp import UdpPort

        return DatagramLink(UdpPort(host, PORT), beacon)
