"""What hosts and strangers can do on a board's links: several at once, garbage, floods. The board goes on."""

import json
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import serial
from sealwright import emulator
from sealwright.errors import RefusedByDevice, Unreachable
from sealwright.link import connect
from sealwright.link.frames import Frame, pack
from sealwright.operate import owner
from sealwright.operate.collecting import Collector, Source
from sealwright.targets import assets

from .test_trade import ended


def test_commands_over_the_serial_line(lab):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    with connect(payee.serial_url) as client:
        owner.set_offer(lab.home, client, "nEUR", "reading", 5)
        assert client.info().raw["offer"] == ["nEUR", "reading", 5]
        assert all(value is True for value in client.selftest().values())
    lab.order(payer, payee, "reading", 50)
    lab.wait(payer, ended)
    collector, found = Collector(), []
    with connect(payee.serial_url) as client:
        source = Source(client, "payee")
        found += [*collector.certificates(client), *collector.readings(source), *collector.channels([source])]
        assert source.seq >= 10 and len(source.closed) == 1
        owner.acknowledge(lab.home, client, source.seq, source.closed)
        assert client.info().raw["channels"] == [0, 0]
    assert all(verdict.ok for verdict in lab.verify(found))
    with connect(payer.serial_url) as client, pytest.raises(RefusedByDevice) as refusal:
        client.command(owner.sign(lab.home, client.info().device, 1, "pause", not_after=int(time.time()) + 60).raw)
    assert refusal.value.code == "replay"


def test_several_hosts_at_once_get_their_own_answers(lab):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 1)
    failures = []

    def ask(url, wanted):
        try:
            with connect(url) as client:
                for _ in range(15):
                    assert client.info().raw["state"] == "provisioned"
                    assert wanted(client)
        except Exception as error:  # result by the thread that waits
            failures.append((url, error))

    asks = [
        (board.url, lambda client: len(client.chain()) == 2),
        (board.url, lambda client: all(value is True for value in client.selftest().values())),
        (board.serial_url, lambda client: list(client.readings(0)) is not None),
        (board.url, lambda client: client.bench(1)[0] > 0),
    ]
    threads = [threading.Thread(target=ask, args=one) for one in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def garbage(seed):
    """What a stranger, a loose wire or a terminal program might send."""
    rng = random.Random(seed)
    noise = rng.randbytes(rng.randrange(1, 3000))
    return rng.choice(
        (
            noise,
            noise.replace(b"\x00", b"\x01") * 5,  # a frame that is too long
            b"\x03" * rng.randrange(1, 200) + b"\x00",
            b"\x03\r\n>>> import os\r\n\x04",
            pack(Frame(rng.randrange(2**31), rng.randrange(300), noise[:200]))[: rng.randrange(20, 200)],
            pack(Frame(rng.randrange(2**31), rng.choice((2, 3, 4, 5, 7, 9, 32, 33, 34, 35, 36, 37)), noise[:50])),
            pack(Frame(1, rng.randrange(40), [[[[[[[[1]]]]]]], {1: noise[:9]}, -(2**63), None, True, "x"])),
            b"\x00" * 500,
        )
    )


def pour(board, seeds):
    """Garbage on each link of the board by turns."""
    with serial.Serial(str(board.folder / "tty")) as wire:
        for seed in seeds:
            link = ("command", "peer", "serial")[seed % 3]
            if link == "serial":
                wire.write(garbage(seed))
                continue
            with socket.create_connection(tuple(board.hardware[link]), 5) as stranger:
                stranger.sendall(garbage(seed))
                if seed % 2:
                    stranger.settimeout(0.01)
                    try:
                        stranger.recv(100)
                    except OSError:
                        pass


def test_garbage_on_every_link_disturbs_nothing(lab, tmp_path):
    board, payer = lab.board("station", ["bme280"]), lab.board("payer")
    lab.sells(board, "reading", 5)
    pid = board.pid
    lab.order(payer, board, "reading", 60)
    pour(board, range(90))
    assert lab.wait(payer, ended)["order"] == [1, None, [12, 60]], "the trade beside it"
    with connect(board.serial_url) as client:
        assert client.info().state == "provisioned" and client.info().raw["command_seq"] == 2
        assert all(value is True for value in client.selftest().values())
    before = lab.info(board)["heap_free"]  # by now the board has loaded what it loads late
    pour(board, range(90))
    assert board.pid == pid and lab.info(board)["heap_free"] > before - 20000


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts a process's sockets in /proc, as Linux has it")
def test_a_seller_that_does_not_answer_costs_no_sockets(lab):
    """A listener whose queue is full: connecting neither succeeds nor fails."""
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", 5)
    before = descriptors(payer)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(0)
        queue = [socket.socket() for _ in range(3)]
        for one in queue:
            one.setblocking(False)
            one.connect_ex(mute.getsockname())
        lab.order(payer, payee, "reading", 50, address=f"tcp:127.0.0.1:{mute.getsockname()[1]}")
        assert lab.wait(payer, lambda result: result["trade_fault"])["trade_fault"] == 24
        lab.tell(payer, "stop")
        for one in queue:
            one.close()
    assert descriptors(payer) <= before + 1  # the connection just closed may still be there


def descriptors(board):
    (micropython,) = Path(f"/proc/{board.pid}/task/{board.pid}/children").read_text().split()
    return len(list(Path(f"/proc/{micropython}/fd").iterdir()))


def test_a_flood_of_connections_locks_nobody_out(lab):
    board, payer = lab.board("station", ["bme280"]), lab.board("payer")
    lab.sells(board, "reading", 5)
    held = []
    try:
        for link in ("command", "peer") * 20:
            held.append(socket.create_connection(tuple(board.hardware[link]), 10))
            held[-1].sendall(b"\x01" * 3000)
        assert lab.info(board)["state"] == "provisioned"
        lab.order(payer, board, "reading", 30)
        assert lab.wait(payer, ended)["order"] == [1, None, [6, 30]]
        with connect(board.serial_url) as client:
            assert client.info().raw["heap_free"] > 60000
    finally:
        for stranger in held:
            stranger.close()
    assert "Traceback" not in lab.console(board)


def launched(board):
    """A board's process started by hand: (exit code, what it said)."""
    launch = Path(emulator.__file__).with_name("launch.py")
    command = [sys.executable, "-P", str(launch), str(assets.root() / "boards" / "unix"), "400k", str(board.folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_a_board_whose_program_ends_says_why_and_fails(lab):
    board = lab.blank("broken")
    good = board.hardware
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        for change, words in (
            ({"series": ["missing.series"]}, "missing.series"),
            ({"command": ["127.0.0.1", taken]}, f"tcp:127.0.0.1:{taken}"),
            ({"peer": ["127.0.0.1", taken]}, f"tcp:127.0.0.1:{taken}"),
        ):
            (board.folder / "hardware.json").write_text(json.dumps(good | change))
            code, said = launched(board)
            assert code != 0 and words in said.strip().splitlines()[-1], (change, code, said)
    (board.folder / "hardware.json").write_text(json.dumps(good | {"series": ["missing.series"]}))
    with pytest.raises(Unreachable, match="does not start: .*missing.series"):
        board.start()
    lab.expect_trace(board)
    (board.folder / "hardware.json").write_text(json.dumps(good))
    board.start()
    assert lab.info(board)["state"] == "blank"
