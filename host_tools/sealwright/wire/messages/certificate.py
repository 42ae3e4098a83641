"""The certificate: an issuer's word on a key.

Source: firmware/schema/sealwright.cddl, rule `cert`. Times are unix seconds, UTC. Fields that may be absent default to
None.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from ..keys import PublicKey
from .cose_key import CNF
from .schema import HASH, TEXT, UINT, Bytes, Unsigned, at


@dataclass(frozen=True, slots=True)
class Certificate:
    """An issuer's word on a key: who holds it, how it is kept, in which network. No `may_issue`: a device.

    roles: bits, `labels.ROLE_*`.
    """

    TYPE: ClassVar[int] = labels.CERTIFICATE
    NAME: ClassVar[str] = "certificate"

    issuer: str = field(metadata=at(labels.ISS, TEXT))
    subject: str = field(metadata=at(labels.SUB, TEXT))
    issued_at: int = field(metadata=at(labels.IAT, UINT))
    id: bytes = field(metadata=at(labels.CTI, Bytes(16)))
    key: PublicKey = field(metadata=at(labels.CNF, CNF))
    ueid: bytes = field(metadata=at(labels.UEID, Bytes(33)))
    custody: int = field(metadata=at(labels.CUSTODY, Unsigned(0, 2)))
    network: bytes = field(metadata=at(labels.NETWORK, HASH))
    expires: int | None = field(default=None, metadata=at(labels.EXP, UINT))
    model: str | None = field(default=None, metadata=at(labels.MODEL, TEXT))
    may_issue: int | None = field(default=None, metadata=at(labels.MAY_ISSUE, Unsigned(0, 3)))
    roles: int | None = field(default=None, metadata=at(labels.ROLES, UINT))

    @property
    def is_ledger(self) -> bool:
        """Whether its issuer says that the key is a ledger's."""
        return bool((self.roles or 0) & labels.ROLE_LEDGER)
