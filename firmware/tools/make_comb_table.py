"""Print seal/p256/comb_table.py: the multiples of P-256's base point for the signed comb.

Run on the development machine: `python firmware/tools/make_comb_table.py > firmware/seal/p256/comb_table.py`.
It uses the schoolbook affine formulas and shares nothing with the engines, so the table does not inherit
their faults.

A scalar's digits (+1 or -1) at positions t*SPACING*TABLES + u*SPACING + c, t = 0..TEETH-1, form one column c
of table u. Entry i of table u is the sum over t of sign(t) * 2^(t*SPACING*TABLES + u*SPACING) * G, where the
top tooth is positive and the others follow the bits of i, set for +. Reference: Hedabou, Pinel, Beneteau,
"Countermeasures for preventing comb method against SCA attacks", 2005.
"""

import sys

# SP 800-186 section 3.2.1.3
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
GX = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
GY = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5

TEETH, TABLES, SPACING = 6, 2, 22  # 64 points, 4 KB; 264 digits for scalars below 2^256
Point = tuple[int, int]  # affine

HEADER = '''"""Multiples of the base point for the signed comb. Made by tools/make_comb_table.py; do not edit.

Entry i of table u, at POINTS[64 * (u * 2**(TEETH - 1) + i)], is X||Y: the sum over teeth t of
+-2^(SPACING * (TABLES * t + u)) * G, with + for the top tooth, and for the others + where bit t of i is set.
Coordinates are in Montgomery form, times 2^256 modulo P, little-endian: as the native engines load them.
"""

TEETH = %d
TABLES = %d
SPACING = %d
POINTS = (
'''


def add(a: Point, b: Point) -> Point:
    """The sum of two affine points, neither of them infinity nor the other's opposite."""
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def points() -> list[Point]:
    """The entries in order, as affine points."""
    power = (GX, GY)
    powers = []
    for _ in range(TEETH * TABLES):
        powers.append(power)
        for _ in range(SPACING):
            power = add(power, power)
    out = []
    for table in range(TABLES):
        for index in range(1 << (TEETH - 1)):
            entry = powers[TABLES * (TEETH - 1) + table]
            for tooth in range(TEETH - 1):
                x, y = powers[TABLES * tooth + table]
                entry = add(entry, (x, y if index >> tooth & 1 else P - y))
            out.append(entry)
    return out


def source() -> str:
    """The module's text."""
    data = b"".join((number * 2**256 % P).to_bytes(32, "little") for point in points() for number in point)
    lines = []
    for at in range(0, len(data), 24):
        lines.append('    b"%s"\n' % "".join("\\x%02x" % byte for byte in data[at : at + 24]))
    return HEADER % (TEETH, TABLES, SPACING) + "".join(lines) + ")\n"


if __name__ == "__main__":
    sys.stdout.write(source())
