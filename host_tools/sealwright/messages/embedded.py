"""The rule for `bstr .cbor certificate`: a whole signed certificate inside another message."""

from typing import Any

from ..cbor import Value
from ..errors import Malformed, NotDeterministic, WrongType
from .schema import Rule


class EmbeddedCertificate(Rule):
    """A byte string that is a certificate message; a `Message[Certificate]` here."""

    def parse(self, value: Value) -> Any:
        # here, because grants are messages that hold messages: both modules need this one first
        from .identity import Certificate
        from .message import parse_as

        if type(value) is not bytes:
            raise Malformed("not a byte string")
        try:
            return parse_as(value, Certificate)
        except (Malformed, NotDeterministic, WrongType) as error:
            raise Malformed(f"not a certificate: {error}") from error

    def dump(self, value: Any) -> Value:
        raw: bytes = value.raw
        return raw


CERTIFICATE = EmbeddedCertificate()
