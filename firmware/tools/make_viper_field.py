"""Print seal/p256/viper_field.py: field arithmetic modulo P-256's prime for the viper emitter.

`python firmware/tools/make_viper_field.py > firmware/seal/p256/viper_field.py`; a test compares the two.

Viper keeps a function's first two locals in registers and the rest on the stack, loads with a constant index in one
instruction, and spills when two loads meet in one expression. Measured on Cortex-M0+, a product of 16-bit limbs in
row order, `x = w[j] * y + x + w[16 + j]` with the carry in `x`, takes 22 cycles, and 26 with the shift inside the
expression. A product and two 16-bit terms never pass 2^32, so this is exact where a word has 32 bits and where it
has 64. The code is straight-line but for loops of fixed length: its time depends on the program alone.

Reduction is Montgomery's (1985), in one pass over columns: as P = -1 modulo 2^96, the quotient's digits are the
low limbs themselves, and P = 2^256 - 2^224 + 2^192 + 2^96 - 1 makes of each a few additions.
"""

LIMBS = 16
PRIME = [0xFFFF] * 6 + [0] * 6 + [1, 0, 0xFFFF, 0xFFFF]  # the limbs of P, lowest first
COMPLEMENT = {0: 1, 6: -1, 12: -1, 14: 1}  # 2^256 - P: to be added at these limbs

HEAD = '''"""Field arithmetic for the viper emitter. Made by tools/make_viper_field.py; do not edit.

`run(0, work, program, registers)`: see `points` for what a program is. `work` is 96 bytes, its content of no use
after. Limbs: w[0..15] one operand, then the result; w[16..31] the sum's upper half; w[32..47] its lower half, then
the quotient. One function, unrolled: a call costs 500 cycles on a Cortex-M0+ and a loop doubles the work.
"""

# ruff: noqa
# fmt: off
# mypy: ignore-errors
import micropython


@micropython.viper
def run(x: uint, w: ptr16, program, registers):
    p = ptr8(program)
    base = uint(ptr8(registers))
    s = 0
    while True:
        op = p[3]
        d = ptr16(base + ((p[0] & 31) << 5))
        a = ptr16(base + ((p[2] & 31) << 5))
        b = ptr16(base + ((p[4] & 31) << 5))
        p = ptr8(uint(p) + 6)
        if op == 42:  # *
'''


def term(k):
    """The quotient's digit k, where there is one."""
    return f"int(w[{32 + k}])" if 0 <= k < LIMBS else ""


def constant(k):
    """What 2^256 - P adds to limb k."""
    return {1: " + 1", -1: " - 1"}.get(COMPLEMENT.get(k, 0), "")


def product():
    """w[16..31] || w[32..47] = a * b."""
    for j in range(0, LIMBS, 4):
        yield "; ".join(f"w[{i}] = b[{i}]" for i in range(j, j + 4))
    for j in range(0, LIMBS, 4):
        yield "; ".join(f"w[{LIMBS + i}] = 0" for i in range(j, j + 4))
    yield "i = 0"
    yield "while i < 16:"
    yield "    y = uint(a[i])"
    yield "    x = uint(w[0]) * y + uint(w[16]); w[32 + i] = x"
    for j in range(1, LIMBS):
        yield f"    x >>= 16; x = uint(w[{j}]) * y + x + uint(w[{16 + j}]); w[{15 + j}] = x"
    yield "    w[31] = x >> 16; i += 1"


def reduction():
    """w[0..15] and s = the product / 2^256 modulo P, less P."""
    for k in range(6, 2 * LIMBS):  # the lowest six limbs are digits of the quotient as they are
        at = 32 + k if k < LIMBS else k
        plus = "".join(" + " + term(k - back) for back in (6, 12, 16) if term(k - back))
        minus = " - " + term(k - 14) if term(k - 14) else ""
        shift, carry = ("s >>= 16; ", " + s") if k > 6 else ("", "")
        to = at if k < LIMBS else k - LIMBS
        yield f"{shift}s = int(w[{at}]){carry}{plus}{minus}{constant(k - LIMBS)}; w[{to}] = s"
    yield "s = (s >> 16) - 1"


def sums(sign):
    """w[0..15] and s = a + b less P, or a - b."""
    for j in range(LIMBS):
        shift, carry = ("s >>= 16; ", " + s") if j else ("", "")
        extra = constant(j) if sign == "+" else ""
        yield f"{shift}s = int(a[{j}]){carry} {sign} int(b[{j}]){extra}; w[{j}] = s"
    yield "s = (s >> 16) - 1" if sign == "+" else "s >>= 16"


def restore():
    """d = w[0..15], plus P where s is -1 and not 0."""
    yield "y = uint(s & 0xFFFF)"
    for j in range(LIMBS):
        shift, carry = ("x >>= 16; ", " + x") if j else ("", "")
        masked = {0: "", 1: " + (y & 1)", 0xFFFF: " + y"}[PRIME[j]]
        yield f"{shift}x = uint(w[{j}]){carry}{masked}; d[{j}] = x"


def main():
    """The module's text."""
    lines = [" " * 12 + line for part in (product(), reduction()) for line in part]
    lines += [" " * 8 + "elif op == 43:  # +", *(" " * 12 + line for line in sums("+"))]
    lines += [" " * 8 + "elif op == 45:  # -", *(" " * 12 + line for line in sums("-"))]
    lines += [" " * 8 + "else:", " " * 12 + "return", *(" " * 8 + line for line in restore())]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(main(), end="")
