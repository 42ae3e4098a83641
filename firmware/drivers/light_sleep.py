"""Port Sleeper on a microcontroller: `machine.lightsleep`, in naps that the caller repeats.

RAM, `time.ticks_ms` and the clock go on through it. What wakes the board before the nap's end: on the RP2 any interrupt
(USB while a host has it open; its UART has no clock), on the ESP32 nothing. So the button is looked at after each nap,
and must be held down for as long as one. A wireless chip loses its networks in light sleep (ESP-IDF programming guide,
"Sleep Modes"; on the Pico W its bus shares the processor's clock): it is switched off before the first nap.

Limits: a UART's bytes are lost while asleep, and so is the connection of an ESP32's own USB. An ESP32 keeps time by an
oscillator without a crystal then. Type-checked; the radio part has never run on a radio.
"""

import asyncio
import sys

import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from seal.ports import Button


def has_input() -> bool:
    """Whether a stream that the loop waits for is ready."""
    for _ in asyncio.core._io_queue.poller.ipoll(0):  # type: ignore[attr-defined]  # the stubs have no `core`
        return True
    return False


class LightSleep:
    """button: port Button."""

    def __init__(self, button: "Button") -> None:
        self._button = button
        self._silenced: "Any" = None

    def light(self, ms: int) -> bool:
        """Sleep for up to `ms`. Returns whether the button or a link has woken the board."""
        self._silence()
        machine.lightsleep(ms)
        return self._button.pressed() or has_input()

    def rise(self) -> None:
        """Switch the radio on again, if `light` has switched it off. It joins no network: links do."""
        station, self._silenced = self._silenced, None
        if station is not None:
            station.active(True)

    def _silence(self) -> None:
        network = sys.modules.get("network")  # nobody who has not imported it has switched the radio on
        if network is None:
            return
        station = network.WLAN(network.WLAN.IF_STA)
        if station.active():
            station.active(False)
            self._silenced = station
