"""What a channel-close claims, lane by lane, and the best tick that a receipt names.

Source: firmware/schema/sealwright.cddl, rules `claims` and `rcpt`. Amounts are in the smallest unit of the channel's
asset, 0 <= n < 2**63; digests are 32 bytes.
"""

from itertools import pairwise
from typing import Any, Final, NamedTuple

from ...errors import Malformed
from ..cbor import Value
from ..labels import MAX_CLAIMS
from .row import Row
from .schema import AMOUNT, HASH, UINT, Rule


class Claim(NamedTuple):
    """`amount` in all in `lane`, by the voucher with this seq and digest."""

    lane: int
    seq: int
    amount: int
    voucher: bytes


class RevealedTick(NamedTuple):
    """The `number`-th preimage of a hash chain's root (`Ticks`): 32 bytes, worth `number` ticks."""

    number: int
    value: bytes


class ClaimsRule(Rule):
    """`claims`: at most MAX_CLAIMS of them, their lanes rising; a tuple here, which may be empty."""

    def parse(self, value: Value) -> tuple[Claim, ...]:
        if not isinstance(value, list) or len(value) > MAX_CLAIMS:
            raise Malformed(f"not an array of at most {MAX_CLAIMS} claims")
        claims = tuple(_CLAIM.parse(item) for item in value)
        if any(after.lane <= before.lane for before, after in pairwise(claims)):
            raise Malformed("the lanes of its claims do not rise: each may be there once, lowest first")
        return claims

    def dump(self, value: Any) -> Value:
        return [_CLAIM.dump(item) for item in value]


_CLAIM: Final = Row(Claim, UINT, UINT, AMOUNT, HASH)
CLAIMS: Final = ClaimsRule()
REVEALED_TICK: Final = Row(RevealedTick, UINT, HASH)
