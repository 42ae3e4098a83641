"""The rules for keys: a COSE_Key (RFC 9053 section 7.1.1), bare or as a confirmation (RFC 8747 section 3.2)."""

from typing import Final

from ...errors import BadKey, Malformed
from ..cbor import Value
from ..keys import PublicKey
from .schema import Rule


class KeyRule(Rule):
    """`key`: a COSE_Key of a point on P-256."""

    def parse(self, value: Value) -> PublicKey:
        try:
            return PublicKey.from_cose(value)
        except BadKey as error:
            raise Malformed(str(error)) from error

    def dump(self, value: PublicKey) -> Value:
        return value.cose


class Confirmation(KeyRule):
    """cnf (RFC 8747 section 3.2): a key in a map of its own."""

    def parse(self, value: Value) -> PublicKey:
        if not isinstance(value, dict) or list(value) != [1]:
            raise Malformed("not a confirmation of one COSE_Key")
        return super().parse(value[1])

    def dump(self, value: PublicKey) -> Value:
        return {1: value.cose}


KEY: Final = KeyRule()
CNF: Final = Confirmation()
