"""Verdicts: one for each message, with a code for programs and words for people."""

from typing import Any, Final, NamedTuple

from ..wire.messages import Body, Message

SIGNED: Final = "signed"  # proof: by the message's own signature
BY_CHAIN: Final = "chained"  # proof: by the signature of a later reading and the digests that lead back from it


class Verdict(NamedTuple):
    """The outcome for message `n` of a bundle, counted from 0.

    type: the schema's name, None where the bytes show none. ok: whether the message holds. code: see `codes`.
    digest: 32 bytes, the message's name, None where it has none. why: cause and remedy; empty where there is nothing
    to say. device: the device (32 bytes) that the message speaks of or for. signer: the device id of the key that
    signed, None unless ok. mark: what is odd about a reading's time: "unset" (its clock was never set), "ahead" of now,
    or "back" (before the reading before it); empty where nothing is. proof: SIGNED or BY_CHAIN, where readings were to
    be proved by chain and the message's signer is known by it, else None. sealed_by: of one that is proved BY_CHAIN the
    digest (32 bytes) of the signed reading that proves it. A verdict with other fields: `verdict._replace(...)`.
    """

    n: int
    type: str | None
    ok: bool
    code: str
    digest: bytes | None = None
    why: str = ""
    device: bytes | None = None
    signer: bytes | None = None
    message: Message[Body] | None = None
    mark: str = ""
    proof: str | None = None
    sealed_by: bytes | None = None

    def as_dict(self) -> dict[str, Any]:
        """What `sealwright verify --json` prints: digests and ids as lower-case hex.

        `proof` and `sealed_by` are there where the verdict has them.
        """
        said: dict[str, Any] = {
            "n": self.n,
            "type": self.type,
            "ok": self.ok,
            "code": self.code,
            "digest": None if self.digest is None else self.digest.hex(),
            "device": None if self.device is None else self.device.hex(),
            "why": self.why,
        }
        if self.proof is not None:
            said["proof"] = self.proof
        if self.sealed_by is not None:
            said["sealed_by"] = self.sealed_by.hex()
        return said
