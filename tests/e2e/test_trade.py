"""Trades between real boards: three machines at once, without any host, over broken wires, against nonsense."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sealwright import emulator
from sealwright.home import Home
from sealwright.wire.messages import ChannelClose, Reading, Receipt, Voucher

from .lab import ASSET, Lab

DONE, FAILED = 1, 3
EXPIRED = 19


def ended(result):
    return result["order"] is not None and result["order"][0] != 0


def test_three_machines_measure_trade_and_get_settled(lab):
    station, solar, charger = lab.board("station", ["bme280"]), lab.board("solar", ["ina219"]), lab.board("charger")
    lab.sells(solar, "J", 83)
    lab.sells(station, "reading", 2000)
    lab.order(charger, solar, "J", 5000)
    lab.order(solar, station, "reading", 6000)
    assert lab.wait(solar, ended)["order"] == [DONE, None, [3, 6000]]
    assert lab.wait(charger, ended)["order"][2][1] == 5000
    assert [row[:2] for row in lab.info(solar)["bought"]][0] == ["temperature", "Cel"]
    bundle = lab.collect(station, solar, charger)
    verdicts = lab.verify(bundle)
    assert all(verdict.ok for verdict in verdicts), [verdict for verdict in verdicts if not verdict.ok]
    kinds = [type(verdict.message.body) for verdict in verdicts]
    assert kinds.count(Voucher) == kinds.count(Receipt) == kinds.count(ChannelClose) == 2 and kinds.count(Reading) > 5
    with lab.settle(bundle, {charger: 10**6, solar: 10**6}) as ledger:
        paid = {channel.payer: channel.paid for channel in ledger.channels()}
        held = {balance.name: balance.amount for balance in ledger.balances() if balance.kind == "device"}
    ids = [lab.info(board)["device"] for board in (station, solar, charger)]
    assert paid == {ids[1]: 6000, ids[2]: 5000}
    assert held == {ids[0]: 6000, ids[1]: 10**6 + 5000 - 6000, ids[2]: 10**6 - 5000}


def test_what_no_payee_closes_comes_back_to_the_payer(lab):
    station, payer = lab.board("station", ["bme280"]), lab.board("payer")
    lab.sells(station, "reading", 10)
    lab.order(payer, station, "reading", 10**6, seconds=20)
    lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= 2)
    station.kill()
    lab.settle(lab.collect(payer), {payer: 10**6}).close()
    assert lab.wait(payer, ended)["order"][:2] == [FAILED, EXPIRED]
    with lab.ledger() as ledger:
        channel = next(iter(ledger.channels()))
        assert not channel.closed and channel.paid > 0
    lab.tell(payer, "close", channel.digest)
    with lab.ledger() as ledger:
        verdicts = list(ledger.settle(lab.collect(payer)))
        assert [one.ok for one in verdicts if isinstance(one.message.body, ChannelClose)] == [True]
    end = time.time() + 10 * 86400  # past the claim's end
    with lab.ledger(lambda: end) as ledger:
        ledger.refund_ended()
        channel = next(iter(ledger.channels()))
    assert channel.paid > 0 and channel.paid + channel.refunded == 10**6


HOST = """
import os, signal, sys
from pathlib import Path
from tests.e2e.lab import Lab
lab = Lab(Path(sys.argv[1]))
solar, charger = lab.board("solar", [lab.power(100)]), lab.board("charger")
lab.sells(solar, "J", 10)
lab.order(charger, solar, "J", 4000)
print(os.getpid(), solar.pid, charger.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_trade_goes_on_with_every_host_process_gone(tmp_path):
    root = os.fspath(__file__).rsplit(os.sep, 3)[0]
    paths = os.pathsep.join([root, os.path.join(root, "host_tools")])
    done = subprocess.run(
        [sys.executable, "-c", HOST, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    home = Home.open(tmp_path / "home")
    boards = {board.name: board for board in emulator.running(home)}
    try:
        assert done.returncode == -signal.SIGKILL, done.stderr
        host, *pids = map(int, done.stdout.split())
        assert pids == [boards[name].pid for name in ("solar", "charger")]
        with pytest.raises(ProcessLookupError):
            os.kill(host, 0)
        time.sleep(2)  # nobody looks
        lab = Lab.at(home)
        lab.wait(boards["charger"], lambda result: result["order"][2] and result["order"][2][0] >= 3)
        assert lab.wait(boards["charger"], ended)["order"][2][1] == 4000
        assert all(verdict.ok for verdict in lab.verify(lab.collect(*boards.values())))
        assert [board.pid for board in (boards["solar"], boards["charger"])] == pids
    finally:
        for board in boards.values():
            board.kill()


def test_a_payer_that_vanished_without_goodbye_comes_again(lab, proxied):
    payee, payer = lab.board("payee", [lab.power(100)]), lab.board("payer")
    lab.sells(payee, "J", 1)
    proxy = proxied(payee)
    lab.order(payer, payee, "J", 500, address=proxy.address)
    lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= 2)
    proxy.silence()  # the payee's end of the connection stays open: nobody result it anything
    payer.kill()
    payer.start()
    assert lab.wait(payer, ended)["order"][2][1] == 500
    assert proxy.connections >= 2


def test_another_buyer_waits_for_the_meter_and_then_gets_it(lab, proxied):
    payee, first, second = lab.board("payee", [lab.power(100)]), lab.board("first"), lab.board("second")
    lab.sells(payee, "J", 1)
    lab.order(first, payee, "J", 300)
    lab.wait(first, lambda result: result["order"][2])
    lab.order(second, payee, "J", 100)
    assert lab.wait(second, lambda result: result["trade_fault"])["trade_fault"] == 7
    assert lab.wait(first, ended)["order"][2][1] == 300
    assert lab.wait(second, ended)["order"] == [DONE, None, lab.info(second)["order"][2]]
    assert lab.info(second)["trade_fault"] is None
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payee, first, second)))


