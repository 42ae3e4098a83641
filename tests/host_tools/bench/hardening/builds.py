"""Boards to seal without a board: images as a build would make them, signed by a home's key, and fuses in a file."""

import struct
from pathlib import Path

from sealwright import targets
from sealwright.bench.hardening import Files, Hardening, Job, make_signing_key, sign_image
from sealwright.bench.hardening.images import planned_partitions
from sealwright.home import Home

from tests.host_tools.bench.flashing.kinds import esp

BOARDS = ("esp32", "esp32_s3", "esp32_c3")
CHIP_NUMBERS = {"esp32": 0, "esp32_s3": 9, "esp32_c3": 5}


def table(board):
    """The binary of the board's own partition table, as ESP-IDF's generator lays it out, its MD5 entry left empty."""
    entries = b"".join(
        struct.pack("<2sBBII16sI", b"\xaaP", one.type, one.subtype, one.offset, one.size, one.name.encode(),
                    int(one.encrypted))
        for one in planned_partitions(targets.find(board))
    )  # fmt: skip
    return (entries + b"\xeb\xeb" + b"\xff" * 14 + bytes(16)).ljust(0xC00, b"\xff")


class Build:
    """The files that a build leaves in a folder, and the home that has signed them."""

    def __init__(self, folder: Path, board: str, home: Home):
        self.folder, self.board, self.home = folder, board, home
        folder.mkdir(exist_ok=True)
        make_signing_key(home.hardenings)
        for name, size in (("boot", 20_000), ("app", 70_000)):
            plain = folder / f"{name}-plain.bin"
            plain.write_bytes(esp(CHIP_NUMBERS[board], size))
            sign_image(home.hardenings, plain, folder / f"{name}.bin")
        (folder / "table.bin").write_bytes(table(board))
        self.fuses = folder / "fuses.bin"

    def job(self, **other):
        files = Files(*(self.folder / f"{name}.bin" for name in ("boot", "table", "app")))
        return Job(targets.find(self.board), None, self.fuses, files._replace(**other))

    def arguments(self):
        """The same for the command line."""
        files = zip(("--bootloader", "--partitions", "--app"), self.job().files)
        return ["--board", self.board, "--virtual", self.fuses, *(one for pair in files for one in pair)]

    def run(self, told=lambda step, number: None, **other):
        job = self.job(**other)
        with job.chip() as chip:
            return Hardening(self.home, job, chip).run(told, lambda done, detail: None)

    def state(self):
        """Every fuse: (value, readable, writeable)."""
        with self.job().chip() as chip:
            return {name: (chip._fuses[name].get(), chip.readable(name), chip.writeable(name)) for name in chip.names()}
