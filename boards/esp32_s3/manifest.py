"""What to freeze into an image of this board, with MicroPython's own build (FROZEN_MANIFEST)."""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821  a manifest's own function
include("../../firmware/manifest.py")  # noqa: F821
module("board.py")  # noqa: F821
module("wiring.py")  # noqa: F821
