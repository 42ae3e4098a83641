"""Port Button: a push button between a pin and ground."""

from machine import Pin


class PinButton:
    """On pin `number`, held high by the chip's own pull-up: a missing button reads as not pressed."""

    def __init__(self, number: int) -> None:
        self._pin = Pin(number, Pin.IN, Pin.PULL_UP)

    def pressed(self) -> bool:
        """Whether the button is down."""
        return self._pin.value() == 0
