"""Print seal/p256/viper_field.py: arithmetic modulo P-256's prime and order for the viper emitter.

`python firmware/tools/make_viper_field.py > firmware/seal/p256/viper_field.py`; a test compares the two. A call costs
2,000 cycles on a Cortex-M0+, so it has to be one function; its seams are here.

Viper keeps a function's first two locals in registers and the rest on the stack, loads with a constant index in one
instruction, and spills when two loads meet in one expression. A product of 16-bit limbs in row order, with the carry in
`x`, takes 22 cycles, and 26 with the shift inside the expression. A product and two 16-bit terms never pass 2^32, so
this is exact where a word has 32 bits and where it has 64. Loops of few iterations of some lines cost a tenth of the
speed and half the size of straight lines. Their length is fixed: the time depends on program and modulus alone.

Reduction is Montgomery's (1985), R = 2^256. Modulo N it is a second pass of rows. As P = -1 modulo 2^96, the digits of
its quotient are the low limbs themselves, and P = 2^256 - 2^224 + 2^192 + 2^96 - 1 makes of each a few additions.
"""

from collections.abc import Callable, Iterable, Iterator

FAST = (15, 2)  # how many of a row's 15 products that are alike, and of other limbs, are in a loop's body
SMALL = (5, 1)

HEAD = '''"""Arithmetic modulo P and N for the viper emitter. Made by tools/make_viper_field.py; do not edit.

`run(0, area, program, registers)`: see `points` for what a program is. The area is a modulus's, in limbs: w[0..15] one
factor; w[16..31] the sum's upper half, then the result; w[32..47] zeros; w[48..63] the lower half, then the quotient;
w[64..73] zeros; w[74..89] the modulus; w[90] what `Modulus` calls negative.
"""

# ruff: noqa
# fmt: off
# mypy: ignore-errors
import micropython
'''

RUN = """
@micropython.viper
def run(x: uint, p: ptr16, program, registers):
    w = p
    code = ptr8(program)
    base = uint(ptr8(registers))
    while code[0]:
        d = ptr16(base + ((code[0] & 31) << 5))
        a = ptr16(base + ((code[2] & 31) << 5))
        b = ptr16(base + ((code[4] & 31) << 5))
        j = code[3] - 42  # 0 for *, 1 for +, 3 for -
        code = ptr8(uint(code) + 6)
"""

SCAN = '''
@micropython.viper
def scan(v: ptr32, t: ptr32, digits: ptr8, at: int):
    """Slots V, W of the register file v = the point of the comb's table t that digits[at] chooses; reads all of t."""
'''


def indent(lines: Iterable[str], depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]


def loop(count: int, body: int, lines: Callable[[int], str], *pointers: str, counter: str = "i") -> Iterator[str]:
    """A line for each of `count` limbs, `body` of them written out: `lines(n)` for the n-th after the pointers."""
    yield f"{counter} = {count // body}"
    yield f"while {counter}:"
    for n in range(body):
        yield "    " + lines(n)
    for pointer in pointers:
        yield f"    {pointer} = ptr16(uint({pointer}) + {2 * body})"
    yield f"    {counter} -= 1"


def row(body: int) -> Iterator[str]:
    """A row of products, y times the factor, is added and one limb shifted out."""
    yield "p = w"
    yield "if j:"
    yield "    y = (uint(p[16]) * uint(p[90])) & 0xFFFF"
    yield "    s += int(t[0])"
    yield "else:"
    yield "    y = uint(a[0])"
    yield "x = uint(p[0]) * y + uint(p[16]); t[0] = x; x >>= 16"

    def product(n: int) -> str:
        return f"x = uint(p[{n + 1}]) * y + x + uint(p[{n + 17}]); p[{n + 16}] = x; x >>= 16"

    if body == 15:
        yield from map(product, range(15))
        yield "s += int(x); p[31] = s; s >>= 16"
    else:
        yield from loop(15, body, product, "p", counter="k")
        yield "s += int(x); p[16] = s; s >>= 16"


def rows(body: int) -> Iterator[str]:
    """Sixteen rows, for each limb of a; or, where j is 1, of the quotient."""
    yield "t = ptr16(uint(w) + 96)"
    yield "i = 16"
    yield "while i:"
    yield from indent(row(body))
    yield from indent(("a = ptr16(uint(a) + 2)", "t = ptr16(uint(t) + 2)", "i -= 1"))
    yield "p = w"


