"""The composition root: the one file that knows which board this is."""

import board
from seal import app

app.run(board.make())
