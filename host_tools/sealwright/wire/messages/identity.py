"""Messages of provisioning and control: evidence, grant, command, peer-proof.

Source: firmware/schema/sealwright.cddl, rule for rule. Device ids, digests and nonces are 32 bytes; times are
unix seconds, UTC. Fields that may be absent default to None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from ..cbor import Value
from ..keys import PublicKey
from .certificate import Certificate
from .cose_key import CNF, KEY
from .embedded import CERTIFICATE
from .message import Message
from .schema import AMOUNT, ANY, HASH, TEXT, UINT, Bytes, ListOf, MapOf, Struct, Unsigned, at


@dataclass(frozen=True, slots=True)
class Evidence:
    """A device's request for an identity: its new key, and the host's nonce as proof of now. sealed: of a sealed board,
    its chip's MAC and the proof that it runs there, see `home.hardened`."""

    TYPE: ClassVar[int] = labels.EVIDENCE
    NAME: ClassVar[str] = "evidence"

    key: PublicKey = field(metadata=at(labels.CNF, CNF))
    nonce: bytes = field(metadata=at(labels.NONCE, HASH))
    ueid: bytes = field(metadata=at(labels.UEID, Bytes(33)))
    custody: int = field(metadata=at(labels.CUSTODY, Unsigned(0, 2)))
    model: str = field(metadata=at(labels.MODEL, TEXT))
    firmware: str = field(metadata=at(labels.FIRMWARE, TEXT))
    sealed: bytes | None = field(default=None, metadata=at(labels.SEALED_PROOF, Bytes(38)))


@dataclass(frozen=True, slots=True)
class Limit:
    """What a device may spend of one asset, per voucher and per day."""

    per_voucher: int = field(metadata=at(1, AMOUNT))
    per_day: int = field(metadata=at(2, AMOUNT))


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """What a device may sign: per asset, to whom (None: anyone), above which amount only by its button."""

    limits: Mapping[str, Limit] = field(metadata=at(1, MapOf(Struct(Limit))))
    payees: tuple[bytes, ...] | None = field(default=None, metadata=at(2, ListOf(HASH)))
    button_above: int | None = field(default=None, metadata=at(3, UINT))
    not_after: int | None = field(default=None, metadata=at(4, UINT))


@dataclass(frozen=True, slots=True)
class Grant:
    """The issuer's answer to evidence: the device's chain, owner, limits and ledger's chain. Chains are leaf first."""

    TYPE: ClassVar[int] = labels.GRANT
    NAME: ClassVar[str] = "grant"

    device: bytes = field(metadata=at(1, HASH))
    nonce: bytes = field(metadata=at(labels.NONCE, HASH))
    chain: tuple[Message[Certificate], ...] = field(metadata=at(2, ListOf(CERTIFICATE)))
    owner: PublicKey = field(metadata=at(3, KEY))
    network: bytes = field(metadata=at(4, HASH))
    issued_at: int = field(metadata=at(5, UINT))
    policy: DevicePolicy | None = field(default=None, metadata=at(6, Struct(DevicePolicy)))
    ledger_chain: tuple[Message[Certificate], ...] | None = field(default=None, metadata=at(7, ListOf(CERTIFICATE)))


@dataclass(frozen=True, slots=True)
class Command:
    """The owner's order to a device. `arguments` is any CBOR of the profile; None where absent. status: the digest of
    the device's last status, which the owner had seen. delegation: digest of the one that an operator commands by."""

    TYPE: ClassVar[int] = labels.COMMAND
    NAME: ClassVar[str] = "command"

    device: bytes = field(metadata=at(1, HASH))
    seq: int = field(metadata=at(2, UINT))
    op: str = field(metadata=at(3, TEXT))
    arguments: Value = field(default=None, metadata=at(4, ANY))
    not_after: int | None = field(default=None, metadata=at(5, UINT))
    status: bytes | None = field(default=None, metadata=at(6, HASH))
    delegation: bytes | None = field(default=None, metadata=at(7, HASH))


@dataclass(frozen=True, slots=True)
class PeerProof:
    """One device proves its key to another by signing both nonces."""

    TYPE: ClassVar[int] = labels.PEER_PROOF
    NAME: ClassVar[str] = "peer-proof"

    device: bytes = field(metadata=at(1, HASH))
    peer: bytes = field(metadata=at(2, HASH))
    peer_nonce: bytes = field(metadata=at(labels.NONCE, HASH))
    own_nonce: bytes = field(metadata=at(labels.OWN_NONCE, HASH))
