"""Runs before main.py: shuts Ctrl-C out, then puts the firmware slot in use first on the path.

The command link takes the console's wire, and its frames contain Ctrl-C's byte: it must not reach the interpreter,
which arms it anew before this file. What fails here fails again in main.py, and that file knows whom a board may tell.
"""

import micropython

micropython.kbd_intr(-1)

try:
    import loader

    loader.choose()
except Exception:
    pass  # no loader (a board run from source), or a damaged one: main.py finds no `board` then
