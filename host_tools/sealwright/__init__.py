"""Sealwright on the host: read, check and settle what small machines sign.

    from sealwright import Policy, load_roots, verify_bundle

    for verdict in verify_bundle("readings.bundle", load_roots("root.pem"), Policy(custody_floor=1)):
        print(verdict.n, verdict.type, verdict.code, verdict.why)

Modules: `messages` (what the wire carries), `keys`, `certificates`, `bundle`, `verify`, and below them
`cose`, `cbor` and `errors`. Device ids, digests and network ids are 32 bytes; amounts are integers in an
asset's smallest unit; times are unix seconds. The wire contract is firmware/schema/sealwright.cddl.
"""

from .errors import SealwrightError
from .verify import Policy, Verdict, Verifier, verify_bundle
from .wire.bundle import BundleWriter, read_bundle
from .wire.certificates import check_chain, issue, load_roots, make_root, network_id
from .wire.keys import PrivateKey, PublicKey
from .wire.messages import (
    Certificate,
    ChannelClose,
    ChannelOpen,
    Checkpoint,
    Claim,
    Command,
    DecimalFraction,
    DepositArguments,
    DevicePolicy,
    Evidence,
    FactoryRecord,
    Funding,
    Grant,
    Limit,
    Message,
    Offer,
    PeerProof,
    Reading,
    Receipt,
    Record,
    Refund,
    RevealedTick,
    Revocation,
    Rotation,
    Status,
    Ticks,
    Voucher,
    WithdrawArguments,
    parse_as,
    parse_message,
    read_arguments,
    sign_message,
    write_arguments,
)

__all__ = [
    "BundleWriter",
    "Certificate",
    "ChannelClose",
    "ChannelOpen",
    "Checkpoint",
    "Claim",
    "Command",
    "DecimalFraction",
    "DepositArguments",
    "DevicePolicy",
    "Evidence",
    "FactoryRecord",
    "Funding",
    "Grant",
    "Limit",
    "Message",
    "Offer",
    "PeerProof",
    "Policy",
    "PrivateKey",
    "PublicKey",
    "Reading",
    "Receipt",
    "Record",
    "Refund",
    "RevealedTick",
    "Revocation",
    "Rotation",
    "SealwrightError",
    "Status",
    "Ticks",
    "Verdict",
    "Verifier",
    "Voucher",
    "WithdrawArguments",
    "check_chain",
    "issue",
    "load_roots",
    "make_root",
    "network_id",
    "parse_as",
    "parse_message",
    "read_arguments",
    "read_bundle",
    "sign_message",
    "verify_bundle",
    "write_arguments",
]
