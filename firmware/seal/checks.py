"""Checks of single values in a payload: each takes any decoded value and says whether it fits the schema's type."""

from . import labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Check, Item

MAX_LANES = 64  # of one channel
_MAX_UINT = 0xFFFFFFFFFFFFFFFF


def is_int(value: "Item") -> bool:
    return isinstance(value, int) and value is not True and value is not False


def uint(value: "Item") -> bool:
    return is_int(value) and 0 <= value <= _MAX_UINT


def amount(value: "Item") -> bool:
    return is_int(value) and 0 <= value <= labels.MAX_AMOUNT


def text(value: "Item") -> bool:
    return isinstance(value, str)


def sized(length: int) -> "Check":
    return lambda value: isinstance(value, bytes) and len(value) == length


def up_to(limit: int) -> "Check":
    return lambda value: is_int(value) and 0 <= value <= limit


hash32 = sized(32)


def cose_key(value: "Item") -> bool:
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
    return isinstance(value, dict) and len(value) == 1 and cose_key(value.get(labels.CNF_KEY))


def list_of(check: "Check") -> "Check":
    return lambda value: isinstance(value, list) and len(value) > 0 and all(check(item) for item in value)


def lane_seq(value: "Item") -> bool:
    return isinstance(value, list) and len(value) == 2 and uint(value[0]) and uint(value[1])


def spending(value: "Item") -> bool:
    return (
        isinstance(value, dict)
        and len(value) > 0
        and all(
            text(asset) and isinstance(cap, dict) and len(cap) == 2 and amount(cap.get(1)) and amount(cap.get(2))
            for asset, cap in value.items()
        )
    )


def bstr(value: "Item") -> bool:
    return isinstance(value, bytes)


def claim(value: "Item") -> bool:
    """[lane, seq, amount, voucher digest] of a close."""
    return isinstance(value, list) and len(value) == 4 and lane_seq(value[:2]) and amount(value[2]) and hash32(value[3])


def claims(value: "Item") -> bool:
    """Claims of a close: up to 64, whose lanes rise."""
    if not isinstance(value, list) or len(value) > MAX_LANES or not all(claim(item) for item in value):
        return False
    return all(value[n][0] < value[n + 1][0] for n in range(len(value) - 1))


def tick(value: "Item") -> bool:
    """[number, preimage] of a receipt: the best tick revealed."""
    return isinstance(value, list) and len(value) == 2 and uint(value[0]) and hash32(value[1])
