"""Print seal/p256/thumb_field.py: field arithmetic modulo P-256's prime in Thumb instructions.

`build.py` runs this for the architectures that have Thumb, so the 2,000 unrolled instructions are in no repository.
Only instructions of ARMv6-M are used (RP2040's Cortex-M0+); ARMv7-M and ARMv8-M run them too.

A Cortex-M0+ multiplies 32 x 32 bits to the low 32 in one cycle and loads in two, so a product of two 16-bit limbs
is whole and cheap, and what costs is fetching limbs and counting carries. Both operands are therefore spread on
the stack, one limb a word, and summed by columns (product scanning; Comba 1990), two neighbouring columns at a
time: a limb of `a` meets b[j + 1] in one column and b[j] in the other, so one load serves two products, and five
cycles a product are left. Reduction is Montgomery's (1985) and goes along column by column: as P = -1 modulo 2^96,
the quotient's digits are the low words themselves, and P = 2^256 - 2^224 + 2^192 + 2^96 - 1 makes of each a few
additions. Branches and addresses depend on the program alone, never on values.

Register use in the columns: r0, r1 even column; r2, r3 odd column; r4 zero; r5, r6 limbs; r7 the carry in.
"""

A, B, M, OUT, PROGRAM, BASE, TARGET, FRAME = 0, 16, 32, 40, 48, 49, 50, 52  # the stack frame, in words

_lines = []


def emit(*instructions):
    """Append instructions, one a line as the assembler wants them."""
    _lines.extend("    " + instruction for instruction in instructions)


def load(register, word):
    """ldr register, [sp, #4 * word]: MicroPython's assembler has no name for it."""
    return f"data(2, {0x9800 | register << 8 | word:#06x})"


def store(register, word):
    return f"data(2, {0x9000 | register << 8 | word:#06x})"


def spread(pointer, words):
    """32 bytes at the register `pointer` to 16 limbs at `words` of the frame; clobbers r2 to r6."""
    for quarter in range(2):
        emit(f"data(2, {0xC83C | pointer << 8:#06x})")  # ldmia pointer!, {r2-r5}
        for i in range(4):
            at = words + 8 * quarter + 2 * i
            emit(f"data(2, {0xB280 | (2 + i) << 3 | 6:#06x})", store(6, at))  # uxth r6, r2+i
            emit(f"lsr(r{2 + i}, r{2 + i}, 16)", store(2 + i, at + 1))


def to_even(register):
    return f"add(r0, r0, r{register})", "adc(r1, r4)"


def to_odd(register):
    return f"add(r2, r2, r{register})", "adc(r3, r4)"


def product_columns(k):
    """Columns 2k and 2k + 1 of a * b."""
    c = 2 * k
    if c + 1 <= 30:
        emit(load(6, B + min(c + 1, 15)))
    for i in range(max(0, c - 15), min(c + 1, 15) + 1):
        emit(load(5, A + i))
        if c + 1 - i <= 15:
            emit("mul(r6, r5)", *to_odd(6))
        if 0 <= c - i:
            emit(load(6, B + c - i), "mul(r5, r6)", *to_even(5))


def square_columns(k):
    """Columns 2k and 2k + 1 of a * a: every product once, the sums doubled, then the square."""
    c = 2 * k
    fresh = True
    for i in range(max(0, c - 15), k + 1):
        if c + 1 - i > 15 and i == k:
            continue
        emit(load(5, A + i))
        if c + 1 - i <= 15:
            if fresh:
                emit(load(6, A + c + 1 - i))
            emit("mul(r6, r5)", *to_odd(6))
        if i < k:
            emit(load(6, A + c - i), "mul(r5, r6)", *to_even(5))
            fresh = False
    emit("add(r0, r0, r0)", "adc(r1, r1)", "add(r2, r2, r2)", "adc(r3, r3)")
    emit(load(5, A + k), "mul(r5, r5)", *to_even(5))


def reduce_word(k):
    """Word k of the sum, from its columns and the carry in; a digit of the quotient, or a word of the result."""
    emit("lsr(r6, r2, 16)", "lsl(r3, r3, 16)", "orr(r6, r3)", "lsl(r5, r2, 16)", "add(r0, r0, r5)", "adc(r1, r6)")
    emit("asr(r6, r7, 31)", "add(r0, r0, r7)", "adc(r1, r6)")
    for shift, plus in ((3, True), (6, True), (7, False), (8, True)):
        if 0 <= k - shift < 8:
            emit(
                load(5, M + k - shift),
                *(("add(r0, r0, r5)", "adc(r1, r4)") if plus else ("sub(r0, r0, r5)", "sbc(r1, r4)")),
            )
    emit(store(0, M + k), "mov(r7, r1)")  # M and OUT are neighbours


