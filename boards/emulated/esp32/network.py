"""The module `network` of an emulated board: a radio that can be switched on and receives nothing."""


class WLAN:
    """The one station interface, as there is one radio."""

    IF_STA = 0
    _is_active = False

    def __init__(self, interface: int = IF_STA) -> None:
        if interface != self.IF_STA:
            raise ValueError("this radio is a station only")

    def active(self, is_active: bool | None = None) -> bool:
        """Switch the radio on or off; returns whether it is on."""
        if is_active is not None:
            WLAN._is_active = bool(is_active)
        return WLAN._is_active
