"""Vouchers that say no more than what is owed, read without being taken apart.

Purpose: speed. The expression is made from the schema's table, for vouchers of channel, lane, seq and amount, and
perhaps the item bought. What it takes the strict reader takes too, with equal fields; what it does not take is not
thereby wrong. Asserted by property tests.
"""

import re
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from .. import cbor
from ..cose import BEGIN
from ..labels import ALG, ES256, KID, MAX_AMOUNT, TYP
from .patterns import item_of, literal
from .payment import Voucher
from .schema import table

KID_AT: Final = slice(8, 16)
_MIDDLE: Final = 20  # where the empty unprotected header is
_SIGNATURE: Final = 66  # bytes of the signature and its head, the last of a message
_SIZE_AT: Final = _MIDDLE + 2  # where the payload's length is
_AROUND: Final = _MIDDLE + 3 + _SIGNATURE  # bytes that are not payload
_BEFORE: Final = slice(2, _MIDDLE)
_AFTER: Final = slice(_MIDDLE + 1, -_SIGNATURE)
_NO_DATA: Final = b"\x40"  # external, between the two, in what is signed (RFC 9052 section 4.4)
_MOST: Final = cbor.encode(MAX_AMOUNT)
_CHANNEL: Final = slice(3, 35)  # in a place
_LANE: Final = slice(36, None)
# how a field's label and item are matched: the groups are the optional field's head, place, seq and amount
_FIELDS: Final = {
    "channel": b"(%b%b",
    "lane": b"%b%b)",
    "seq": b"%b(%b)",
    "amount": b"%b(%b)",
    "item": b"(?(1)%b%b)",
}

# Of one voucher, as received: the items of channel and lane with their labels, the items of seq and amount; its digest.
# Deterministic numbers are in the order of their bytes.
Glance: TypeAlias = tuple[bytes, bytes, bytes, bytes]


class PlainVoucher(NamedTuple):
    """What such a voucher says. digest: its name, 32 bytes."""

    channel: bytes
    lane: int
    seq: int
    amount: int
    digest: bytes


def _expression() -> bytes:
    fields = []
    for name, label, rule, required in sorted(table(Voucher), key=lambda row: cbor.encode(row[1])):
        found = item_of(rule)
        if required or name in _FIELDS:
            assert found is not None, f"no pattern for {name}"
            fields.append(_FIELDS[name] % (literal(label), found[0]))
    header = b"\\xa3%b%b%b\\x48.{8}%b%b" % tuple(map(literal, (ALG, ES256, KID, TYP, Voucher.TYPE)))
    whole = rb"\xd2\x84\x51%b\xa0\x58.(?:\xa4|(\xa5))%b\x58\x40.{64}"
    return whole % (header, b"".join(fields))


_match: Final = re.compile(_expression(), re.DOTALL).fullmatch


def glance(raw: bytes) -> Glance | None:
    """What a plain voucher says, as received; None for what is none, or only the strict reader may judge."""
    found = _match(raw)
    if found is None:
        return None
    _, place, seq, amount = found.groups()
    if raw[_SIZE_AT] != len(raw) - _AROUND or amount > _MOST:
        return None
    return place, seq, amount, sha256(BEGIN + raw[_BEFORE] + _NO_DATA + raw[_AFTER]).digest()


def number_in(item: bytes) -> int:
    """The number in an item of `Glance`."""
    return int.from_bytes(item[1:], "big") if len(item) > 1 else item[0]


def lane_in(place: bytes) -> tuple[bytes, int]:
    """The channel (32 bytes) and the lane in a place of `Glance`."""
    return place[_CHANNEL], number_in(place[_LANE])


def plain_voucher(raw: bytes) -> PlainVoucher | None:
    """What the voucher says; None for what is no such voucher, or only the strict reader may judge."""
    seen = glance(raw)
    if seen is None:
        return None
    place, seq, amount, digest = seen
    return tuple.__new__(PlainVoucher, (*lane_in(place), number_in(seq), number_in(amount), digest))
