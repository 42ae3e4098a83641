"""A kind of board for PromptBoard, with its console as its only link: a folder that nobody wrote but the tests."""

import json

from sealwright.targets import BoardKind, assets

DESCRIPTION = {"name": "bench", "model": "emulated-unix", "mcu": "TEST32", "arch": "x64", "image": "T", "flash": "uf2"}
BOARD = """
import os

from keystore.software import SoftwareKeyStore
from links.console import ConsoleLink
from seal.labels import CLOCK_UNSET
from seal.store import FileStore


class Clock:
    quality = CLOCK_UNSET

    def now(self):
        return 0

    def set(self, unix, quality):
        pass


class Entropy:
    sources = (os.urandom,)
    extras = ()


class Board:
    model = "emulated-unix"
    button = sleeper = meter = radio = console = uplink = None
    peer_links = ()
    sensors = ()

    def __init__(self):
        self.store = FileStore("/state")
        self.keystore = SoftwareKeyStore(self.store)
        self.clock, self.entropy = Clock(), Entropy()
        self.command_links = [ConsoleLink(self.store)]


make = Board
"""


def write_bench(folder):
    """Its kind, with the files below `folder`, beside the firmware."""
    (folder / "firmware").symlink_to(assets.root() / "firmware")
    own = folder / "boards" / "bench"
    own.mkdir(parents=True)
    (own / "board.py").write_text(BOARD)
    (own / "board.json").write_text(json.dumps(DESCRIPTION))
    said = {name: DESCRIPTION[name] for name in ("name", "model", "mcu", "arch", "image", "flash")}
    return BoardKind(folder=own, **said)
