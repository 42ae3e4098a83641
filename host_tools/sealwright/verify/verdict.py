"""Verdicts: one for each message, with a code for programs and words for people."""

from dataclasses import dataclass, field
from typing import Any

from ..wire.messages import Body, Message


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for message `n` of a bundle, counted from 0.

    type: the schema's name, None where the bytes show none. ok: whether the message holds. code: see `codes`.
    digest: 32 bytes, the message's name, None where it has none. why: cause and remedy; empty where there is nothing
    to say. device: the device (32 bytes) that the message speaks of or for. signer: the device id of the key that
    signed, None unless ok. mark: what is odd about a reading's time: "unset" (its clock was never set), "ahead" of now,
    or "back" (before the reading before it); empty where nothing is.
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
    mark: str = ""

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
