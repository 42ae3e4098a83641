"""For `check_types.py` alone: what a board's make() returns is a Board, each attribute by its Protocol. Never run."""

import board
from seal.ports import Board

made: Board = board.make()
