"""Runs before main.py: disables Ctrl-C, then puts the active firmware slot first on the path.

The command link uses the console's wire, and frames may contain Ctrl-C's byte. The interpreter enables Ctrl-C again
before this file. An error here recurs in main.py, which decides where to report it.
"""

import micropython

micropython.kbd_intr(-1)

try:
    import loader

    loader.choose()
except Exception:
    pass  # loader missing (a board run from source) or damaged: main.py then fails to import `board`
