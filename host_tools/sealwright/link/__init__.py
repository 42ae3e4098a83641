"""Talking to a device over its command link: `connect(url)` gives a `Client`.

URLs: `serial:/dev/ttyACM0`, `tcp:HOST:PORT`, `emulated:NAME` (a running board of the home, see `emulator`),
`mqtts://HOST:PORT/NAME` (a registered device behind a broker, see `broker`).
The frames and requests are those of firmware/schema/rpc.cddl. `relay` serves devices that have only a wire.
Imports `home` and `wire`; nothing of `targets`, `verify` or above.
"""

from .client import Client, connect
from .info import Info

__all__ = ["Client", "Info", "connect"]
