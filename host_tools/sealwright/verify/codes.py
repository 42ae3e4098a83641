"""Every verdict code and what to do about it: the one table of codes for the verifier and the ledger.

The order is the order in which the verifier looks for faults: a message has the first code that applies.
"""

from collections.abc import Mapping
from typing import Final

from ..wire.certificates import Fault

OK: Final = "ok"
ALREADY_SETTLED: Final = "already_settled"
SUPERSEDED: Final = "superseded"
OTHER_SHARD: Final = "other_shard"
EQUIVOCATION: Final = "equivocation"

REMEDIES: Final[Mapping[str, str]] = {
    "malformed": "Transfer it again; if it stays so, its sender does not follow the schema.",
    "not_deterministic": "Its sender must encode in core deterministic CBOR (RFC 8949 section 4.2.1).",
    "wrong_type": "Leave it out, or update Sealwright if the sender's is newer.",
    "unknown_signer": "Put the signer's certificate chain before this message, or add the root it leads to.",
    "test_root": "Never trust it for real money or measurements; in tests, allow test roots.",
    "bad_certificate": "Ask the issuer for a certificate that fits this key and that the issuer may give.",
    "expired_certificate": "Renew the certificate, or check as of a time when it held.",
    "revoked": "Do not rely on this device; ask its issuer for the reason.",
    "superseded_key": "Ask for one by the device's key of now: sealwright collect brings them from the device. Of a "
    "channel-open, settle the ledger's funding of it with it.",
    "bad_rotation": "Leave it out: the device's key stays the one before it.",
    "wrong_network": "Check it against the root and network it belongs to.",
    "wrong_ledger": "Settle it in the ledger that it names; a new one names this ledger.",
    "custody_too_low": "Use a device that keeps its key better, or lower the custody you demand.",
    "bad_signature": "It was altered, or signed by another key; ask its sender for the original.",
    "not_a_device": "Only a device's own key signs this; an issuer's or a ledger's key does not count.",
    "not_a_ledger": "Only a key that is certified as a ledger signs this.",
    "gap": "Ask its sender for the missing messages; nothing proves the part between.",
    "replay": "Nothing is lost if it is a copy; leave it out.",
    "not_yet_valid": "Wait for its time, or check the clock.",
    "not_the_owner": "Only the device's newest owner signs this: put its grant and the transfers since before it, and "
    "where two of them contradict each other a new status of the device.",
    "not_delegated": "Only what the owner delegated counts; ask the owner for a delegation that names it.",
    "expired": "Too late to use it; ask its payer for a new one.",
    "unknown_channel": "Put the channel-open that it names before it.",
    "not_a_party": "Only the party whose turn it is can sign this; ask that party.",
    "over_capacity": "Refuse more in this channel; open another or a larger one.",
    "amount_decreased": "Keep the better voucher you have; amounts only rise.",
    "lock_missing": "Give the secret that unlocks it, once its holder revealed it.",
    "bad_merge": "Ask the payer for a voucher without merges: one in each lane settles alone.",
    "bad_lane": "Ask the payer for a voucher in a lane below 64.",
    "bad_tick": "Keep the best tick that does hash to the root; ask the payer for the next.",
    "receipt_mismatch": "Put the voucher it acknowledges before it, and compare the amounts.",
    "bad_receipt": "Ask the ledger's operator for a receipt under this checkpoint, or for a newer pair of both.",
    EQUIVOCATION: "Keep both messages: together they prove that their signer contradicts itself.",
    "unfunded": "Deposit what is missing, then settle it again.",
    "short_certificate": "Renew the payer's certificate beyond the claim's end, then settle the channel-open again.",
    "bad_deposit": "Sign the deposit anew, with an asset, an amount and this ledger's id.",
    "bad_withdrawal": "Sign the withdrawal anew, with an asset, an amount and this ledger's id.",
    "over_supply": "Use a larger unit: all deposits of one asset stay below 2**63.",
}

LEDGER_CODES: Final = frozenset(  # what a ledger alone can find; a bundle's verifier gives all the others
    {"unfunded", "short_certificate", "bad_deposit", "bad_withdrawal", "over_supply"}
)
_ORDER: Final = {code: at for at, code in enumerate(REMEDIES)}


def first(*faults: Fault | None) -> Fault | None:
    """Of several faults the one whose code the verifier looks for first."""
    return min((fault for fault in faults if fault), key=lambda fault: _ORDER[fault.code], default=None)