def product(body: int, limbs: int) -> Iterator[str]:
    """w[16..31] and s above it = a * b / R less the modulus, but for a multiple of that."""
    yield from loop(16, limbs, lambda n: f"p[{n}] = b[{n}]; p[{n + 16}] = 0", "p", "b")
    yield "s = 0"
    yield "while True:"
    yield from indent(rows(body))
    yield "    if j or int(p[90]) == 1:"
    yield "        break"
    yield "    j = 1"
    exchange = "x = uint(p[{1}]); p[{1}] = p[{2}]; p[{2}] = x; p[{0}] = p[{3}]"
    yield from indent(loop(16, 1, lambda n: exchange.format(n, n + 16, n + 48, n + 74), "p"))
    yield "if j:"
    yield "    j = s"
    yield "    s = 0"
    less = "s += int(p[{0}]) - int(p[{1}]); p[{0}] = s; s >>= 16"
    yield from indent(loop(16, 1, lambda n: less.format(n + 16, n + 74), "p"))
    yield "    s += j"
    yield "else:"
    yield from indent(reduction(limbs))


def reduction(limbs: int) -> Iterator[str]:
    """Modulo P: from the 32 limbs of a product to its quotient, then to what is left, less P."""
    quotient = "s += int(p[{0}]) + int(p[{1}]) - int(p[{2}])"

    def low(n: int) -> str:
        return quotient.format(n + 10, n + 4, n + 2) + f" + int(p[{n + 16}]); p[{n + 16}] = s; s >>= 16"

    def high(n: int) -> str:
        terms = quotient.format(n + 10, n + 4, n + 2) + f" + int(p[{n}])"
        return f"{terms} + int(t[{n}]) - int(t[{n + 58}]); t[{n}] = s; s >>= 16"

    yield "p = ptr16(uint(p) + 64)"
    yield from loop(16, limbs, low, "p")
    yield "t = ptr16(uint(w) + 32)"
    yield from loop(16, limbs, high, "p", "t")


def sums(limbs: int) -> Iterator[str]:
    """w[16..31] and s above it = a + b less the modulus, or a - b."""
    yield "s = 0"
    yield "if j > 1:"
    minus = "s += int(a[{0}]) - int(b[{0}]); p[{1}] = s; s >>= 16"
    yield from indent(loop(16, limbs, lambda n: minus.format(n, n + 16), "a", "b", "p"))
    yield "else:"
    plus = "s += int(a[{0}]) + int(b[{0}]) - int(p[{2}]); p[{1}] = s; s >>= 16"
    yield from indent(loop(16, limbs, lambda n: plus.format(n, n + 16, n + 74), "a", "b", "p"))


def result(limbs: int) -> Iterator[str]:
    """d = w[16..31], and the modulus more where s is -1 and not 0."""
    yield "y = uint(s & 0xFFFF)"
    yield "x = uint(0)"
    yield "p = w"
    line = "x = (uint(p[{2}]) & y) + x + uint(p[{1}]); d[{0}] = x; x >>= 16"
    yield from loop(16, limbs, lambda n: line.format(n, n + 16, n + 74), "p", "d")


def scan() -> Iterator[str]:
    """Four words of the 16 of an entry at a time."""
    yield "want = digits[at] & 31"
    yield "t = ptr32(uint(t) + ((at & 1) << 11))"
    yield "v = ptr32(uint(v) + (22 << 5))"
    yield from ("i = 16", "while i:", "    i -= 1", "    v[i] = 0")
    yield from ("i = 32", "while i:", "    i -= 1", "    mask = (((31 - i) ^ want) - 1) >> 31")
    yield from ("    k = 4", "    while k:")
    yield from indent((f"v[{n}] = (t[{n}] & mask) | v[{n}]" for n in range(4)), 2)
    yield from indent(("v = ptr32(uint(v) + 16)", "t = ptr32(uint(t) + 16)", "k -= 1"), 2)
    yield "    v = ptr32(uint(v) - 64)"


def main(row_body: int, limbs: int) -> str:
    """The module's text, for one of the sizes."""
    body = ["p = w", "if j:", *indent(sums(limbs)), "else:", *indent(product(row_body, limbs)), *result(limbs)]
    return HEAD + "\n" + RUN + "\n".join(indent(body, 2)) + "\n\n" + SCAN + "\n".join(indent(scan())) + "\n"


if __name__ == "__main__":
    print(main(*FAST), end="")
