"""The composition root: the only file that imports `board`. A provisioned board resets when this file ends.

A provisioned board has no prompt: this file disables Ctrl-C first (the interpreter enabled it again), prints nothing,
and resets after an error. On any other board the console works as usual on MicroPython: an error prints its trace, and
the console link admits mpremote.
"""

import micropython

micropython.kbd_intr(-1)

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

IDENTITY = "/state/j-identity"  # the journal's file; a literal, as a failed import must not open the console


def is_provisioned():
    """Whether the flash has an identity, or cannot be read: the console then stays closed."""
    try:
        os.stat(IDENTITY)
    except OSError as error:
        return error.args[0] != 2  # ENOENT
    return True


def chosen_slots():
    """The loader's slots, or None on a board without a loader."""
    try:
        import loader
    except ImportError:
        return None
    return loader.slots


slots = failure = None
try:
    gc.threshold(16384)  # collect during imports: long-lived objects stay together, free memory in one piece
    slots = chosen_slots()
    import board
    from seal import app

    app.run(board.make(), slots)
except BaseException as error:  # the console link raises SystemExit to open the prompt
    failure = error

if is_provisioned():
    import machine

    time.sleep(1)  # limits the rate of resets
    machine.reset()
if slots and slots.on_trial:  # an emulated board keeps its identity elsewhere: the trial has used one boot
    if failure is not None:
        sys.print_exception(failure)
    slots.restart()
micropython.kbd_intr(3)
if failure is not None and not isinstance(failure, SystemExit):
    raise failure
