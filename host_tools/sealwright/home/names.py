"""Names of devices and of groups: what may be one, and when two are the same.

Names are compared as Unicode's canonical caseless match does (chapter 3.13, D145): `Café` is `café`, whether the accent
is a character of its own or not. Letters of two scripts that look alike are two letters. No name reads as an id, a URL
or an option, so that one text never means two devices.
"""

import re
import unicodedata
from typing import Final

from ..errors import Usage

MAX_NAME: Final = 64
LEAST_PREFIX: Final = 4  # digits of an id that may stand for it
_REMEDY: Final = f"Use 1 to {MAX_NAME} visible characters, such as roof-2."
_ID: Final = re.compile(rf"[0-9a-fA-F]{{{LEAST_PREFIX},}}")
_PORT: Final = re.compile(r"com[0-9]+", re.IGNORECASE)
_RETIRED: Final = re.compile(r"\(\s*(retired\b|[0-9a-f]{8}\))", re.IGNORECASE)  # how reports mark an entry
# Unicode's Default_Ignorable_Code_Point and blanks that Python's isprintable lets pass
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def name_key(name: str) -> str:
    """What two names have in common if they are the same name."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def tidy_name(name: str) -> str:
    """`name` as it is kept: NFC. Raises Usage for what cannot be the name of a device or a group."""
    found = unicodedata.normalize("NFC", name)
    if found != found.strip() or not 1 <= len(found) <= MAX_NAME or not found.isprintable():
        raise Usage(f"{name!r} is no name for a device", remedy=_REMEDY, code="bad_name")
    if _INVISIBLE.search(found) or unicodedata.combining(found[0]):
        raise Usage(f"{name!r} has characters that nobody sees", remedy=_REMEDY, code="bad_name")
    if _ID.fullmatch(found):
        remedy = "It reads as a device id: add a letter beyond f, or a sign, such as unit-1234."
        raise Usage(f"{name!r} is no name for a device", remedy=remedy, code="bad_name")
    if found[0] in "-/\\" or set(found) & set(":@") or _PORT.fullmatch(found) or _RETIRED.search(found):
        remedy = "It reads as a URL, a port, an option or a mark: use letters, digits, spaces and - inside."
        raise Usage(f"{name!r} is no name for a device", remedy=remedy, code="bad_name")
    return found


def id_prefix(text: str) -> str | None:
    """`text` in small letters if it may be the beginning of a device id, else None."""
    return text.lower() if _ID.fullmatch(text) and len(text) <= 64 else None
