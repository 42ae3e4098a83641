"""MicroPython as a process: `python -P chip.py ARGUMENT...`, its arguments those of `micropython`.

SEALWRIGHT_TERMINAL is the descriptor of a terminal that says nothing: when it hangs up, which is when the holder of the
other end is gone, killed or not, this process ends. Run as a script: it imports nothing of the host's, so a board
starts in a tenth of a second.
"""

import fcntl
import os
import signal
import sys
import termios

if "SEALWRIGHT_TERMINAL" in os.environ:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # it may have been started by what ignores it
    fcntl.ioctl(int(os.environ["SEALWRIGHT_TERMINAL"]), termios.TIOCSCTTY, 0)
own = os.environ.get("SEALWRIGHT_MICROPYTHON")
if own:
    os.execvp(own, ["micropython", *sys.argv[1:]])
import micropython_unix  # noqa: E402

sys.exit(micropython_unix.run_main(["micropython", *sys.argv[1:]]))
