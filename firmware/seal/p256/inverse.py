"""Modular inversion in fixed time, for both of P-256's moduli. Needs the viper emitter.

Bernstein and Yang, "Fast constant-time gcd computation and modular inversion" (2019), in the variant with delta
starting at 1/2, for which 590 division steps suffice below 2^256 (a bound of Pieter Wuille's, in libsecp256k1's notes
on safegcd). Here 43 rounds of 14 steps: numbers have 19 digits of 14 bits, the highest signed, so that a round is an
exact shift by one digit and no product passes 2^31.

A work area holds 16-bit values, in two halves that a round goes to and fro between: f at 0, g at 20, d at 40, e at 60,
the modulus at 80; the same from 100; the modulus's inverse modulo 2^14 at 199, a round's matrix, signed, at 200, a
number of 16 limbs at 208, and a zero.
"""

# ruff: noqa: F821
# mypy: ignore-errors
import micropython

from .limbs import area, move


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

    f is where s has f, and g 20 further; they are arguments to be in registers. Two entries of the matrix share a
    word, u + v * 2^16.
    """
    g = int(s[f + 20])
    f = int(s[f])
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
    s[200] = f
    s[201] = (uv - f) >> 16
    f = ((qr & 0xFFFF) ^ 0x8000) - 0x8000
    s[202] = f
    s[203] = (qr - f) >> 16
    return zeta


@micropython.viper
def _apply(p: ptr16, d: int, s: ptr16, fro: int):
    """The matrix times (f, g), exactly, then times (d, e) modulo M, both over 2^14; d and e are between -2 M and M.

    From the half of the work area s that is at `fro` to the other. With fro's bit 8 set, only the latter.
    """
    low = 0x3FFF
    at = (fro >> 8) * 40
    fro &= 0xFF
    o = ptr16(uint(s) + ((100 - fro + at) << 1))
    while at < 80:
        k = 0  # the matrix's row
        while k < 4:
            p = ptr16(uint(s) + ((fro + at) << 1))
            u = (int(s[200 + k]) ^ 0x8000) - 0x8000
            v = (int(s[201 + k]) ^ 0x8000) - 0x8000
            x = 0  # how often M is added, so that the lowest digit becomes 0
            if at:
                x = (u & (0 - (int(p[18]) >> 15))) + (v & (0 - (int(p[38]) >> 15)))
                x -= (int(s[199]) * ((int(p[0]) * u + int(p[20]) * v) & low) + x) & low
            d = int(p[0]) * u + int(p[20]) * v + int(s[80]) * x
            i = 17
            while i:
                d >>= 14
                d = int(p[1]) * u + d
                d = int(p[21]) * v + d
                if at:
                    d = int(p[41]) * x + d
                o[0] = d & low
                o = ptr16(uint(o) + 2)
                p = ptr16(uint(p) + 2)
                i -= 1
            d = (d >> 14) + ((int(p[1]) ^ 0x8000) - 0x8000) * u + ((int(p[21]) ^ 0x8000) - 0x8000) * v
            if at:
                d += int(p[41]) * x
            o[0] = d & low
            o[1] = d >> 14
            o = ptr16(uint(o) + 6)
            k += 2
        at += 40


class Modulus:
    """P or N. `area` is what an engine's `run` needs of it, see `limbs.area`."""

    def __init__(self, modulus: int) -> None:
        self.area = area(modulus)
        self._s = s = bytearray(452)
        s[416:448] = self.area[148:180]
        for at in (0, 80, 180):  # f = M, and M itself
            _repack(s, at, 208, 16 << 5 | 14)
        s[120] = 1  # e
        s[398:400] = (-self.area[180] - 256 * self.area[181] & 0x3FFF).to_bytes(2, "little")
        self._start = bytes(s[:160])

    def invert(self, f: bytearray, slot: int) -> None:
        """The slot's number x, below the modulus, becomes 1 / x; 0 stays 0."""
        s = self._s
        for i in range(5):
            move(s, self._start, i, i)
        move(s, f, 13, slot)
        _repack(s, 20, 208, 16 << 5 | 14)
        zeta, at = -1, 0
        for _ in range(43):
            zeta = _steps(at, 0, s, zeta)
            _apply(s, 0, s, at)
            at = 100 - at
        s[400] = s[402] = s[403] = 0
        s[401] = 0x40 | (s[2 * at + 37] & 0x80)  # d times f, which is 1 or -1; then from 0 to M
        _apply(s, 0, s, 256 | at)
        s[401] = 0x40
        _apply(s, 0, s, 256 | 100 - at)
        _repack(s, 208, 40 + at, 14 << 5 | 16)
        move(f, s, slot, 13)
