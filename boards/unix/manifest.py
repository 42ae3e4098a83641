"""What the emulated board runs: the same sources as every board, read from the tree instead of frozen."""

include("../../firmware/manifest.py")  # noqa: F821  a manifest's own function
module("board.py")  # noqa: F821
module("wiring.py")  # noqa: F821
package("emulated", base_path="..")  # noqa: F821
