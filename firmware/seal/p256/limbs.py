"""Moving numbers about in fixed time: what native engines do besides arithmetic. Needs the viper emitter.

A number is 32 bytes, little-endian, in a slot of a register file: a bytearray of 32 slots. Slots are named by a
letter, `ord(letter) & 31`, as in the programs of `points`. Bytes are read by ptr8 and ptr16, which extend with
zeros on every port; a ptr32 is only copied or combined by bits (on x64 it extends with zeros, on 32-bit ports it
is a signed word). No branch and no address depends on a number, but for `naf`. No bounds are checked.
"""

# ruff: noqa: E702, F821
# mypy: ignore-errors
import micropython


@micropython.viper
def swap(to: ptr8, at: int, fro: ptr8, start: int):
    """32 bytes at to[at] = those at fro[start], in reverse: between big-endian bytes and a slot."""
    i = 31
    while i >= 0:
        to[at] = fro[start + i]
        at += 1
        i -= 1


@micropython.viper
def move(to: ptr32, fro: ptr32, at: int, start: int):
    """32 bytes at to[32 * at] = those at fro[32 * start]; nothing where start has bit 16 set, in the same time."""
    keep = 0 - (start >> 16)
    take = keep ^ -1
    to = ptr32(uint(to) + (at << 5))
    fro = ptr32(uint(fro) + ((start & 0xFFFF) << 5))
    i = 4
    while i:
        to[0] = (to[0] & keep) | (fro[0] & take)
        to[1] = (to[1] & keep) | (fro[1] & take)
        to = ptr32(uint(to) + 8)
        fro = ptr32(uint(fro) + 8)
        i -= 1


@micropython.viper
def fetch(v: ptr32, t: ptr32, index: int):
    """Slots V, W of the register file v = the affine point at t[64 * index]."""
    v = ptr32(uint(v) + (22 << 5))
    t = ptr32(uint(t) + (index << 6))
    i = 4
    while i:
        v[0] = t[0]; v[1] = t[1]; v[2] = t[2]; v[3] = t[3]  # fmt: skip
        v = ptr32(uint(v) + 16)
        t = ptr32(uint(t) + 16)
        i -= 1


@micropython.viper
def is_zero(f: ptr16, slot: int) -> int:
    """1 for a slot of zeros, else 0."""
    slot <<= 4
    end = slot + 16
    bits = 0
    while slot < end:
        bits |= f[slot]
        slot += 1
    return ((bits - 1) >> 31) & 1


@micropython.viper
def recode(digits: ptr8, f: ptr8, slot: int):
    """The columns of the comb for an odd scalar: digits[2 * c + u] for column c of table u, of 22 and 2.

    The scalar is written with digits +1 and -1 only, one a bit position (see `comb_table`): bit 7 of a column is
    its sign, bits 0 to 4 the table's index. digits is 80 bytes; the last 36 are used on the way.
    """
    slot <<= 5
    i = 0
    while i < 32:
        digits[44 + i] = f[slot + i]
        i += 1
    digits[76] = 0
    digits[77] = 1  # bit 264: the top digit is +1
    i = 0
    while i < 44:
        bit = 22 * (i & 1) + (i >> 1) + 1 + 44 * 8
        index = 0
        tooth = 0
        while tooth < 6:
            index |= ((digits[bit >> 3] >> (bit & 7)) & 1) << tooth
            bit += 44
            tooth += 1
        minus = 1 - (index >> 5)
        digits[i] = ((index ^ (0 - minus)) & 31) | minus << 7
        i += 1


@micropython.viper
def scan(v: ptr32, t: ptr32, digits: ptr8, at: int):
    """Slots V, W = the point of the comb's table that digits[at] chooses, by reading the whole table.

    `v` is the register file and `t` the table; they are the pointers in registers then.
    """
    want = digits[at] & 31
    t = ptr32(uint(t) + ((at & 1) << 11))
    v = ptr32(uint(v) + (22 << 5))
    i = 0
    while i < 16:
        v[i] = 0
        i += 1
    i = 0
    while i < 32:
        mask = ((i ^ want) - 1) >> 31
        # fmt: off
        v[0] = (t[0] & mask) | v[0]; v[1] = (t[1] & mask) | v[1]
        v[2] = (t[2] & mask) | v[2]; v[3] = (t[3] & mask) | v[3]
        v[4] = (t[4] & mask) | v[4]; v[5] = (t[5] & mask) | v[5]
        v[6] = (t[6] & mask) | v[6]; v[7] = (t[7] & mask) | v[7]
        v[8] = (t[8] & mask) | v[8]; v[9] = (t[9] & mask) | v[9]
        v[10] = (t[10] & mask) | v[10]; v[11] = (t[11] & mask) | v[11]
        v[12] = (t[12] & mask) | v[12]; v[13] = (t[13] & mask) | v[13]
        v[14] = (t[14] & mask) | v[14]; v[15] = (t[15] & mask) | v[15]
        # fmt: on
        t = ptr32(uint(t) + 64)
        i += 1


@micropython.viper
def naf(digits: ptr8, f: ptr8, slot: int):
    """Width-5 NAF of a public number, lowest digit first: 257 bytes, 0 or an odd digit d as d mod 32. Varies in time.

    Hankerson, Menezes, Vanstone: Guide to Elliptic Curve Cryptography, algorithm 3.35.
    """
    slot <<= 5
    word = 0  # what is left of the number, five bits of it
    i = 0
    while i < 261:
        if i < 256:
            word += ((f[slot + (i >> 3)] >> (i & 7)) & 1) << 4
        if i > 3:
            digit = (word & 31) * (word & 1)
            word += ((digit & 16) << 1) - digit
            digits[i - 4] = digit
        word >>= 1
        i += 1
