"""Print seal/p256/umaal_field.py: arithmetic modulo P-256's prime and order for a Cortex-M with UMAAL.

`build.py` runs this for the RP2350's Cortex-M33. The instruction is in the DSP extension of Armv7E-M and Armv8-M: it
multiplies two words, adds two more, and the sum fits two. MicroPython's assembler has no names for it, nor for most of
Thumb-2, so those come as data (encodings: Armv8-M Architecture Reference Manual, part C2.4).

A product is Montgomery's (1985), a row at a time: one word times eight is added to the sum, then the sum's lowest word
makes it a multiple of 2^32, and it moves down by a word. Modulo P that word is the quotient's digit itself, as P = -1
modulo 2^96, and P = 2^256 - 2^224 + 2^192 + 2^96 - 1 makes of it a few additions. There is a loop for each modulus.
Branches and addresses depend on the program and the modulus alone. A Cortex-M4 multiplies in one cycle whatever the
numbers (its Technical Reference Manual, 3.3.1); for the M33 we found no cycles that Arm tells.

Register use: r4 to r12 the sum of nine words, whose names rotate from row to row; r2 the bit above it, or -1; r3 the
row's word; r0, r1 two words of the other factor; lr -1, or where the modulus is.
"""

from make_thumb_field import MODULUS, SCAN, V, address, emit, flush

B, A, TOP, PROGRAM, BASE, AREA, TARGET, FRAME = 0, 8, 16, 17, 18, 19, 20, 22  # words of stack
FACTOR, UPPER, SP, LR = 3, 2, 13, 14  # registers; the two factors are r0 and r1 before a product
RESULT = tuple(range(4, 12))
IN_RESULT = 0x0FF0  # r4 to r11 as a mask
SAVED = 0x0F00  # r8 to r11: the assembler saves the others that a function must keep
ADDS, ADCS, SUBS, SBCS = 0xEB10, 0xEB50, 0xEBB0, 0xEB70


def wide(high: int, low: int) -> str:
    """One instruction of 32 bits."""
    return f"data(2, {high:#06x}, {low:#06x})"


def umaal(low: int, high: int, first: int, second: int) -> str:
    """high || low = first * second + low + high"""
    return wide(0xFBE0 | first, low << 12 | high << 8 | 0x60 | second)


def multiply_add(to: int, word: int) -> str:
    """to = to + word * r0"""
    return wide(0xFB00 | word, to << 12 | to << 8)


def add(code: int, to: int, plus: int) -> str:
    """to = to + plus, or what the code does: ADDS, ADCS, SUBS or SBCS"""
    return wide(code | to, to << 8 | plus)


def add_number(code: int, to: int, number: int) -> str:
    """The same with a number below 256."""
    return wide({ADCS: 0xF150, SBCS: 0xF170, SUBS: 0xF1B0}[code] | to, to << 8 | number)


def both(to: int, mask: int) -> str:
    """to = to & mask; keeps the carry"""
    return wide(0xEA00 | to, to << 8 | mask)


def put(to: int, number: int) -> str:
    """to = a number below 256; keeps the carry"""
    return wide(0xF04F, to << 8 | number)


def ones(to: int) -> str:
    """to = -1; keeps the carry"""
    return wide(0xF06F, to << 8)


def load(to: int, word: int, at: int = SP) -> str:
    return wide(0xF8D0 | at, to << 12 | 4 * word)


def store(what: int, word: int) -> str:
    return wide(0xF8C0 | SP, what << 12 | 4 * word)


def load_two(first: int, second: int, word: int, at: int = SP) -> str:
    return wide(0xE9D0 | at, first << 12 | second << 8 | word)


def multiple(at: int, registers: int, is_load: bool = True) -> str:
    """All registers of a mask from at on, or to there."""
    return wide((0xE890 if is_load else 0xE880) | at, registers)


