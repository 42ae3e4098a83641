"""The passphrase that encrypts the keys of a home, and its backups, where the environment has one."""

import os
from typing import Final

PASSPHRASE: Final = "SEALWRIGHT_PASSPHRASE"  # the environment variable with the passphrase


def passphrase_of_environment() -> bytes | None:
    """What $SEALWRIGHT_PASSPHRASE says."""
    return os.environ.get(PASSPHRASE, "").encode("utf-8", "surrogateescape") or None
