"""A home: keys, roots, the register of devices, the ledger and the emulated boards; see `folder`, `register`.

`Home.resolve(text)` is the one answer to which device a text means.
"""

from .entry import DONE, PENDING, RETIRED, Registered
from .folder import DEFAULT, FORMAT, Home, locate
from .passphrase import PASSPHRASE, passphrase_of_environment

__all__ = [
    "DEFAULT",
    "DONE",
    "FORMAT",
    "PASSPHRASE",
    "PENDING",
    "RETIRED",
    "Home",
    "Registered",
    "locate",
    "passphrase_of_environment",
]
