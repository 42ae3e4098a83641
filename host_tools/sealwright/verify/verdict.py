"""Verdicts: one for each message, with a code for programs and words for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..wire.certificates import Fault
from ..wire.messages import Body, Message

OK: Final = "ok"

# Every code a verdict can have but OK, in the order in which they are looked for, with what to do about it.
REMEDIES: Final[Mapping[str, str]] = {
    "malformed": "Transfer it again; if it stays so, its sender does not follow the schema.",
    "not_deterministic": "Its sender must encode in core deterministic CBOR (RFC 8949 section 4.2.1).",
    "wrong_type": "Leave it out, or update Sealwright if the sender's is newer.",
    "unknown_signer": "Put the signer's certificate chain before this message, or add the root it leads to.",
    "test_root": "Never trust it for real money or measurements; in tests, allow test roots.",
    "bad_certificate": "Ask the issuer for a certificate that fits this key and that the issuer may give.",
    "expired_certificate": "Renew the certificate, or check as of a time when it held.",
    "wrong_network": "Check it against the root and network it belongs to.",
    "custody_too_low": "Use a device that keeps its key better, or lower the custody you demand.",
    "bad_signature": "It was altered, or signed by another key; ask its sender for the original.",
    "gap": "Ask its sender for the messages that are missing; what is between is not proved.",
    "replay": "Nothing is lost if it is a copy; leave it out.",
    "not_yet_valid": "Wait for its time, or check the clock.",
    "expired": "Too late to use it; ask its payer for a new one.",
    "unknown_channel": "Put the channel-open that it names before it.",
    "not_a_party": "Only the party whose turn it is can sign this; ask that party.",
    "over_capacity": "Refuse more in this channel; open another or a larger one.",
    "amount_decreased": "Keep the better voucher you have; amounts only rise.",
    "lock_missing": "Give the secret that unlocks it, once its holder revealed it.",
    "bad_merge": "Ask the payer for a voucher that merges known lanes at their newest.",
    "bad_tick": "Keep the best tick that does hash to the root; ask the payer for the next.",
    "receipt_mismatch": "Put the voucher it acknowledges before it, and compare the amounts.",
}

_ORDER: Final = {code: at for at, code in enumerate(REMEDIES)}


def first(*faults: Fault | None) -> Fault | None:
    """Of several faults the one whose code is looked for first."""
    return min((fault for fault in faults if fault), key=lambda fault: _ORDER[fault.code], default=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of message `n` of a bundle, counted from 0.

    type: the schema's name, None where it cannot be told. code: OK or a key of REMEDIES. digest: 32 bytes,
    the message's name, None where it has none. why: cause and remedy; empty where there is nothing to say.
    device: the device (32 bytes) that the message speaks of or for. signer: the device id of the key that
    signed, None unless ok.
    """

    n: int
    type: str | None
    ok: bool
    code: str
    digest: bytes | None = None
    why: str = ""
    device: bytes | None = None
    signer: bytes | None = None
    message: Message[Body] | None = field(default=None, repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """What `sealwright verify --json` prints: digests and ids as lower-case hex."""
        return {
            "n": self.n,
            "type": self.type,
            "ok": self.ok,
            "code": self.code,
            "digest": None if self.digest is None else self.digest.hex(),
            "device": None if self.device is None else self.device.hex(),
            "why": self.why,
        }
