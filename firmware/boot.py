"""Runs before main.py. The command link takes the console's wire: Ctrl-C must not reach the interpreter."""

import micropython

micropython.kbd_intr(-1)