def dispatch(loop: str) -> None:
    """One operation of the program: r0, r1 the addresses of its factors; then on to its code."""
    emit(f"label(NEXT_{loop})", load(2, PROGRAM), load(3, BASE), "ldrb(r6, [r2, 0])", "cmp(r6, 0)", "beq_w(EXIT)")
    emit("ldrb(r0, [r2, 2])", "ldrb(r1, [r2, 4])", "ldrb(r5, [r2, 3])", "add(r2, 6)", store(2, PROGRAM))
    for register in (0, 1, 6):
        emit(wide(0xF000 | register, register << 8 | 31))  # register & 31
        emit(wide(0xEB03, 1 << 12 | register << 8 | 1 << 6 | register))  # r3 + (register << 5)
    emit(store(6, TARGET), f"cmp(r5, {ord('*')})", f"beq_w(MULTIPLY_{loop})", f"cmp(r5, {ord('-')})")
    emit(f"beq_w(SUB_{loop})")


def sums(loop: str) -> None:
    """The result and r2 above it = a + b, then less the modulus; or a - b, then the modulus more if that is below 0."""
    for name, first, rest in (("ADD", ADDS, ADCS), ("SUB", SUBS, SBCS)):
        emit(f"label({name}_{loop})", multiple(0, IN_RESULT))
        for i in range(0, 8, 2):
            emit(load_two(0, 3, i, at=1), add(rest if i else first, RESULT[i], 0), add(rest, RESULT[i + 1], 3))
        if name == "ADD":
            emit(put(UPPER, 0), add_number(ADCS, UPPER, 0), f"b(LESS_{loop})")
        else:
            emit(add(SBCS, UPPER, UPPER), f"b(MORE_{loop})")


def product(loop: str) -> None:
    """The result and r2 above it = a * b / 2^256, or the modulus more."""
    emit(f"label(MULTIPLY_{loop})", multiple(0, IN_RESULT), address(FACTOR, A))
    emit(multiple(FACTOR, IN_RESULT, False), multiple(1, IN_RESULT), multiple(SP, IN_RESULT, False))
    emit(*(put(register, 0) for register in (UPPER, *range(5, 13))))
    emit(*((ones(LR),) if loop == "P" else (load(LR, AREA),)))
    for i in range(8):
        words = [4 + (i + j + 1) % 9 for j in range(9)]
        emit(load(FACTOR, A + i), put(words[8], 0))
        for j in range(0, 8, 2):
            emit(load_two(0, 1, B + j), *(umaal(words[j + k], words[8], FACTOR, k) for k in range(2)))
        emit(add(ADDS, words[8], UPPER), put(UPPER, 0), add_number(ADCS, UPPER, 0))
        (lower_prime if loop == "P" else lower_order)(words)


def lower_prime(words: list[int]) -> None:
    """The sum plus its lowest word times P; that word is then 0, and not written."""
    digit = words[0]
    emit(put(0, 0), umaal(words[7], 0, digit, LR), add(ADDS, words[3], digit))
    emit(*(add_number(ADCS, words[j], 0) for j in (4, 5)), add(ADCS, words[6], digit), add_number(ADCS, words[7], 0))
    emit(add(ADCS, words[8], 0), add_number(ADCS, UPPER, 0))


def lower_order(words: list[int]) -> None:
    """The same with N, whose digit is the lowest word times -1/N. The bit above waits on the stack."""
    modulus = MODULUS // 4
    emit(store(UPPER, TOP), load(FACTOR, modulus + 8, at=LR), put(UPPER, 0))
    emit(wide(0xFB00 | FACTOR, 0xF000 | FACTOR << 8 | words[0]))  # r3 = r3 * the word
    for j in range(0, 8, 2):
        emit(load_two(0, 1, modulus + j, at=LR), *(umaal(words[j + k], UPPER, FACTOR, k) for k in range(2)))
    emit(add(ADDS, words[8], UPPER), load(UPPER, TOP), add_number(ADCS, UPPER, 0))


