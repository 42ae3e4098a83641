"""One message as make_messages.py reports it, with its bytes and keys at hand."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from sealwright import Message, PrivateKey, PublicKey, parse_message


@dataclass(frozen=True)
class Made:
    """hexadecimal texts, and `key`: the label of the signer's key where the signature is exactly RFC 6979."""

    n: int
    raw: str
    digest: str
    public: str
    key: str | None

    @cached_property
    def bytes(self) -> bytes:
        return bytes.fromhex(self.raw)

    @cached_property
    def message(self) -> Message:
        return parse_message(self.bytes)

    @cached_property
    def signer(self) -> PublicKey:
        return PublicKey(bytes.fromhex(self.public))

    @cached_property
    def private(self) -> PrivateKey:
        assert self.key is not None
        return PrivateKey.from_secret(int.from_bytes(sha256(self.key.encode()).digest(), "big"))
