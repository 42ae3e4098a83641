"""Whether this port has Thumb inline assembly, in one instruction: asked before the long module is compiled or called.

A port without it refuses the decorator (SyntaxError), or takes a compiled module and fails at the call (TypeError).
"""

# ruff: noqa: F821
# mypy: ignore-errors
import micropython


@micropython.asm_thumb
def works(r0):
    add(r0, r0, 1)
