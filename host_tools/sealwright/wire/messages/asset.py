"""The rules for an asset: what money is counted in.

Source: firmware/schema/sealwright.cddl, rule `asset`. The first version allowed any text; a bundle or a ledger that
holds such messages must still verify. So reading them stays lenient, and building them, and a ledger, is not.
"""

import re
from typing import Any, Final

from ...errors import Malformed
from ..cbor import Value
from .schema import Text

_FORM: Final = re.compile("[!-~]{1,32}")


class Asset(Text):
    """`asset`: 1 to 32 characters of printable ASCII without spaces."""

    def parse(self, value: Value) -> str:
        text = super().parse(value)
        if not is_asset(text):
            raise Malformed("not an asset: 1 to 32 characters of printable ASCII, no spaces")
        return text


class FirstVersionAsset(Asset):
    """An asset in a message of the first version: any text is read, only an `asset` is built."""

    def parse(self, value: Value) -> str:
        return Text.parse(self, value)

    def dump(self, value: Any) -> Value:
        return super().parse(value)


def is_asset(text: str) -> bool:
    """Whether new money may be counted in `text`."""
    return _FORM.fullmatch(text) is not None


ASSET: Final = Asset()
FIRST_VERSION_ASSET: Final = FirstVersionAsset()
