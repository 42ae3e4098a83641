"""Print seal/p256/thumb_field.py: arithmetic modulo P-256's prime and order in Thumb instructions.

`build.py` runs this for the architectures that have Thumb, so the unrolled instructions are not checked in. Only
instructions of ARMv6-M are used (RP2040's Cortex-M0+); ARMv7-M and ARMv8-M run them too.

A Cortex-M0+ multiplies 32 x 32 bits to the low 32 in one cycle and loads in two, so a product of two words is four of
half-words. A row, one word times eight added to a sum, is written out and takes 240 cycles; eight rows are a product,
and eight more, for the quotient's digits, Montgomery's reduction modulo N (1985). Modulo P the digits are the low words
themselves, as P = -1 modulo 2^96, and P = 2^256 - 2^224 + 2^192 + 2^96 - 1 makes of each a few additions. Branches and
addresses depend on the program and the modulus alone.

Register use in a row: r4, r5 the halves of the word; r6 the sum; r7 the carry.
"""

FACTOR, SUM, OUT, AT, COUNT, PROGRAM, BASE, AREA, TARGET, FRAME = 0, 8, 16, 25, 26, 27, 28, 29, 30, 32  # words of stack
MODULUS, NEGATIVE = 148, 180  # bytes in a modulus's area, see `viper_field`
V, TABLE = 22 * 32, 32 * 64  # bytes: slot V; a table of the comb

_lines: list[str] = []


def emit(*instructions: str) -> None:
    """Append instructions, one a line as the assembler wants them."""
    _lines.extend("    " + instruction for instruction in instructions)


def load(register: int, word: int) -> str:
    """ldr register, [sp, #4 * word]: MicroPython's assembler has no name for it."""
    return f"data(2, {0x9800 | register << 8 | word:#06x})"


def store(register: int, word: int) -> str:
    return f"data(2, {0x9000 | register << 8 | word:#06x})"


def address(register: int, word: int) -> str:
    """add register, sp, #4 * word"""
    return f"data(2, {0xA800 | register << 8 | word:#06x})"


def low_half(to: int, register: int) -> str:
    """uxth to, register"""
    return f"data(2, {0xB280 | register << 3 | to:#06x})"


def multiple(register: int, registers: int, is_load: bool = True) -> str:
    """ldmia register!, {..} or stmia register!, {..}, of a mask of registers"""
    return f"data(2, {(0xC800 if is_load else 0xC000) | register << 8 | registers:#06x})"


def copy_factor(register: int) -> None:
    """Eight words at a register to FACTOR; clobbers r2 to r6."""
    emit(address(6, FACTOR))
    for _ in range(2):
        emit(multiple(register, 0b111100), multiple(6, 0b111100, False))


def row() -> None:
    """ROW: eight words at r6 += r0 * FACTOR, the ninth to r7. Clobbers r0 to r5."""
    emit("label(ROW)", low_half(4, 0), "lsr(r5, r0, 16)", "mov(r7, 0)")
    for j in range(8):
        emit(load(0, FACTOR + j), low_half(1, 0), "lsr(r0, r0, 16)", "mov(r2, r1)", "mul(r2, r4)", "mul(r1, r5)")
        emit("mov(r3, r0)", "mul(r3, r4)", "mul(r0, r5)", "add(r1, r1, r3)", "mov(r3, 0)", "adc(r3, r3)")
        emit("lsl(r3, r3, 16)", "add(r0, r0, r3)", "lsl(r3, r1, 16)", "lsr(r1, r1, 16)", "add(r2, r2, r3)")
        emit("adc(r0, r1)", "mov(r1, 0)", f"ldr(r3, [r6, {4 * j}])", "add(r2, r2, r3)", "adc(r0, r1)")
        emit("add(r2, r2, r7)", "adc(r0, r1)", f"str(r2, [r6, {4 * j}])", "mov(r7, r0)")
    emit("bx(lr)")