def tail_prime() -> None:
    """LESS: the result and r2 less P. MORE: P more where r2 is -1, not 0; to the target."""
    signs = (UPPER, UPPER, UPPER, None, None, None, FACTOR, UPPER)  # P, where r2 is -1
    emit("label(LESS_P)", ones(LR))
    for i, word in enumerate(RESULT):
        code = SBCS if i else SUBS
        emit(add_number(code, word, int(i == 6)) if 3 <= i <= 6 else add(code, word, LR))
    emit(add_number(SBCS, UPPER, 0))
    emit("label(MORE_P)", wide(0xEA4F, 31 >> 2 << 12 | FACTOR << 8 | 3 << 6 | 1 << 4 | UPPER))  # r3 = r2 >> 31
    for i, (word, sign) in enumerate(zip(RESULT, signs, strict=True)):
        emit(add_number(ADCS, word, 0) if sign is None else add(ADCS if i else ADDS, word, sign))
    emit(load(0, TARGET), multiple(0, IN_RESULT, False), "b(NEXT_P)")


def tail_order() -> None:
    """The same with N, read from its area."""
    emit("label(LESS_N)", load(FACTOR, AREA))
    for i in range(0, 8, 2):
        emit(load_two(0, 1, MODULUS // 4 + i, at=FACTOR))
        emit(add(SBCS if i else SUBS, RESULT[i], 0), add(SBCS, RESULT[i + 1], 1))
    emit(add_number(SBCS, UPPER, 0))
    emit("label(MORE_N)", load(FACTOR, AREA))
    for i in range(0, 8, 2):
        emit(load_two(0, 1, MODULUS // 4 + i, at=FACTOR), both(0, UPPER), both(1, UPPER))
        emit(add(ADCS if i else ADDS, RESULT[i], 0), add(ADCS, RESULT[i + 1], 1))
    emit(load(0, TARGET), multiple(0, IN_RESULT, False), "b(NEXT_N)")


def scan() -> None:
    """Slots V, W of the register file r0 = the entry of the comb's table r1 that r2[r3] chooses; reads all of it, in
    two passes. A word times 1 or 0 is added to each of eight."""
    emit(wide(0xE92D, SAVED), "add(r2, r2, r3)", "ldrb(r2, [r2, 0])", wide(0xF002, 2 << 8 | 31))
    emit("mov(r4, 1)", "and_(r3, r4)", "lsl(r3, r3, 11)", "add(r1, r1, r3)")
    emit(wide(0xF200, V >> 8 << 12 | V & 255))  # r0 = r0 + V
    for half in ("V", "W"):
        emit("push({r0, r1})", "mov(r3, 0)", *(put(register, 0) for register in RESULT), f"label(ENTRY_{half})")
        emit(wide(0xEA83, 2), "sub(r0, 1)", "lsr(r0, r0, 31)")  # r0 = r3 ^ r2: 1 where they are the same, else 0
        for i in range(0, 8, 2):
            emit(load_two(12, LR, i, at=1), *(multiply_add(RESULT[i + k], word) for k, word in enumerate((12, LR))))
        emit("add(r1, 64)", "add(r3, 1)", "cmp(r3, 32)", f"bne(ENTRY_{half})", "pop({r0, r1})")
        emit(multiple(0, IN_RESULT, False), "add(r0, 32)", "add(r1, 32)")
    emit(wide(0xE8BD, SAVED))


HEAD = '''"""Arithmetic modulo P and N with UMAAL. Made by tools/make_umaal_field.py; do not edit."""

from .umaal_probe import check

check()  # before anything that a chip might not have is called


@micropython.asm_thumb
def run(r0, r1, r2, r3):
'''


def main() -> str:
    """The module's text."""
    emit(wide(0xE92D, SAVED), f"data(2, {0xB080 | FRAME:#06x})", store(1, AREA), store(2, PROGRAM), store(3, BASE))
    emit(load(2, MODULUS // 4 + 8, at=1), "cmp(r2, 1)", "bne_w(NEXT_N)")  # -1/P is 1 modulo 2^32
    for loop, tail in (("P", tail_prime), ("N", tail_order)):
        dispatch(loop)
        sums(loop)
        product(loop)
        tail()
    emit("label(EXIT)", "mov(r0, 0)", f"data(2, {0xB000 | FRAME:#06x})", wide(0xE8BD, SAVED))
    run = flush()
    scan()
    return HEAD + run + SCAN + flush()


if __name__ == "__main__":
    print(main(), end="")
