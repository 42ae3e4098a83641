"""An emulated board with an ATECC608: its key is born there, and what happens when flash, chip or power go away."""

import json
import shutil
import threading
import time

import pytest
from sealwright import emulator
from sealwright.errors import RefusedByDevice
from sealwright.link.element import OPEN, OURS, lock_element, read_element

from .lab import Lab


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path / "lab")
    yield lab
    lab.close()


def vault(lab, sensors=()):
    """A board with a chip, running, blank."""
    board = emulator.create(lab.home, "unix", "vault", sensors, element="atecc608")
    lab.boards.append(board)
    board.start()
    return board


def lock(lab, board):
    with lab.client(board) as client:
        element = read_element(client)
        assert element is not None and element.state == OPEN
        lock_element(client, element)
        assert read_element(client).state == OURS


def chip(board):
    return json.loads((board.folder / "atecc608.json").read_text())


def break_chip(board, fault):
    (board.folder / "atecc608.json.fault").write_text(fault)


def mend_chip(board):
    (board.folder / "atecc608.json.fault").unlink()


def test_no_key_before_the_lock_and_readings_after_it(lab):
    board = vault(lab, ["bme280"])
    with pytest.raises(RefusedByDevice) as refused:
        lab.adopt(board)
    assert refused.value.code == "element_open" and lab.info(board)["state"] == "blank"
    lock(lab, board)
    lab.adopt(board)
    lab.tell(board, "interval", 1)
    lab.wait(board, lambda info: info["reading_seq"] >= 2)
    board.kill()
    board.start()
    lab.wait(board, lambda info: info["reading_seq"] >= 4)
    messages = lab.collect(board)
    assert all(verdict.ok for verdict in lab.verify(messages)) and len(messages) >= 4
    assert lab.home.active()[0].custody == 0  # a chip that nobody has vouched for
    with lab.client(board) as client:
        serial = read_element(client).serial
    assert serial.hex() == chip(board)["config"][:8] + chip(board)["config"][16:26]


def test_trade_paid_from_a_chip_and_an_old_flash_is_noticed(lab):
    payer = vault(lab)
    lock(lab, payer)
    lab.adopt(payer)
    payer.stop()
    old = payer.folder.parent / "old.img"
    shutil.copy(payer.folder / "flash.img", old)
    payer.start()
    payee = lab.board("roof", [lab.power(100)])
    lab.sells(payee, "J", 2)
    lab.order(payer, payee, "J", 400)
    done = lab.wait(payer, lambda info: info["order"] and info["order"][0] != 0, 90)
    assert done["order"][:2] == [1, None] and not done["locked"]
    payer.kill()
    payer.start()
    assert not lab.info(payer)["locked"]
    payer.stop()
    shutil.copy(old, payer.folder / "flash.img")
    payer.start()
    assert lab.info(payer)["locked"]
    lab.tell(payer, "unlock")
    assert not lab.info(payer)["locked"]


def test_chip_that_is_pulled_while_it_signs(lab):
    board = vault(lab, ["bme280"])
    lock(lab, board)
    lab.adopt(board)
    lab.tell(board, "interval", 1)
    seq = lab.wait(board, lambda info: info["reading_seq"] >= 2)["reading_seq"]
    break_chip(board, "pulled")
    lab.wait(board, lambda info: info["sensor_fault"] == 64)
    board.kill()
    mend_chip(board)
    board.start()
    lab.wait(board, lambda info: info["reading_seq"] > seq + 1)
    assert all(verdict.ok for verdict in lab.verify(lab.collect(board)))


def test_board_without_its_chip_is_damaged_and_makes_no_other_key(lab):
    board = vault(lab, ["bme280"])
    lock(lab, board)
    lab.adopt(board)
    device = lab.info(board)["device"]
    board.stop()
    hardware = board.hardware
    whole = dict(hardware)
    del hardware["element"]
    (board.folder / "hardware.json").write_text(json.dumps(hardware))
    board.start()
    found = lab.info(board)
    assert found["state"] == "damaged" and found["fault"] == 64
    board.stop()
    (board.folder / "hardware.json").write_text(json.dumps(whole))
    kept = (board.folder / "atecc608.json").read_text()
    (board.folder / "atecc608.json").unlink()  # another chip is soldered in
    board.start()
    found = lab.info(board)
    assert found["state"] == "damaged" and found["fault"] == 68
    board.stop()
    (board.folder / "atecc608.json").write_text(kept)
    board.start()
    assert lab.info(board)["device"] == device


def test_key_that_was_being_made_when_power_failed(lab):
    board = vault(lab)
    lock(lab, board)
    for moment in range(6):
        asking = threading.Thread(target=_ask, args=(lab, board))
        asking.start()
        time.sleep(0.06 * moment)
        board.kill()
        asking.join()
        board.start()
        assert lab.info(board)["state"] in ("blank", "keyed")
    lab.adopt(board)
    assert lab.info(board)["state"] == "provisioned"


def _ask(lab, board):
    try:
        with lab.client(board) as client:
            client.evidence(bytes(32))
    except Exception:
        return  # it was killed
