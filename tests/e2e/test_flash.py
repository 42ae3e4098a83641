"""A flash that is full, and one that is damaged: the board says so, signs nothing by halves, and never starts over."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sealwright.errors import RefusedByDevice, Unreachable
from sealwright.operate import provisioning
from sealwright.targets import assets
from sealwright.wire.messages import Reading, parse_message

from .lab import GENEROUS
from .test_trade import ended

FULL, DAMAGED = 12, 9
PRICE = 5
KEPT_BLOCKS = 16  # as in seal.reading: never for readings


def on_flash(board, *arguments):
    """Run on_flash.py with the flash of a board that does not run."""
    root = assets.root()
    path = ":".join([str(root / "firmware"), str(root / "boards"), ".frozen"])
    command = [
        str(Path(sys.executable).parent / "micropython"),
        str(Path(__file__).with_name("on_flash.py")),
        *arguments,
    ]
    done = subprocess.run(
        command, cwd=board.folder, env={**os.environ, "MICROPYPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


def refill(board, leave):
    """Power the board off, leave so many blocks of its flash free, and power it on."""
    board.kill()
    on_flash(board, "fill", str(leave))
    board.start()


def empty(board):
    """Give it back what `refill` took."""
    board.kill()
    on_flash(board, "remove", "filler")
    board.start()


def test_a_seller_with_a_full_flash_goes_on_after_collect_and_acknowledge(lab, proxied, witness):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", PRICE)
    lab.tell(payee, "interval", 1)
    refill(payee, KEPT_BLOCKS + 6)
    lab.order(payer, payee, "reading", 120 * PRICE, address=proxied(payee).address, pause_ms=0)
    assert lab.wait(payee, lambda result: result["sensor_fault"])["sensor_fault"] == FULL
    assert lab.wait(payer, lambda result: result["trade_fault"])["trade_fault"] in (FULL, 24)
    sold = lab.info(payer)["order"]
    assert sold[0] == 0 and 5 < sold[2][0] < 120
    for _ in range(3):  # a cut does it no harm
        payee.kill()
        payee.start()
    bundle = lab.collect(payee, payer)
    assert all(verdict.ok for verdict in lab.verify(bundle)), "nothing was signed by halves"
    shown = {message.digest for message in map(parse_message, bundle) if isinstance(message.body, Reading)}
    assert set(witness.readings.values()) <= shown
    (receipted,) = witness.receipted.values()
    assert receipted <= sold[2][1]
    assert lab.info(payee)["channels"] == [0, 1]
    for _ in range(60):
        lab.tell(payee, "ack", {1: lab.info(payee)["reading_seq"], 2: []})
        assert lab.wait(payee, lambda result: result["sensor_fault"] is None)
        if ended(lab.info(payer)):
            break
        time.sleep(0.5)
    result = lab.wait(payer, ended)[
        "order"
    ]  # a voucher whose reading was pruned meanwhile is replaced: a number, no money
    assert result[:2] == [1, None] and result[2][0] >= 120 and result[2][1] == 120 * PRICE
    assert lab.info(payer)["trade_fault"] is None
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payee, payer)))


@pytest.mark.parametrize("leave", [0, 1, 2])
def test_a_buyer_with_a_full_flash_promises_nothing_it_cannot_keep(lab, proxied, witness, leave):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", PRICE)
    lab.order(payer, payee, "reading", 10**6 * PRICE, address=proxied(payee).address, pause_ms=0)
    lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] > 3)
    refill(payer, leave)
    before = len(witness.vouchers)
    result = lab.wait(payer, lambda result: result["trade_fault"] == FULL or len(witness.vouchers) > before + 5)
    seq, amount = result["order"][2]
    assert max(witness.highest.values()) <= (seq, amount), "a voucher left that was not on flash"
    empty(payer)
    lab.wait(payer, lambda result: result["order"][2][0] > seq + 3)
    lab.tell(payer, "stop")
    lab.wait(payer, ended)
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payer, payee)))


def test_a_blank_board_with_a_full_flash_is_provisioned_once_there_is_room(lab):
    board = lab.blank("full")
    board.start()
    refill(board, 0)
    with lab.client(board) as client:
        for _ in range(2):
            with pytest.raises(RefusedByDevice) as refusal:
                provisioning.provision(lab.home, client, "full", GENEROUS)
            assert refusal.value.code == "storage_full"
        assert client.info().state in ("blank", "keyed")
    empty(board)
    with lab.client(board) as client:
        provisioning.provision(lab.home, client, "full", GENEROUS)
        assert client.info().state == "provisioned"


@pytest.fixture
def traded(lab):
    """(lab, a board with an identity, readings, and a channel in each direction)."""
    board, other = lab.board("board", ["bme280"]), lab.board("other", ["bme280"])
    for seller, buyer in ((board, other), (other, board)):
        lab.sells(seller, "reading", PRICE)
        lab.order(buyer, seller, "reading", 30 * PRICE, pause_ms=0)
        lab.wait(buyer, ended)
    board.kill()
    return lab, board


def test_every_record_that_is_damaged_or_missing_locks(traded):
    lab, board = traded
    device = next(entry.device for entry in lab.home.registered() if entry.name == "board")
    image = board.folder / "flash.img"
    whole = image.read_bytes()
    names = on_flash(board, "list")
    records = [name for name in names if name.startswith(("j-", "key-"))]
    assert len(records) >= 8 and "key-0" in records, names
    image.write_bytes(whole)
    for action, name in [("remove", name) for name in records] + [("flip", name) for name in records]:
        on_flash(board, action, name, *(["9"] if action == "flip" else []))
        board.start()
        with lab.client(board) as client:
            result = client.info()
            assert (result.state, result.raw["fault"]) == ("damaged", DAMAGED), (action, name)
            assert result.device in (None, bytes.fromhex(device))
            for ask in (lambda: client.evidence(bytes(32)), lambda: next(client.readings(0)), client.chain):
                with pytest.raises(RefusedByDevice) as refusal:
                    ask()
                assert refusal.value.code == "state_damaged"
            with pytest.raises(RefusedByDevice) as refusal:
                provisioning.provision(lab.home, client, "board", GENEROUS)
            assert refusal.value.code == "device_damaged"
        board.kill()
        image.write_bytes(whole)
    board.start()
    assert lab.info(board)["device"].hex() == device and lab.info(board)["state"] == "provisioned"


def test_an_image_that_is_no_file_system_any_more_keeps_the_board_from_starting(traded):
    lab, board = traded
    lab.expect_trace(board)
    image = board.folder / "flash.img"
    whole = image.read_bytes()
    for damaged in (whole[:-1], whole[:4096], b"", bytes(8192) + whole[8192:], b"\xff" * len(whole), bytes(len(whole))):
        image.write_bytes(damaged)
        with pytest.raises(Unreachable, match=r"does not start: ImageDamaged: flash.img.*put it back from a copy"):
            board.start()
        assert board.pid is None and image.read_bytes() == damaged, "nothing was formatted anew"
    image.write_bytes(whole)
    board.start()
    assert lab.info(board)["state"] == "provisioned"


def test_bytes_damaged_anywhere_never_make_a_new_device(traded):
    """What LittleFS notices, it takes for a cut and goes back by; what it does not, the records' own checks find."""
    lab, board = traded
    device = bytes.fromhex(next(entry.device for entry in lab.home.registered() if entry.name == "board"))
    image = board.folder / "flash.img"
    whole = image.read_bytes()
    written = [at for at in range(0, len(whole), 64) if whole[at : at + 64].strip(b"\xff")]
    states = set()
    for seed in range(40):
        rng = random.Random(seed)
        data = bytearray(whole)
        places = [at for at in written if at < 8192] if seed % 2 else written  # every other one in the directory
        for _ in range(rng.choice((1, 1, 20))):
            at = rng.choice(places) + rng.randrange(64)
            data[at : at + 1] = rng.randbytes(1)
        image.write_bytes(data)
        try:
            board.start()
        except Unreachable as error:
            lab.expect_trace(board)
            states.add("does not start")
            assert "Damaged" in str(error) or "OSError" in str(error), (seed, error)
            continue
        result = lab.info(board)
        states.add(result["state"])
        assert result["state"] in ("provisioned", "damaged"), (seed, result)
        assert result["device"] in (None, device) and (result["device"] or result["state"] == "damaged"), (seed, result)
        board.kill()
    assert "provisioned" in states and len(states) > 1, states
