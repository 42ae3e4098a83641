"""Coupons: what a signature needs besides its message and key, prepared while the device is idle.

A coupon is a nonce with r and 1 / nonce. With one at hand a signature is two products modulo N, and one more to see
that it is right: 1 ms where it was 60.

The risk, for SECURITY.md too: a coupon at hand is a nonce in RAM, and one nonce that is read, or used twice, is the
key. So a coupon is wiped as it is taken, before anything is computed; it is never on flash and does not outlive a
reset; its nonce is drawn anew from the board's entropy, which fails closed, and not by RFC 6979. Off unless a board
makes a `Coupons` and gives it to its keystore. It adds nothing where signatures are rare.

Faults: r is computed twice, under different blindings, before a coupon counts. A CRC-32 finds what changes in
RAM, and the last product a signature that does not fit its nonce, so nothing else is verified.
"""

from binascii import crc32

from ..errors import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from ..ports import Random


class Coupons:
    """Up to `count` coupons, in RAM. `p256` is the module seal.p256, whose engine makes and redeems them."""

    def __init__(self, p256: "Any", count: int = 1) -> None:
        self._p256 = p256
        self._count = count
        self._kept = []

    def __len__(self) -> int:
        return len(self._kept)

    def prepare(self, random: "Random") -> bool:
        """Make one coupon, its nonce from `random(n) -> n bytes`. False: no room, or no engine of fixed time.

        Takes as long as two signatures. Raises EntropyFailed, and Fault where the engine contradicts itself.
        """
        if len(self._kept) >= self._count or not self._p256.fixed_time:
            return False
        coupon = self._p256.native().coupon(self._p256.secret_from(random))
        self._kept.append((coupon, crc32(coupon)))
        return True

    def sign(self, secret32: bytes, digest32: bytes) -> bytes | None:
        """r||s, 64 bytes, at the price of a coupon; None where there is none. Secret and digest as for p256.sign.

        Raises Fault for a damaged coupon, or a signature that is not right; the coupon is gone then, too.
        """
        if not self._kept:
            return None
        self._p256.check_secret(secret32)
        self._p256.check_digest(digest32)
        coupon, checksum = self._kept.pop()
        if crc32(coupon) != checksum:
            coupon[:] = bytes(len(coupon))
            raise Fault("a coupon was damaged in RAM: nothing was released")
        signature = self._p256.native().redeem(coupon, secret32, digest32)
        if signature is None:
            raise Fault("a coupon gave r = 0 or s = 0: nothing was released")
        return signature
