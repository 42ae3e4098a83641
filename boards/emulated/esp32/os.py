"""The module `os` of an emulated board: with `uname`, as on chips; its text says that this is no chip."""

import sys

from uos import *  # noqa: F403  the unix port's own


def uname() -> tuple[str, str, str, str, str]:
    """(system, node, release, version, machine)."""
    release = "%d.%d.%d" % sys.implementation.version[:3]
    return "esp32", "esp32", release, release, "unix port in place of an ESP32"
