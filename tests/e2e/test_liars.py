"""Boards that claim custody 2: programs on a real device that lie of their chip in each way that we could think of.

Each is refused with a code of its own and a remedy, and nothing of it stays in the home.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.errors import Rejected
from sealwright.link.element import lock_element, read_attested, read_element
from sealwright.operate import provisioning
from sealwright.operate.chips import NOBODY, Trust
from sealwright.targets import assets

from .lab import Lab

HERE = Path(__file__).parent
PROGRAM = bytes.fromhex("0123aabbccddee99ee")  # the serial number that the program says it has

LIARS = {
    "claim": "chip_missing",
    "open": "chip_open",
    "says locked": "chip_unproved",
    "another's": "chip_other_key",
    "another's as mine": "chip_unproved",
    "old": "chip_stale",
    "old as new": "chip_unproved",
    "serial": "chip_serial",
    "serial twice": "chip_unproved",
}


class Liars(Lab):
    """A lab whose boards can be made to lie: their firmware is a copy with another keystore."""

    def __init__(self, folder, monkeypatch):
        super().__init__(folder)
        self._copy = folder / "tree"
        for part in ("firmware", "boards"):
            shutil.copytree(assets.root() / part, self._copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        unix = self._copy / "boards" / "unix"
        shutil.copy(HERE / "lying.py", unix)
        with (unix / "wiring.py").open("a") as wiring:
            wiring.write("\nfrom lying import find\n\nELEMENTS_ON_I2C = [find]\n")
        self._patch = monkeypatch

    def liar(self, name, lie):
        """A board that tells this lie, running, with its chip locked where it has one."""
        board = emulator.create(self.home, "unix", name, (), element="atecc608")
        self.boards.append(board)
        (board.folder / "lie").write_text(lie)
        with self._patch.context() as patch:
            patch.setattr("sealwright.emulator.board.folder_of", lambda kind: self._copy / "boards" / kind)
            board.start()
        if lie not in ("claim", "program"):
            with self.client(board) as client:
                lock_element(client, read_element(client))
        return board

    def serial(self, board):
        with self.client(board) as client:
            return read_element(client).serial

    def provision(self, board, serial=None):
        with self.client(board) as client:
            trust = NOBODY if serial is None else Trust(serial)
            return provisioning.provision(self.home, client, board.name, trust=trust)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    lab = Liars(tmp_path / "lab", monkeypatch)
    yield lab
    lab.close()


def refused(lab, board, serial=None):
    """The error with which the home refuses the board; nothing of it stays there."""
    with pytest.raises(Rejected) as caught:
        lab.provision(board, serial)
    assert caught.value.remedy and lab.home.active() == [] and lab.info(board)["state"] == "keyed"
    assert not list((lab.home.folder / "grants").glob("*"))
    return caught.value.code


@pytest.mark.parametrize(("lie", "code"), LIARS.items(), ids=LIARS.keys())
def test_liar_is_refused(lab, lie, code):
    board = lab.liar("liar", lie)
    serial = None if lie == "claim" else lab.serial(board)
    if lie.startswith("old"):
        with lab.client(board) as client:
            client.evidence(bytes(32))
            read_attested(client, bytes(32))  # what it will play back
    for known in {None, serial}:  # and the operator's word for the chip does not help it
        assert refused(lab, board, known) == code
    assert list(lab.home.chips.all()) == []


def test_what_nobody_can_see_without_the_maker(lab):
    """A program that answers like a chip gets no more than custody 0, unless the operator vouches for what it says."""
    program = lab.liar("program", "program")
    made = lab.provision(program)
    assert made.certificate.body.custody == 0 and made.judged.shown.serial == PROGRAM.hex()
    assert list(lab.home.chips.all()) == []


def test_the_operators_word_is_all_there_is_for_a_chip_without_its_makers_certificate(lab):
    program = lab.liar("program", "program")
    assert lab.provision(program, PROGRAM).certificate.body.custody == 2  # as SECURITY.md says


def test_a_chip_on_record_signs_by_the_same_key_for_good(lab):
    honest = lab.liar("vault", "none")
    serial = lab.serial(honest)
    assert lab.provision(honest, serial).certificate.body.custody == 2
    thief = lab.liar("thief", "own signature")
    memory = json.loads((thief.folder / "atecc608.json").read_text())
    config = bytearray.fromhex(memory["config"])
    config[0:4], config[8:13] = serial[:4], serial[4:]
    config[9] ^= 1  # which it lies back to the honest chip's
    thief.kill()
    (thief.folder / "atecc608.json").write_text(json.dumps({**memory, "config": config.hex()}))
    (thief.folder / "atecc608.json.fault").unlink(missing_ok=True)
    with lab._patch.context() as patch:
        patch.setattr("sealwright.emulator.board.folder_of", lambda kind: lab._copy / "boards" / kind)
        thief.start()
    with pytest.raises(Rejected) as caught:
        lab.provision(thief, serial)
    assert caught.value.code == "chip_changed"
    assert [entry.name for entry in lab.home.active()] == ["vault"]


def test_one_chip_is_one_device(lab):
    honest = lab.liar("vault", "none")
    serial = lab.serial(honest)
    lab.provision(honest, serial)
    twin = emulator.create(lab.home, "unix", "twin", (), element="atecc608")
    lab.boards.append(twin)
    honest.stop()
    memory = json.loads((honest.folder / "atecc608.json").read_text())  # the chip is moved, its first life ended
    notes = bytearray.fromhex(memory["slots"][8])
    notes[0] = 1
    memory["slots"][8] = notes.hex()
    (twin.folder / "atecc608.json").write_text(json.dumps(memory))
    twin.start()
    with pytest.raises(Rejected) as caught:
        lab.provision(twin, serial)
    assert caught.value.code == "chip_in_use" and "vault" in caught.value.remedy
    lab.home.retire(lab.home.find(bytes.fromhex(lab.home.active()[0].device)))
    assert lab.provision(twin).certificate.body.custody == 2  # on record, by the same attestation key


def test_another_chip_than_the_operator_named(lab):
    board = lab.liar("vault", "none")
    assert refused(lab, board, os.urandom(9)) == "chip_not_named"


def test_a_chip_was_named_and_the_board_has_none(lab):
    board = lab.blank("plain")
    board.start()
    assert refused(lab, board, bytes(9)) == "chip_missing"
