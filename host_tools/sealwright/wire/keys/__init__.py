"""P-256 keys: public ones of everybody, private ones of this host."""

from .private import PrivateKey
from .public import PublicKey

__all__ = ["PrivateKey", "PublicKey"]
