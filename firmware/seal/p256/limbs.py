"""Moving numbers about in fixed time: what native engines do besides arithmetic. Needs the viper emitter.

A number is 32 bytes, little-endian, in a slot of a register file: a bytearray of 32 slots. Slots are named by a
letter, `ord(letter) & 31`, as in the programs of `points`. Bytes are read by ptr8 and ptr16, which extend with
zeros on every port; a ptr32 is only copied or combined by bits (on x64 it extends with zeros, on 32-bit ports it
is a signed word). No branch and no address depends on a number. No bounds are checked.
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
def move(to: ptr32, fro: ptr32, at: int, start: int) -> int:
    """32 bytes at to[32 * at] = those at fro[32 * start]; 1 where they are zeros, else 0.

    Nothing is moved, in the same time, where start has bit 16 set. With n << 17 in it, n more numbers follow.
    """
    keep = 0 - ((start >> 16) & 1)
    take = keep ^ -1
    to = ptr32(uint(to) + (at << 5))
    fro = ptr32(uint(fro) + ((start & 0xFFFF) << 5))
    bits = 0
    i = ((start >> 17) + 1) << 3
    while i:
        word = (to[0] & keep) | (fro[0] & take)
        to[0] = word
        bits |= word
        to = ptr32(uint(to) + 4)
        fro = ptr32(uint(fro) + 4)
        i -= 1
    bits = (bits | (bits >> 16)) & 0xFFFF
    return ((bits - 1) >> 31) & 1


def is_zero(f: bytearray, slot: int) -> int:
    """1 for a slot of zeros, else 0."""
    return move(f, f, slot, slot)


@micropython.viper
def recode(digits: ptr8, f: ptr8):
    """The columns of the comb for slot K, odd: digits[2 * c + u] for column c of table u, of 22 and 2. Changes slot L.

    The scalar is written with digits +1 and -1 only, one a bit position (see `comb_table`): bit 7 of a column is
    its sign, bits 0 to 4 the table's index.
    """
    f = ptr8(uint(f) + (11 << 5))
    f[32] = 0
    f[33] = 1  # bit 264: the top digit is +1
    i = 0
    while i < 44:
        bit = 22 * (i & 1) + (i >> 1) + 1
        index = 0
        tooth = 0
        while tooth < 6:
            index |= ((f[bit >> 3] >> (bit & 7)) & 1) << tooth
            bit += 44
            tooth += 1
        minus = 1 - (index >> 5)
        digits[i] = ((index ^ (0 - minus)) & 31) | minus << 7
        i += 1


def area(modulus: int) -> bytearray:
    """What an engine's `run` needs of a modulus, see `viper_field`; the last four bytes are -1 / modulus."""
    inverse = 1
    for _ in range(5):
        inverse = inverse * (2 - modulus * inverse) & 0xFFFFFFFF
    return bytearray(148) + modulus.to_bytes(32, "little") + (-inverse & 0xFFFFFFFF).to_bytes(4, "little")
