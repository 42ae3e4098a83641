"""The composition root: the one file that knows which board this is. Whatever ends here resets a provisioned board.

A provisioned board has no prompt: Ctrl-C, which the interpreter armed anew before this file, goes first, nothing is
printed, and an error leads to a reset. On any other board the console is what it is on every MicroPython: an error
shows its trace there, and the console link lets mpremote in.
"""

import micropython

micropython.kbd_intr(-1)

import gc  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

IDENTITY = "/state/j-identity"  # `seal.journal` names it; here no import may be needed to keep a console shut


def is_provisioned():
    """Whether this board has an identity on flash, or a flash that does not say: its console stays shut then."""
    try:
        os.stat(IDENTITY)
    except OSError as error:
        return error.args[0] != 2  # ENOENT
    return True


def chosen_slots():
    """The loader's, or None for a board without one: its firmware lies beside this file, or in the image."""
    try:
        import loader
    except ImportError:
        return None
    return loader.slots


slots = failure = None
try:
    gc.threshold(16384)  # collect while modules load: what stays then lies together, and free memory is in one piece
    slots = chosen_slots()
    import board
    from seal import app

    app.run(board.make(), slots)
except BaseException as error:  # SystemExit is how the console link lets go
    failure = error

if is_provisioned():
    import machine

    time.sleep(1)  # firmware that fails at once must not spin
    machine.reset()
if slots and slots.on_trial:  # an emulated board, whose identity lies elsewhere: this has used up one boot
    if failure is not None:
        sys.print_exception(failure)
    slots.restart()
micropython.kbd_intr(3)
if failure is not None and not isinstance(failure, SystemExit):
    raise failure
