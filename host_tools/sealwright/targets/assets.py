"""Where the device's files are: in a checkout the folders themselves, in an installed package a copy of them."""

from pathlib import Path

from ..errors import Usage


def root() -> Path:
    """The folder that holds `firmware` and `boards`. Raises Usage where neither copy is there."""
    here = Path(__file__).resolve().parents[1]
    for folder in (here / "_device", here.parents[1]):
        if (folder / "firmware" / "main.py").is_file() and (folder / "boards").is_dir():
            return folder
    raise Usage("the device's files are missing from this installation", remedy="Install Sealwright again.")
