"""Rotated keys on real boards: they read, sell, buy and settle on, and the home knows a thief by the key he has."""

import shutil
import time

import pytest
from sealwright import Policy, Verifier
from sealwright.errors import RefusedByDevice
from sealwright.ledger import bring_funding
from sealwright.link.frames import Frame, pack
from sealwright.link.labels import COMMAND
from sealwright.operate import adopting, owner, renewing, trading
from sealwright.verify.policy import CHAINED, EACH
from sealwright.wire.messages import Reading, Rotation, parse_message

from .lab import ASSET

DONE = 1


def ended(info):
    return info["order"] is not None and info["order"][0] != 0


def rotate(lab, board):
    with lab.client(board) as client:
        return owner.rotate(lab.home, client)


def problems(lab, messages, proof=EACH):
    found = Verifier(lab.home.roots(), Policy(allow_test=True, proof=proof)).run(messages)
    return [(verdict.code, verdict.type, verdict.why) for verdict in found if not verdict.ok]


def fund(lab, board):
    waiting = trading.STATES.index(trading.WAITING)
    lab.wait(board, lambda info: info["order"][0] in (waiting, DONE) or info["channels"][0])
    with lab.ledger() as ledger, lab.client(board) as client:
        assert all(brought.refused is None for brought in bring_funding(ledger, client))


def test_boards_go_on_with_rotated_keys(lab):
    solar, charger = lab.board("solar", [lab.power(120)]), lab.board("charger")
    lab.sells(solar, "J", 1)
    lab.tell(charger, "interval", 1)
    device = lab.info(charger)["device"]
    with lab.ledger() as ledger:
        assert ledger.deposit(owner.deposit(lab.home, device, ASSET, 10**6).raw).ok
    lab.order(charger, solar, "J", 2500)
    fund(lab, charger)
    lab.wait(charger, lambda info: info["order"][2] is not None and info["order"][2][1] > 200)
    first = [rotate(lab, board) for board in (charger, solar)]  # while they trade
    assert lab.wait(charger, ended)["order"][:2] == [DONE, None]
    assert lab.info(charger)["order"][2][1] == 2500
    solar.kill()
    solar.start()
    rotate(lab, solar)
    lab.order(charger, solar, "J", 1000)
    fund(lab, charger)
    assert lab.wait(charger, ended)["order"][:2] == [DONE, None]
    lab.order(charger, solar, "J", 100)  # and a third time over the same keys
    fund(lab, charger)
    assert lab.wait(charger, ended)["order"][:2] == [DONE, None]
    messages = lab.collect(solar, charger)
    kinds = [parse_message(raw).body for raw in messages]
    assert [body.generation for body in kinds if isinstance(body, Rotation)] == [1, 2, 1]
    assert sum(isinstance(body, Reading) for body in kinds) > 5
    assert problems(lab, messages) == problems(lab, messages, CHAINED) == []
    with lab.settle(messages, {}) as ledger:
        assert sorted(channel.paid for channel in ledger.channels()) == [100, 1000, 2500]
    entry = lab.home.find(device)
    assert [bytes.fromhex(raw) for raw in entry.rotations] == [first[0].raw]
    _still_the_same(lab, charger, device)


def _still_the_same(lab, board, device):
    """Renewing and adopting work as before, and the register keeps what it knew."""
    with lab.client(board) as client:
        renewing.renew(lab.home, client)
        entry = lab.home.find(device)
        assert len(entry.rotations) == 1
        lab.home.retire(entry)
        assert adopting.adopt(lab.home, client).rotations == entry.rotations
    assert lab.info(board)["device"] == device


def test_copy_of_the_board_from_before_is_found_out(lab, tmp_path):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 1)
    board.kill()
    copy = tmp_path / "copy"
    shutil.copytree(board.folder, copy, ignore=shutil.ignore_patterns("tty"))
    board.start()
    rotate(lab, board)
    lab.wait(board, lambda info: info["reading_seq"] > 3)
    honest = lab.collect(board)
    board.kill()
    shutil.rmtree(board.folder)
    shutil.copytree(copy, board.folder)
    board.start()
    with pytest.raises(RefusedByDevice) as refused, lab.client(board) as client:
        owner.pause(lab.home, client)
    assert refused.value.code == "superseded_key"
    lab.wait(board, lambda info: info["reading_seq"] > 3)
    stolen = [raw for raw in lab.collect(board) if isinstance(parse_message(raw).body, Reading)]
    codes = {code for code, _, _ in problems(lab, [*honest, *stolen])}
    assert codes and codes <= {"superseded_key", "equivocation", "replay", "gap"}
    assert "superseded_key" in codes


def test_kill_at_any_moment_of_a_rotation(lab):
    board = lab.board("station", ["bme280"])
    for moment in range(12):
        before = lab.info(board)["rotations"]
        if before == 8:
            break
        with lab.client(board) as client:
            status = client.status()
            command = owner.sign(
                lab.home, status.body.device, status.body.command_seq + 1, "rotate", bytes(32),
                not_after=int(time.time()) + 600,
            )  # fmt: skip
            _send(client, command.raw)
            time.sleep(moment * 0.004)
            board.kill()
        board.start()
        after = lab.wait(board, lambda info: info["state"] == "provisioned")
        assert after["rotations"] in (before, before + 1)
        with lab.client(board) as client:
            assert client.status().body.device == status.body.device
    assert not problems(lab, lab.collect(board))


def _send(client, raw):
    """The command, without waiting for its answer."""
    client._transport.write(pack(Frame(7, COMMAND, raw)))