def dispatch() -> None:
    """One operation of the program: the address of each register, then on to its code. `bl` is the far jump."""
    emit("label(NEXT)", load(2, PROGRAM), load(6, BASE), "ldrb(r3, [r2, 0])", "cmp(r3, 0)", "bne(GO)", "bl(EXIT)")
    emit("label(GO)", "ldrb(r3, [r2, 3])")
    for register, at in ((0, 2), (1, 4), (4, 0)):
        emit(f"ldrb(r{register}, [r2, {at}])", f"lsl(r{register}, r{register}, 27)")
        emit(f"lsr(r{register}, r{register}, 22)", f"add(r{register}, r{register}, r6)")
    emit(store(4, TARGET), "add(r2, 6)", store(2, PROGRAM))
    emit(f"cmp(r3, {ord('*')})", "beq(FAR)", f"cmp(r3, {ord('-')})", "beq(SUB)")


def sums() -> None:
    """OUT and r7 above it = a + b, then less the modulus; a - b, then the modulus more if it was less than 0."""
    for name, first, rest in (("ADD", "add(r2, r2, r3)", "adc(r2, r3)"), ("SUB", "sub(r2, r2, r3)", "sbc(r2, r3)")):
        emit(f"label({name})", "mov(r4, 0)", "mov(r7, 0)")
        for i in range(8):
            emit(f"ldr(r2, [r0, {4 * i}])", f"ldr(r3, [r1, {4 * i}])", rest if i else first, store(2, OUT + i))
        emit("adc(r7, r4)" if name == "ADD" else "sbc(r7, r4)", f"b({'LESS' if name == 'ADD' else 'MORE'})")
    emit("label(FAR)", "bl(MULTIPLY)")


def tail() -> None:
    """LESS: subtract the modulus from r7 || OUT. MORE: add it to OUT where r7 is -1, not 0, into the target."""
    emit("label(LESS)", load(2, AREA), f"add(r2, {MODULUS})")
    for i in range(8):
        emit(load(0, OUT + i), f"ldr(r1, [r2, {4 * i}])", "sbc(r0, r1)" if i else "sub(r0, r0, r1)", store(0, OUT + i))
    emit("mov(r1, 0)", "sbc(r7, r1)")
    emit("label(MORE)", load(2, AREA), f"add(r2, {MODULUS})", load(3, TARGET))
    for i in range(8):
        emit(load(0, OUT + i), f"ldr(r1, [r2, {4 * i}])", "and_(r1, r7)")
        emit("adc(r0, r1)" if i else "add(r0, r0, r1)", f"str(r0, [r3, {4 * i}])")
    emit("bl(NEXT)")


def rows(name: str, source: tuple[str, ...]) -> None:
    """A row for each of eight words that `source` puts in r0; r6 is where the sum begins. `source` follows a label."""
    emit("mov(r0, 8)", store(0, COUNT), address(6, SUM), f"label({name})", *source, "bl(ROW)")


def multiply() -> None:
    """SUM || OUT = a * b; then reduced to OUT and r7 above it."""
    emit("label(MULTIPLY)", store(0, AT))
    copy_factor(1)
    emit("mov(r0, 0)", *(store(0, SUM + i) for i in range(8)), store(0, OUT + 8))
    rows("PRODUCT", (load(1, AT), "ldr(r0, [r1, 0])", "add(r1, 4)", store(1, AT)))
    emit("str(r7, [r6, 32])", "add(r6, 4)", load(0, COUNT), "sub(r0, 1)", store(0, COUNT), "bne(PRODUCT)")
    emit(
        load(1, AREA),
        f"add(r1, {MODULUS})",
        "ldr(r0, [r1, 32])",
        "cmp(r0, 1)",
        "beq(PRIME)",
        "bl(ORDER)",
        "label(PRIME)",
    )
    reduction()
    emit("label(ORDER)")
    copy_factor(1)
    emit("mov(r0, 0)", store(0, AT))
    digit = (load(1, AREA), f"add(r1, {NEGATIVE})", "ldr(r1, [r1, 0])", "ldr(r0, [r6, 0])", "mul(r0, r1)")
    rows("QUOTIENT", digit)
    emit("ldr(r0, [r6, 32])", "mov(r1, 0)", load(2, AT), "add(r0, r0, r7)", "mov(r3, 0)", "adc(r3, r1)")
    emit("add(r0, r0, r2)", "adc(r3, r1)", "str(r0, [r6, 32])", store(3, AT), "add(r6, 4)")
    emit(load(0, COUNT), "sub(r0, 1)", store(0, COUNT), "bne(QUOTIENT)", load(7, AT), "bl(LESS)")


