"""Arithmetic modulo P-256's order N in fixed time, on the slots of a register file. Needs the viper emitter.

Products are Montgomery's (1985), R = 2^256. Numbers are below N, but for one operand of a product or sum, which may
be any 256 bits. `ORDER` is N, little-endian, with -1 / N modulo 2^16 behind it; while multiplying, the sum from limb
18 and one operand from limb 36.
"""

# ruff: noqa: E702, F821
# mypy: ignore-errors
import micropython

from .curve import N
from .inverse import Modulus

MODULUS = Modulus(N)
ORDER = bytearray(N.to_bytes(32, "little") + MODULUS.negative.to_bytes(2, "little") + bytes(70))


@micropython.viper
def add(f: ptr16, d: int, ab: int, m: ptr16):
    """Slot d = a + b modulo N, or a - b; ab is the slot a, and b << 8, and 1 << 16 for the difference."""
    d <<= 4
    a = (ab & 31) << 4
    b = ((ab >> 8) & 31) << 4
    minus = 0 - (ab >> 16)
    s = 0
    i = 0
    while i < 16:
        s += int(f[a + i]) + ((int(f[b + i]) ^ minus) - minus) - (int(m[i]) & (minus ^ -1))
        f[d + i] = s
        s >>= 16
        i += 1
    mask = s
    s = 0
    i = 0
    while i < 16:
        s += int(f[d + i]) + (int(m[i]) & mask)
        f[d + i] = s
        s >>= 16
        i += 1


@micropython.viper
def multiply(x: uint, p: ptr16, f: ptr16, dab: int):
    """Slot d = a * b / R modulo N, on multiply(0, ORDER, ...); dab is the slot d, a << 8, and b << 16.

    x and p are arguments to be in registers.
    """
    m = p
    d = (dab & 31) << 4
    a = ((dab >> 8) & 31) << 4
    b = (dab >> 16) << 4
    i = 0
    while i < 17:
        m[18 + i] = 0
        i += 1
    i = 0
    while i < 16:
        m[36 + i] = f[b + i]
        i += 1
    i = 0
    while i < 16:
        y = uint(f[a + i])
        p = ptr16(uint(m) + 36)
        x = uint(0)
        j = 4
        while j:
            # fmt: off
            x = uint(p[18]) * y + x + uint(p[0]); p[0] = x; x >>= 16
            x = uint(p[19]) * y + x + uint(p[1]); p[1] = x; x >>= 16
            x = uint(p[20]) * y + x + uint(p[2]); p[2] = x; x >>= 16
            x = uint(p[21]) * y + x + uint(p[3]); p[3] = x; x >>= 16
            # fmt: on
            p = ptr16(uint(p) + 8)
            j -= 1
        x += uint(p[0])
        p[0] = x
        high = x >> 16
        y = (uint(m[18]) * uint(m[16])) & 0xFFFF
        p = m
        x = (uint(p[18]) + y * uint(p[0])) >> 16
        j = 5
        while j:
            # fmt: off
            x = uint(p[1]) * y + x + uint(p[19]); p[18] = x; x >>= 16
            x = uint(p[2]) * y + x + uint(p[20]); p[19] = x; x >>= 16
            x = uint(p[3]) * y + x + uint(p[21]); p[20] = x; x >>= 16
            # fmt: on
            p = ptr16(uint(p) + 6)
            j -= 1
        x += uint(m[34])
        m[33] = x
        m[34] = high + (x >> 16)
        i += 1
    s = 0
    i = 0
    while i < 16:
        s += int(m[18 + i]) - int(m[i])
        f[d + i] = s
        s >>= 16
        i += 1
    mask = s + int(m[34])
    s = 0
    i = 0
    while i < 16:
        s += int(f[d + i]) + (int(m[i]) & mask)
        f[d + i] = s
        s >>= 16
        i += 1
