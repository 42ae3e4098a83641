"""The module `network` of an emulated board: one station, whose air is the host's loopback.

`hardware.json` in the folder SEALWRIGHT_FOLDER gives the board an address of 127.0.0.0/8 ("ip"), and may name the one
Wi-Fi in range ("wifi": [ssid, password]); without that every Wi-Fi is. A board without an address has a radio that
receives nothing.
"""

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FOLDER = os.getenv("SEALWRIGHT_FOLDER") or ""
STAT_IDLE = 1000
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202


def _hardware(folder: str = _FOLDER) -> "dict[str, Any]":
    with open(folder + "hardware.json") as file:
        return dict(json.load(file))


class WLAN:
    """The one station interface, as there is one radio."""

    IF_STA = 0
    _is_active = False
    _status = STAT_IDLE
    _channel = 1

    def __init__(self, interface: int = IF_STA) -> None:
        if interface != self.IF_STA:
            raise ValueError("this radio is a station only")

    def active(self, is_active: bool | None = None) -> bool:
        """Switch the radio on or off; returns whether it is on."""
        if is_active is not None:
            WLAN._is_active = bool(is_active)
            if not is_active:
                WLAN._status = STAT_IDLE
        return WLAN._is_active

    def connect(self, ssid: str, key: str) -> None:
        """Join a Wi-Fi; `status` tells how that went."""
        if not WLAN._is_active:
            raise OSError("Wifi Not Started")
        hardware = _hardware()
        network, password = hardware.get("wifi", [ssid, key])
        if "ip" not in hardware or ssid != network:
            WLAN._status = STAT_NO_AP_FOUND
        else:
            WLAN._status = STAT_GOT_IP if key == password else STAT_WRONG_PASSWORD

    def disconnect(self) -> None:
        """Leave the Wi-Fi."""
        WLAN._status = STAT_IDLE

    def isconnected(self) -> bool:
        """Whether the board has an address."""
        return WLAN._status == STAT_GOT_IP

    def status(self) -> int:
        """One of the STAT_ numbers."""
        return WLAN._status

    def ifconfig(self) -> tuple[str, str, str, str]:
        """(address, netmask, gateway, DNS server)."""
        address = _hardware()["ip"] if self.isconnected() else "0.0.0.0"
        return address, "255.0.0.0", "127.0.0.1", "127.0.0.1"

    def config(self, name: str = "", **values: int) -> "bytes | int | None":
        """The station's "mac" or "channel"; channel=N sets the latter."""
        if "channel" in values:
            WLAN._channel = values["channel"]
            return None
        if name == "channel":
            return WLAN._channel
        if name == "mac":
            return mac(_hardware().get("ip", "127.0.0.1"))
        raise ValueError("unknown config param")


def mac(ip: str) -> bytes:
    """The MAC address of the board with this address: locally administered, and the address in its last four bytes."""
    return b"\x02\x00" + bytes(int(part) for part in ip.split("."))


def others() -> list[bytes]:
    """The MAC addresses of the boards in the folders beside this one's."""
    own, found = _hardware().get("ip"), []
    for name in os.listdir(_FOLDER + ".."):
        try:
            ip = _hardware("%s../%s/" % (_FOLDER, name)).get("ip", own)
        except (OSError, ValueError):
            continue  # no board, or one that is being made
        if ip != own:
            found.append(mac(ip))
    return found