def reduction() -> None:
    """Modulo P: word after word becomes a digit of the quotient, or a word of the result."""
    emit("mov(r4, 0)", "mov(r7, 0)")
    for k in range(16):
        emit(load(0, SUM + k), "asr(r1, r7, 31)", "add(r0, r0, r7)", "adc(r1, r4)")
        for shift, plus in ((3, True), (6, True), (7, False), (8, True)):
            if 0 <= k - shift < 8:
                emit(load(5, SUM + k - shift))
                emit(*(("add(r0, r0, r5)", "adc(r1, r4)") if plus else ("sub(r0, r0, r5)", "sbc(r1, r4)")))
        emit(store(0, SUM + k), "mov(r7, r1)")
    emit("bl(LESS)")


def scan() -> None:
    """Slots V, W of the register file r0 = the entry of the comb's table r1 that r2[r3] chooses; reads all of it."""
    emit("add(r2, r2, r3)", "ldrb(r2, [r2, 0])", "lsl(r2, r2, 27)", "lsr(r2, r2, 27)")
    emit("mov(r4, 1)", "and_(r3, r4)", "lsl(r3, r3, 11)", "add(r1, r1, r3)")
    emit(f"mov(r4, {V // 4})", "lsl(r4, r4, 2)", "add(r0, r0, r4)", "mov(r4, 0)")
    emit(*(f"str(r4, [r0, {4 * i}])" for i in range(16)))
    emit("mov(r3, 0)", "label(ENTRY)", "mov(r7, r3)", "eor(r7, r2)", "sub(r7, 1)", "asr(r7, r7, 31)")
    for i in range(0, 16, 2):
        emit(multiple(1, 0b110000), "and_(r4, r7)", "and_(r5, r7)")
        for register in (4, 5):
            at = f"[r0, {4 * (i + register - 4)}]"
            emit(f"ldr(r6, {at})", f"orr(r6, r{register})", f"str(r6, {at})")
    emit("add(r3, 1)", "cmp(r3, 32)", "bne(ENTRY)")


HEAD = '''"""Arithmetic modulo P and N in Thumb instructions. Made by tools/make_thumb_field.py; do not edit."""

from .thumb_probe import works  # raises where there is no inline assembler, before all this is compiled

works(0)


@micropython.asm_thumb
def run(r0, r1, r2, r3):
'''
SCAN = """

@micropython.asm_thumb
def scan(r0, r1, r2, r3):
"""


def flush() -> str:
    """The instructions since the last call."""
    text = "\n".join(_lines) + "\n"
    _lines.clear()
    return text


def main() -> str:
    """The module's text."""
    emit(f"data(2, {0xB080 | FRAME:#06x})", store(1, AREA), store(2, PROGRAM), store(3, BASE))  # sub sp, #4 * FRAME
    dispatch()
    sums()
    tail()
    multiply()
    row()
    emit("label(EXIT)", "mov(r0, 0)", f"data(2, {0xB000 | FRAME:#06x})")
    run = flush()
    scan()
    return HEAD + run + SCAN + flush()


if __name__ == "__main__":
    print(main(), end="")
