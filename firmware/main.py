"""The composition root: the one file that knows which board this is."""

import gc

gc.threshold(8192)  # collect while modules load: what stays then lies together, and free memory is in one piece

import board  # noqa: E402
from seal import app  # noqa: E402

app.run(board.make())
