"""P-256 keys: public ones of everybody, private ones of this host."""

from .files import read_secret
from .private import PrivateKey
from .public import PublicKey

__all__ = ["PrivateKey", "PublicKey", "read_secret"]