def product(columns):
    """All 16 words."""
    emit("mov(r4, 0)", "mov(r7, 0)")
    for k in range(16):
        emit("mov(r0, 0)", "mov(r1, 0)", "mov(r2, 0)", "mov(r3, 0)")
        columns(k)
        reduce_word(k)


def dispatch():
    """One operation of the program: the address of each register, then on to its code. `bl` is the far jump."""
    emit("label(NEXT)", load(2, PROGRAM), load(6, BASE), "ldrb(r3, [r2, 3])", "cmp(r3, 0)", "bne(GO)", "bl(EXIT)")
    emit("label(GO)")
    for register, at in ((0, 2), (1, 4), (4, 0)):
        emit(f"ldrb(r{register}, [r2, {at}])", f"lsl(r{register}, r{register}, 27)")
        emit(f"lsr(r{register}, r{register}, 22)", f"add(r{register}, r{register}, r6)")
    emit(store(4, TARGET), "add(r2, 6)", store(2, PROGRAM))
    emit(f"cmp(r3, {ord('+')})", "beq(ADD)", f"cmp(r3, {ord('-')})", "beq(SUB)")
    emit("cmp(r0, r1)", "beq(SAME)", "bl(MUL)", "label(SAME)", "bl(SQR)")


def sums():
    """a + b, then less P; a - b, then P if it was less than 0."""
    for name, first, rest in (("ADD", "add(r2, r2, r3)", "adc(r2, r3)"), ("SUB", "sub(r2, r2, r3)", "sbc(r2, r3)")):
        emit(f"label({name})", "mov(r4, 0)", "mov(r7, 0)")
        for i in range(8):
            emit(f"ldr(r2, [r0, {4 * i}])", f"ldr(r3, [r1, {4 * i}])", rest if i else first, store(2, OUT + i))
        emit("adc(r7, r4)" if name == "ADD" else "sbc(r7, r4)", f"bl({'LESS' if name == 'ADD' else 'MORE'})")


def tail():
    """LESS: subtract P from r7 || OUT. MORE: add P to OUT where r7 is -1, not 0, into the target."""
    emit("label(LESS)", "mov(r5, 0)", "mvn(r5, r5)", "mov(r6, 1)", "mov(r4, 0)")
    words = (5, 5, 5, 4, 4, 4, 6, 5)  # the words of P: -1 in r5, 0 in r4, 1 in r6
    for i in range(8):
        emit(load(0, OUT + i), f"sbc(r0, r{words[i]})" if i else "sub(r0, r0, r5)", store(0, OUT + i))
    emit("sbc(r7, r4)")
    emit("label(MORE)", "mov(r4, 0)", "mov(r5, r7)", "lsr(r6, r7, 31)", load(1, TARGET))
    for i in range(8):
        emit(load(0, OUT + i), f"adc(r0, r{words[i]})" if i else "add(r0, r0, r5)", f"str(r0, [r1, {4 * i}])")
    emit("bl(NEXT)")


HEAD = '''"""Field arithmetic in Thumb instructions. Made by tools/make_thumb_field.py; do not edit."""

from .thumb_probe import works  # raises where there is no inline assembler, before all this is compiled

works(0)


@micropython.asm_thumb
def run(r0, r1, r2, r3):
'''


def main():
    """The module's text."""
    _lines.clear()
    emit(f"data(2, {0xB080 | FRAME:#06x})", store(2, PROGRAM), store(3, BASE))  # sub sp, #4 * FRAME
    dispatch()
    sums()
    emit("label(MUL)")
    spread(0, A)
    spread(1, B)
    product(product_columns)
    tail()
    emit("label(SQR)")
    spread(0, A)
    product(square_columns)
    emit("bl(LESS)")
    emit("label(EXIT)", "mov(r0, 0)", f"data(2, {0xB000 | FRAME:#06x})")
    return HEAD + "\n".join(_lines) + "\n"


if __name__ == "__main__":
    print(main(), end="")
