"""Whether this processor has UMAAL: asked of a register, as nobody can catch an instruction that a Cortex-M lacks.

ID_ISAR2 (0xE000ED68; Armv8-M Architecture Reference Manual, D1.2) tells it in bits 20 to 23: 1 for UMULL and UMLAL, 2
for UMAAL too. Only files for an Armv7E-M or Armv8-M come here, and those processors have the register.
"""

# ruff: noqa: F821
# mypy: ignore-errors
import micropython


@micropython.asm_thumb
def _instructions():
    movwt(r0, 0xE000ED68)
    ldr(r0, [r0, 0])
    lsl(r0, r0, 8)
    lsr(r0, r0, 28)


def check() -> None:
    """Raises ValueError on a processor without UMAAL; SyntaxError or TypeError where there is no inline assembler."""
    if _instructions() < 2:
        raise ValueError
