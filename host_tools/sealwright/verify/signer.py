"""A signer as the verifier knows it: what certifies its key, and how often that was rotated."""

from typing import Final, NamedTuple

from ..wire.certificates import Fault
from ..wire.keys import PublicKey
from ..wire.messages import Certificate
from .lines import Turn

_LEDGER_ROLE: Final = 1  # bit 0 of a certificate's roles


class Known(NamedTuple):
    """A certificate. ends: when the first of its chain expires, None for never. above: the device ids of its issuer
    and of those above it. fault: why it does not hold, for a lasting reason."""

    certificate: Certificate
    ends: int | None
    above: tuple[bytes, ...] = ()
    is_root: bool = False
    fault: Fault | None = None


class Signer(NamedTuple):
    """A certified key, or the one that it was rotated to, and whether the signature at hand is its."""

    known: Known
    verified: bool
    turn: Turn | None = None

    @property
    def certificate(self) -> Certificate:
        """What certifies the key."""
        return self.known.certificate

    @property
    def key(self) -> PublicKey:
        """The key."""
        return self.certificate.key if self.turn is None else self.turn.key

    @property
    def id(self) -> bytes:
        """32 bytes: the device id, which is that of the device's first key."""
        return self.certificate.key.device_id

    @property
    def generation(self) -> int:
        """How often the device's key was rotated up to this one."""
        return 0 if self.turn is None else self.turn.generation

    @property
    def is_ledger(self) -> bool:
        """Whether the key is certified as a ledger's."""
        return bool((self.certificate.roles or 0) & _LEDGER_ROLE)