def test_a_peer_of_another_network_is_refused(lab, tmp_path):
    foreign = Lab(tmp_path / "foreign")
    try:
        payee, payer = lab.board("payee", ["bme280"]), foreign.board("payer")
        lab.sells(payee, "reading", 5)
        result = lab.info(payee)
        order = {1: result["peer"], 2: result["device"], 3: ASSET, 4: "reading", 5: 50, 6: 600, 7: 0}
        foreign.tell(payer, "trade", order)
        result = foreign.wait(payer, lambda result: result["trade_fault"])
        assert result["trade_fault"] == 6 and result["order"] == [0, None, None] and result["channels"] == [0, 0]
        assert lab.info(payee)["channels"] == [0, 0] and lab.info(payee)["reading_seq"] <= 1
        foreign.tell(payer, "stop")
        assert foreign.wait(payer, ended)["order"] == [2, None, None]
    finally:
        foreign.close()


def test_another_device_at_the_address_is_not_paid(lab):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", 5)
    lab.order(payer, payee, "reading", 50, payee_id=bytes(32))
    result = lab.wait(payer, lambda result: result["trade_fault"])
    assert result["trade_fault"] == 24 and result["order"] == [0, None, None]


def test_nonsense_on_the_wire_ends_nothing(lab, proxied, witness):
    """Every kind of reply is in turn another thing than it should be; then the wire is good again."""
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", 5)
    proxy = proxied(payee)
    wrong = iter([b"", b"\x00" * 50, os.urandom(300), b"\x03" * 7000 + b"\x00", *NONSENSE])
    result = []

    def tamper(frame):
        result.append(frame)
        if len(result) % 4:
            return None
        other = next(wrong, None)
        return other if other is None or isinstance(other, bytes) else proxy.repack(frame, other[0])

    proxy.tamper = tamper
    pids = payer.pid, payee.pid
    lab.order(payer, payee, "reading", 100, address=proxy.address, pause_ms=0)
    lab.wait(payer, ended)
    assert lab.info(payer)["order"] == [DONE, None, [20, 100]]
    assert next(wrong, None) is None and not proxy.errors, proxy.errors
    assert (payer.pid, payee.pid) == pids
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payer, payee)))


NONSENSE = [
    (item,) for item in (None, [], {}, 7, 2**40, "no", b"", [None] * 3, [b"\x00"] * 4, [[[[1]]]], [bytes(32), -1, b""])
]
