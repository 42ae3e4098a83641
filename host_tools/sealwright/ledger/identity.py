"""A ledger's identity: its key, and the certificates that say that the key is a ledger's.

A ledger's id is its key's device id (32 bytes). Deposits and channels name it, so that nothing counts in two ledgers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import Usage
from ..wire.keys import PrivateKey
from ..wire.messages import Body, Certificate, Message, sign_message


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """certificates: of the ledger's key, one for each network it settles. key: None where the ledger is only read."""

    certificates: tuple[Message[Certificate], ...]
    key: PrivateKey | None = None

    def __post_init__(self) -> None:
        keys = {certificate.body.key for certificate in self.certificates}
        if len(keys) != 1 or not all(certificate.body.is_ledger for certificate in self.certificates):
            raise Usage(
                "these are not the certificates of one ledger's key",
                remedy="Issue them with the role of a ledger; `sealwright init` does.",
            )
        if self.key is not None and self.key.public not in keys:
            raise Usage("the ledger's key is not the one that its certificates name", remedy="Put its own key back.")

    @property
    def id(self) -> bytes:
        """32 bytes: the ledger's id."""
        return self.certificates[0].body.key.device_id

    def require_key(self) -> PrivateKey:
        """The ledger's key. Raises Usage where it is not there."""
        if self.key is None:
            raise Usage("the ledger's key is missing, so it can sign nothing", remedy="Open the ledger with its key.")
        return self.key

    def sign(self, body: Body) -> Message[Body]:
        """A message that the ledger signs. Raises Usage where the key is not there."""
        return sign_message(self.require_key(), body)


def identity_of(certificates: Sequence[Message[Certificate]], key: PrivateKey | None = None) -> LedgerIdentity:
    """The identity of a ledger. Raises Usage for certificates that are not one ledger's."""
    return LedgerIdentity(tuple(certificates), key)
