"""A home: keys, roots, the register of devices, the ledger and the emulated boards; see `folder`, `register`.

`Home.resolve(text)` is the one answer to which device a text means.
"""

from .folder import DEFAULT, FORMAT, PASSPHRASE, Home, locate
from .register import DONE, PENDING, RETIRED, Registered

__all__ = ["DEFAULT", "DONE", "FORMAT", "PASSPHRASE", "PENDING", "RETIRED", "Home", "Registered", "locate"]
