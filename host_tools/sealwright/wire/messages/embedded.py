"""The rule for `bstr .cbor certificate`: a whole signed certificate inside another message."""

from typing import Any

from ...errors import Malformed, NotDeterministic
from .. import cose
from ..cbor import Value
from .certificate import Certificate
from .message import read_as
from .schema import Rule


class EmbeddedCertificate(Rule):
    """A byte string that is a certificate message; a `Message[Certificate]` here."""

    def parse(self, value: Value) -> Any:
        if type(value) is not bytes:
            raise Malformed("not a byte string")
        try:
            sign1 = cose.parse(value)
            if sign1.typ != Certificate.TYPE:
                raise Malformed(f"type {sign1.typ!r}")
            return read_as(sign1, Certificate)
        except (Malformed, NotDeterministic) as error:
            raise Malformed(f"not a certificate: {error}") from error

    def dump(self, value: Any) -> Value:
        raw: bytes = value.raw
        return raw


CERTIFICATE = EmbeddedCertificate()
