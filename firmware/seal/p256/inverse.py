"""Modular inversion in fixed time, for both of P-256's moduli. Needs the viper emitter.

Bernstein and Yang, "Fast constant-time gcd computation and modular inversion" (2019), in the variant with delta
starting at 1/2, for which 590 division steps suffice below 2^256 (a bound of Pieter Wuille's, in libsecp256k1's notes
on safegcd). Here 43 rounds of 14 steps: numbers have 19 digits of 14 bits, the highest signed, so that a round is an
exact shift by one digit and no product passes 2^31.

A work area holds 16-bit values: f at 0, g at 20, d at 40, e at 60, the modulus at 80, its inverse modulo 2^14 at 99,
a round's matrix, signed, at 100, a number of 16 limbs at 112, and a zero.
"""

# ruff: noqa: F821
# mypy: ignore-errors
import micropython

from .limbs import move


@micropython.viper
def _repack(s: ptr16, to: int, fro: int, widths: int):
    """Digits of `widths & 31` bits at s[to], from digits of `widths >> 5` bits at s[fro]: 256 bits of it."""
    out = widths & 31
    width = widths >> 5
    value = 0
    have = 0
    done = 0
    while done < 256:
        while have < out:
            value |= s[fro] << have
            fro += 1
            have += width
        s[to] = value & ((1 << out) - 1)
        to += 1
        value >>= out
        have -= out
        done += out


@micropython.viper
def _steps(f: int, g: int, s: ptr16, zeta: int) -> int:
    """14 division steps on the lowest digits of f and g give a round's matrix. Returns the new zeta.

    f and g are s[0] and s[20]; they are arguments to be in registers. Two entries of the matrix share a word,
    u + v * 2^16.
    """
    f = int(s[0])
    g = int(s[20])
    uv = 1
    qr = 0x10000
    i = 14
    while i:
        minus = zeta >> 31
        odd = 0 - (g & 1)
        g += ((f ^ minus) - minus) & odd
        qr += ((uv ^ minus) - minus) & odd
        minus &= odd
        zeta = (zeta ^ minus) - 1
        f += g & minus
        uv += qr & minus
        g >>= 1
        uv <<= 1
        i -= 1
    f = ((uv & 0xFFFF) ^ 0x8000) - 0x8000
    s[100] = f
    s[101] = (uv - f) >> 16
    f = ((qr & 0xFFFF) ^ 0x8000) - 0x8000
    s[102] = f
    s[103] = (qr - f) >> 16
    return zeta


@micropython.viper
def _apply(p: ptr16, d: int, at: int):
    """The matrix times (f, g), exactly, then times (d, e) modulo M, both over 2^14; d and e are between -2 M and M.

    p is the work area. With at = 40, only the latter.
    """
    s = p
    u = (int(s[100]) ^ 0x8000) - 0x8000
    v = (int(s[101]) ^ 0x8000) - 0x8000
    q = (int(s[102]) ^ 0x8000) - 0x8000
    r = (int(s[103]) ^ 0x8000) - 0x8000
    low = 0x3FFF
    while at < 80:
        p = ptr16(uint(s) + (at << 1))
        x = 0  # how often M is added to each, so that the lowest digit becomes 0
        y = 0
        if at:
            a = 0 - (int(p[18]) >> 15)
            b = 0 - (int(p[38]) >> 15)
            x = (u & a) + (v & b)
            y = (q & a) + (r & b)
            a = int(p[0])
            b = int(p[20])
            x -= (int(s[99]) * ((u * a + v * b) & low) + x) & low
            y -= (int(s[99]) * ((q * a + r * b) & low) + y) & low
        d = int(p[0]) * u + int(p[20]) * v + int(s[80]) * x
        e = int(p[0]) * q + int(p[20]) * r + int(s[80]) * y
        i = 17
        while i:
            d >>= 14
            e >>= 14
            d = int(p[1]) * u + d
            d = int(p[21]) * v + d
            e = int(p[1]) * q + e
            e = int(p[21]) * r + e
            if at:
                d = int(p[41]) * x + d
                e = int(p[41]) * y + e
            p[0] = d & low
            p[20] = e & low
            p = ptr16(uint(p) + 2)
            i -= 1
        a = (int(p[1]) ^ 0x8000) - 0x8000
        b = (int(p[21]) ^ 0x8000) - 0x8000
        d = (d >> 14) + a * u + b * v + int(p[41]) * x
        e = (e >> 14) + a * q + b * r + int(p[41]) * y
        p[0] = d & low
        p[20] = e & low
        p[1] = d >> 14
        p[21] = e >> 14
        at += 40


class Modulus:
    """An odd modulus below 2^256, with what inverting modulo it needs."""

    def __init__(self, modulus):
        inverse = 1
        for _ in range(4):
            inverse = inverse * (2 - modulus * inverse) & 0xFFFF
        self.negative = -inverse & 0xFFFF  # -1 / modulus, modulo 2^16
        digits = b"".join([(modulus >> 14 * i & 0x3FFF).to_bytes(2, "little") for i in range(19)])
        self._start = digits + bytes(82) + b"\1" + bytes(39) + digits + (inverse & 0x3FFF).to_bytes(2, "little")
        self._start += bytes(24)
        self._s = bytearray(260)

    def invert(self, f, slot):
        """The slot's number x, below the modulus, becomes 1 / x; 0 stays 0."""
        s = self._s
        for i in range(7):
            move(s, self._start, i, i)
        move(s, f, 7, slot)
        _repack(s, 20, 112, 16 << 5 | 14)
        zeta = -1
        for _ in range(43):
            zeta = _steps(0, 0, s, zeta)
            _apply(s, 0, 0)
        s[200] = s[202] = s[203] = 0
        s[201] = 0x40 | (s[37] & 0x80)  # d times f, which is 1 or -1; then from 0 to M
        _apply(s, 0, 40)
        s[201] = 0x40
        _apply(s, 0, 40)
        _repack(s, 112, 40, 14 << 5 | 16)
        move(f, s, slot, 7)
