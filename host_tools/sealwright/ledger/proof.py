"""What was revealed with a voucher, the secret of its lock or a tick of its chain, kept with it in the log.

Purpose: an audit has to come to the same verdict as the settlement, so what the verdict rested on is logged
and hashed with the message. Form: empty, or the deterministic CBOR map {? 1: bstr secret, ? 2: [uint count,
bstr tick]}.
Limits: only what the voucher calls for is kept; it is public from then on.
"""

from typing import NamedTuple

from ..errors import Malformed
from ..wire import cbor
from ..wire.messages.schema import HASH, UINT, Bytes, Pair, Rule

_SECRET, _TICK = 1, 2
_BYTES: Rule = Bytes()


class Proof(NamedTuple):
    """`secret` opens the hash-lock; `tick` (count, 32 bytes) is the count-th of the voucher's hash chain."""

    secret: bytes | None = None
    tick: tuple[int, bytes] | None = None

    def dump(self) -> bytes:
        """As the log keeps it."""
        content: dict[cbor.Key, cbor.Value] = {}
        if self.secret is not None:
            content[_SECRET] = self.secret
        if self.tick is not None:
            content[_TICK] = list(self.tick)
        return cbor.encode(content) if content else b""

    @classmethod
    def load(cls, raw: bytes) -> "Proof":
        """From the log. Raises Malformed or NotDeterministic."""
        if not raw:
            return cls()
        content = cbor.decode(raw)
        if not isinstance(content, dict) or not content or not content.keys() <= {_SECRET, _TICK}:
            raise Malformed("what was revealed with a voucher is not the map it should be")
        secret = _BYTES.parse(content[_SECRET]) if _SECRET in content else None
        tick = None
        if _TICK in content:
            pair = Pair(Rule()).parse(content[_TICK])
            tick = (UINT.parse(pair[0]), HASH.parse(pair[1]))
        return cls(secret, tick)
