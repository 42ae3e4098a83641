"""Vouchers that say no more than what is owed, read without being taken apart.

Purpose: speed. The expression is made from the schema's table, for vouchers of channel, lane, seq and amount, and
perhaps the item bought. What it takes the strict reader takes too, with equal fields; what it does not take is not
thereby wrong. Asserted by property tests.
"""

import re
from hashlib import sha256
from typing import Final, NamedTuple

from .. import cbor
from ..cose import BEGIN
from ..labels import ALG, ES256, KID, MAX_AMOUNT, TYP
from .patterns import item_of, literal
from .payment import Voucher
from .schema import table

KID_AT: Final = slice(8, 16)
_OPTIONAL: Final = "item"
_SIGNATURE: Final = 66  # bytes of the signature and its head, the last of a message
_MIDDLE: Final = 20  # where the empty unprotected header is


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
        if found is not None and (required or name == _OPTIONAL):
            item = literal(label) + b"(%b)" % found[0]
            fields.append(item if required else b"(?:%b)?" % item)
    header = b"\\xa3%b%b%b\\x48.{8}%b%b" % tuple(map(literal, (ALG, ES256, KID, TYP, Voucher.TYPE)))
    whole = rb"\xd2\x84\x51%b\xa0\x58(.)([\xa4\xa5])%b\x58\x40.{64}"
    return whole % (header, b"".join(fields))


_match: Final = re.compile(_expression(), re.DOTALL).fullmatch


def plain_voucher(raw: bytes) -> PlainVoucher | None:
    """What the voucher says; None for what is no such voucher, or only the strict reader may judge."""
    found = _match(raw)
    if found is None:
        return None
    size, head, channel, lane, seq, owed, item = found.groups()
    amount = int.from_bytes(owed[1:], "big") if len(owed) > 1 else owed[0]
    if size[0] != len(raw) - _MIDDLE - 3 - _SIGNATURE or (head == b"\xa5") != (item is not None) or amount > MAX_AMOUNT:
        return None
    says = (
        channel[2:],
        int.from_bytes(lane[1:], "big") if len(lane) > 1 else lane[0],
        int.from_bytes(seq[1:], "big") if len(seq) > 1 else seq[0],
        amount,
        sha256(BEGIN + raw[2:_MIDDLE] + b"\x40" + raw[_MIDDLE + 1 : -_SIGNATURE]).digest(),
    )
    return tuple.__new__(PlainVoucher, says)
