"""Trades between boards over other links than TCP: datagrams that get lost, and a wire with nothing else."""

import json

import pytest
from sealwright.link import connect

from .test_trade import ended
from .wires import BadAir, Wire


def linked(lab, name, sensors=(), **hardware):
    """A provisioned board with another peer link."""
    board = lab.blank(name, sensors)
    (board.folder / "hardware.json").write_text(json.dumps(board.hardware | hardware))
    board.start()
    lab.adopt(board)
    return board


@pytest.fixture
def air():
    made = []

    def before(board, lost):
        made.append(BadAir(lambda: tuple(board.hardware["peer"]), lost))
        return made[-1]

    yield before
    for one in made:
        one.close()


def test_a_trade_over_datagrams_of_which_a_fifth_is_lost(lab, air):
    payee, payer = linked(lab, "payee", ["bme280"], peer_link="udp"), linked(lab, "payer", peer_link="udp")
    lab.sells(payee, "reading", 5)
    assert lab.info(payee)["peer"].startswith("udp:127.0.0.1:")
    bad = air(payee, 20)
    lab.order(payer, payee, "reading", 100, address=bad.address, pause_ms=0)
    assert lab.wait(payer, ended, 120)["order"] == [1, None, [20, 100]]
    assert bad.dropped > 20
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payee, payer)))


def test_datagrams_and_power_cuts(lab, air):
    payee, payer = linked(lab, "payee", [lab.power(100)], peer_link="udp"), linked(lab, "payer", peer_link="udp")
    lab.sells(payee, "J", 1)
    bad = air(payee, 5)
    lab.order(payer, payee, "J", 800, address=bad.address)
    for board in (payer, payee):
        paid = lab.info(payer)["order"][2] or [0, 0]
        lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= paid[0] + 2)
        board.kill()
        board.start()
    assert lab.wait(payer, ended)["order"][2][1] == 800
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payee, payer)))


@pytest.fixture(params=[0, 3000], ids=["quiet", "noisy"])
def wire(request):
    made = Wire(request.param)
    yield made
    made.close()


def test_two_devices_on_a_wire_buy_from_each_other_at_once(lab, wire):
    first = linked(lab, "first", ["bme280"], peer_link="uart", uart=wire.paths[0])
    second = linked(lab, "second", ["bme280"], peer_link="uart", uart=wire.paths[1])
    for board in (first, second):
        lab.sells(board, "reading", 5)
    lab.order(first, second, "reading", 60)
    lab.order(second, first, "reading", 40)
    assert lab.wait(first, ended, 120)["order"] == [1, None, [12, 60]]
    assert lab.wait(second, ended, 120)["order"] == [1, None, [8, 40]]
    assert all(verdict.ok for verdict in lab.verify(lab.collect(first, second)))
    assert wire.carried > 10000


def test_a_wire_whose_other_end_loses_power(lab, wire):
    payee = linked(lab, "payee", [lab.power(100)], peer_link="uart", uart=wire.paths[0])
    payer = linked(lab, "payer", peer_link="uart", uart=wire.paths[1])
    lab.sells(payee, "J", 1)
    lab.order(payer, payee, "J", 600)
    lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= 2)
    payer.kill()
    payer.start()
    assert lab.wait(payer, ended)["order"][2][1] == 600
    assert all(verdict.ok for verdict in lab.verify(lab.collect(payee, payer)))


def test_a_host_on_the_wire(lab):
    wire = Wire()
    try:
        board = linked(lab, "station", ["bme280"], peer_link="uart", uart=wire.paths[0])
        with connect(f"serial:{wire.paths[1]}") as client:
            assert client.info().raw["peer"] == "uart:wire"
            assert all(value is True for value in client.selftest().values())
        assert lab.info(board)["state"] == "provisioned"
    finally:
        wire.close()
