"""Find a chip that keeps the keys, of those that a board's wiring lists. Loads the driver only where there is one.

A board keeps its keys in the chip once it has made one there, for ever: with the chip gone it is damaged, and never
falls back. A board that has a key in software keeps it there. A blank board takes the chip that answers.
"""

import time

from seal.compat import const
from seal.errors import SealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from keystore.atecc608 import Bus
    from seal.ports import Entropy, KeyStore, Store

    Finder = Callable[[Bus, Store, bool], KeyStore | None]

_ADDRESS = const(0x60)


def atecc608(i2c: "Bus", store: "Store", is_empty: bool) -> "KeyStore | None":
    """A keystore in the ATECC608 on this bus, or None without one. is_empty: no key is kept elsewhere."""
    is_known = store.read("element") is not None  # keystore.element.RECORD
    if not is_known and not (is_empty and _is_awake(i2c)):
        return None
    from keystore.atecc608 import Atecc608
    from keystore.element import ElementKeyStore

    return ElementKeyStore(Atecc608(i2c), store)


def _is_awake(i2c: "Bus") -> bool:
    """Whether a chip answers as only an ATECC608 does when it wakes; see `atecc608` for how."""
    for word in (b"\x01", b""):  # one that was left awake sleeps first
        try:
            i2c.writeto(0, b"\x00")
        except OSError:
            pass  # nobody acknowledges the general call
        time.sleep(0.002)
        try:
            if i2c.readfrom(_ADDRESS, 4) == b"\x04\x113C":
                return True
            i2c.writeto(_ADDRESS, word)
        except OSError:
            pass
    return False


def find(i2c: "Bus", wiring: "Any", store: "Store", otherwise: "KeyStore", entropy: "Entropy") -> "KeyStore":
    """The keystore of the first chip in `wiring.ELEMENTS_ON_I2C` that keeps the keys, or `otherwise`. The chip's
    generator becomes an extra of `entropy`. Wiring without that list: no chip."""
    for finder in getattr(wiring, "ELEMENTS_ON_I2C", ()):
        found = finder(i2c, store, _is_empty(otherwise))
        if found:
            entropy.extras.append(found.random)
            return found
    return otherwise


def _is_empty(keystore: "KeyStore") -> bool:
    try:
        return not keystore.has(0)
    except SealError:
        return False
