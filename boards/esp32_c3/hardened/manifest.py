"""What to freeze into the image of a sealed board (FROZEN_MANIFEST): our firmware, and of the port what that imports.

Not the port's own manifest: its `_boot.py` would come with it, and `inisetup`, which loops at a prompt where a new
flash does not look erased. On an encrypted partition it never does.
"""

include("../../../firmware/manifest.py")  # noqa: F821  a manifest's own function
module("loader.py", base_path="../../../firmware")  # noqa: F821
module("board.py", base_path="..")  # noqa: F821
module("wiring.py", base_path="..")  # noqa: F821
module("_boot.py", base_path="../../esp32/hardened")  # noqa: F821  in the place of the port's own: there is no prompt behind it
module("espnow.py", base_path="$(PORT_DIR)/modules")  # noqa: F821
include("$(MPY_DIR)/extmod/asyncio")  # noqa: F821
require("ssl")  # noqa: F821  of micropython-lib, for the broker's TLS
