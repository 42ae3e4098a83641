"""Emulated boards that a hub asks at their URLs: readings, money, funding, acknowledgements; nothing else settles."""

import subprocess
import sys

from sealwright import emulator
from sealwright.bookkeeping import known_ledger
from sealwright.hub import demo
from sealwright.hub.fleet import Fleet


def test_boards_measure_and_trade_and_the_hub_does_the_rest(site, monkeypatch):
    demo.MONEY.write(site.home.folder)
    monkeypatch.setattr(demo, "READING_SECONDS", 1)
    with demo.running(site.home, 3, print) as boards, site.parts(allow_test=True, every=0.5):
        boards[2].remove()  # the register still has it, and it holds no other back
        boards = boards[:2]
        with demo.Trade(site.home, boards, print):
            site.wait(lambda: (site.count("settle", "settled") or 0) >= 10 and len(site.readings()) >= 8)
        with emulator.resolve(site.home, "emulated:meter-1") as client:
            site.wait(lambda: client.info().raw["acknowledged"] > 0)
            acknowledged, device = client.info().raw["acknowledged"], client.info().device
        assert acknowledged <= len(site.readings()), "nothing is forgotten that is not kept"
    with known_ledger(site.home, allow_test=True) as ledger:
        assert ledger.audit().ok
        assert sum(one.paid for one in ledger.channels()) > 0
    with Fleet(site.folder.fleet) as fleet:
        said = {one.device: one for one in fleet.devices() if one.info}
        gone = [one for one in fleet.faults() if "emulated:meter-2: " in one.text]
        meter = site.home.resolve("meter-2").device
        assert gone and {one.device for one in gone} == {meter}, "by its register: it never answered"
    assert len(said) >= 2 and said[device.hex()].how == "url" and said[device.hex()].info["state"] == "provisioned"


def test_boards_of_a_demo_that_is_killed_end_by_themselves(site):
    demo.MONEY.write(site.home.folder)
    program = (
        "import sys, time; from sealwright.home import Home; from sealwright.hub import demo\n"
        "with demo.running(Home.open(sys.argv[1]), 2, lambda text: None): print('up', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(site.home.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "up\n"
            assert len(emulator.running(site.home)) == 2
        finally:
            child.kill()
    site.wait(lambda: not emulator.running(site.home))
