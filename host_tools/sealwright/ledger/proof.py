"""What a row's verdict rests on beside its message, kept with it in the log: the secret of a voucher's lock, a tick of
its chain, the least dispute window in force when a channel was funded.

Purpose: an audit has to come to the same verdict as the settlement, so the log keeps and hashes what the verdict rested
on. Form: empty, or the deterministic CBOR map {? 1: bstr secret, ? 2: [uint count, bstr tick], ? 3: uint seconds}.
Limits: only what the message calls for is kept; it is public from then on.
"""

from hashlib import sha256
from typing import NamedTuple

from ..errors import Malformed
from ..verify import Policy
from ..wire import cbor
from ..wire.messages import Body, ChannelOpen, Message, Voucher
from ..wire.messages.schema import HASH, UINT, Bytes, Pair, Rule

_SECRET, _TICK, _WINDOW = 1, 2, 3
_BYTES: Rule = Bytes()


class Proof(NamedTuple):
    """`secret` opens the hash-lock; `tick` (count, 32 bytes) is the count-th of the voucher's hash chain; `window`
    is in seconds."""

    secret: bytes | None = None
    tick: tuple[int, bytes] | None = None
    window: int | None = None

    def dump(self) -> bytes:
        """As the log keeps it."""
        content: dict[cbor.Key, cbor.Value] = {}
        if self.secret is not None:
            content[_SECRET] = self.secret
        if self.tick is not None:
            content[_TICK] = list(self.tick)
        if self.window is not None:
            content[_WINDOW] = self.window
        return cbor.encode(content) if content else b""

    @classmethod
    def load(cls, raw: bytes) -> "Proof":
        """From the log. Raises Malformed or NotDeterministic."""
        if not raw:
            return cls()
        content = cbor.decode(raw)
        if not isinstance(content, dict) or not content or not content.keys() <= {_SECRET, _TICK, _WINDOW}:
            raise Malformed("what a row rests on is not the map it should be")
        secret = _BYTES.parse(content[_SECRET]) if _SECRET in content else None
        tick = None
        if _TICK in content:
            pair = Pair(Rule()).parse(content[_TICK])
            tick = (UINT.parse(pair[0]), HASH.parse(pair[1]))
        window = UINT.parse(content[_WINDOW]) if _WINDOW in content else None
        return cls(secret, tick, window)


def proof_of(message: Message[Body], policy: Policy) -> Proof:
    """What the policy reveals that this message calls for, and for a channel-open the least window in force."""
    body = message.body
    if isinstance(body, ChannelOpen):
        return Proof(window=policy.least_window)
    if not isinstance(body, Voucher):
        return Proof()
    secrets = (secret for secret in policy.secrets if sha256(secret).digest() == body.hash_lock)
    tick = policy.ticks.get(body.ticks.root) if body.ticks is not None else None
    return Proof(next(secrets, None), tick)
