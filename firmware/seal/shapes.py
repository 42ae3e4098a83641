"""Checks of single values: what a key of a message may hold, by schema/sealwright.cddl. `messages` has the tables.

A check is a function of a value that returns whether it fits; a table maps a key to (required, check).
"""

from . import labels
from .errors import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Check, Claims, Item, Table

_MAX_UINT = 0xFFFFFFFFFFFFFFFF
_MAX_LANES = 64


def is_int(value: "Item") -> bool:
    return isinstance(value, int) and value is not True and value is not False


def uint(value: "Item") -> bool:
    return is_int(value) and 0 <= value <= _MAX_UINT


def amount(value: "Item") -> bool:
    return is_int(value) and 0 <= value <= labels.MAX_AMOUNT


def text(value: "Item") -> bool:
    return isinstance(value, str)


def asset(value: "Item") -> bool:
    """1 to 32 characters of printable ASCII without spaces; the first version's messages allow any text."""
    return text(value) and 1 <= len(value) <= 32 and all("!" <= char <= "~" for char in value)


def sized(length: int) -> "Check":
    return lambda value: isinstance(value, bytes) and len(value) == length


def up_to(limit: int) -> "Check":
    return lambda value: is_int(value) and 0 <= value <= limit


hash32 = sized(32)


def key(value: "Item") -> bool:
    return (
        isinstance(value, dict)
        and len(value) == 4
        and value.get(labels.KEY_TYPE) == labels.KEY_TYPE_EC2
        and value.get(labels.KEY_CURVE) == labels.KEY_CURVE_P256
        and is_int(value[labels.KEY_CURVE])
        and hash32(value.get(labels.KEY_X))
        and hash32(value.get(labels.KEY_Y))
    )


def confirmation(value: "Item") -> bool:
    return isinstance(value, dict) and len(value) == 1 and key(value.get(labels.CNF_KEY))


def list_of(check: "Check") -> "Check":
    return lambda value: isinstance(value, list) and len(value) > 0 and all(check(item) for item in value)


def chain(value: "Item") -> bool:
    return list_of(lambda item: isinstance(item, bytes))(value)


def tick(value: "Item") -> bool:
    return isinstance(value, list) and len(value) == 2 and uint(value[0]) and hash32(value[1])


def owned(value: "Item") -> bool:
    """[generation, id of the owner's key], after a transfer."""
    return tick(value) and value[0] > 0


def lane_seq(value: "Item") -> bool:
    return isinstance(value, list) and len(value) == 2 and uint(value[0]) and uint(value[1])


def claims(value: "Item") -> bool:
    """[[lane, seq, amount, digest], ...], at most 64, their lanes rising."""
    if not isinstance(value, list) or len(value) > _MAX_LANES:
        return False
    lane = -1
    for claim in value:
        if not isinstance(claim, list) or len(claim) != 4 or not uint(claim[0]) or claim[0] <= lane:
            return False
        if not (uint(claim[1]) and amount(claim[2]) and hash32(claim[3])):
            return False
        lane = claim[0]
    return True


def spending(value: "Item") -> bool:
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(
            text(asset) and isinstance(cap, dict) and len(cap) == 2 and amount(cap.get(1)) and amount(cap.get(2))
            for asset, cap in value.items()
        )
    )


def fits(table: "Table") -> "Check":
    return lambda value: mismatch(value, table) is None


def mismatch(value: "Item", table: "Table") -> str | None:
    """Why `value` does not fit `table`, or None."""
    if not isinstance(value, dict):
        return "not a map"
    for key, (required, check) in table.items():
        if key not in value:
            if required:
                return "key %d is missing" % key
        elif not check(value[key]):
            return "key %d has a value outside the schema" % key
    for key in value:
        if key not in table or not is_int(key):
            return "key %r is unknown" % key
    return None


def fit(value: "Item", table: "Table") -> "Claims":
    """Raise Malformed unless the map `value` fits `table`; returns it."""
    why = mismatch(value, table)
    if why:
        raise Malformed(why)
    return value
