"""The whole way on an emulated Pico, by public commands alone: the real image, the real mpremote, a chip on I2C.

The guest is some three times slower than the chip it stands for. Skipped where there is no image.
"""

import dataclasses
import json
import re
import shutil

import pytest
from sealwright import emulator
from sealwright import targets as boards
from sealwright.bench.updates import make
from sealwright.emulator.pico.launcher import FLASH
from sealwright.home import Home
from sealwright.targets import assets
from sealwright.targets.kinds import describe

from tests.cli.runner import POLICY, Cli, ended, gone_wrong, interrupted, wait_until
from tests.pico import prompts
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload_firmware
from tests.pico.rig import image

PRICE = 1000
LONG = 1800  # seconds, on a busy machine: only what fails waits for so long
BLOCK = 4096
SOME = 60  # blocks of flash, of some 150 that the firmware takes
pytestmark = pytest.mark.skipif(image() is None, reason=NO_IMAGE)


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "pico")
    made.ok("asset", "add", "nEUR")
    yield made
    made.kill_all()


def at(name):
    return "--device", f"emulated:{name}"


DEPLOY = ("deploy", "--board", "pico", *at("station"))


def bare(cli, *sensors):
    """A Pico as it comes from `flash`: MicroPython and nothing else."""
    options = [part for sensor in sensors for part in ("--sensor", sensor)]
    cli.ok("emulate", "pico", "--image", image(), "--name", "station", *options, "--detach")
    return emulator.find(Home.open(cli.home), "station")


@pytest.mark.long
def test_from_the_prompt_to_settled_money(cli):
    board = bare(cli, "bme280")
    deploy_with_a_cut(cli, board)
    parts = cli.ok("selftest", *at("station"), "--json").last["parts"]
    assert parts["sensor BME280"] is parts["curve"] is True
    cli.ok("provision", *at("station"), "--name", "station")
    cli.ok("owner", "interval", *at("station"), "5")
    cli.ok("owner", "offer", *at("station"), "--unit", "reading", "--price", PRICE, "--asset", "nEUR")
    assert cli(*DEPLOY).code == 4, "its prompt is shut"

    bundle = cli.home.parent / "day.bundle"
    cli.provisioned("car", policy=POLICY)
    cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000000")
    sell(cli, 2)
    collect = ("collect", *at("station"), *at("car"), "--out", bundle)
    cli.ok(*collect)
    settled = cli.ok("settle", bundle, "--allow-test", "--json").json
    assert all(one["ok"] for one in settled)
    (channel,) = cli.ok("ledger", "channels", "--json").json
    assert channel["paid"] == str(2 * PRICE)

    before = readings(cli, bundle)
    assert len(before) >= 3
    board.kill()  # the power goes, and comes back
    board.start()
    cli.ok("owner", "clock", *at("station"))
    wait_until(lambda: told_by(cli)["reading_seq"] > before[-1], LONG)
    cli.ok(*collect)
    after = readings(cli, bundle)
    assert after == list(range(after[0], after[-1] + 1)) and after[-1] > before[-1], "the log goes on, without a gap"
    sell(cli, 1)
    cli.ok(*collect)
    assert all(one["ok"] for one in cli.ok("settle", bundle, "--allow-test", "--json").json)
    assert sum(int(one["paid"]) for one in cli.ok("ledger", "channels", "--json").json) == 3 * PRICE
    assert cli.ok("ledger", "audit", "--allow-test").code == 0
    assert prompts.running(board, 6) == 0 and not prompts.by_mpremote(board)


def deploy_with_a_cut(cli, board):
    """Deploy, pull the cable when a good part of the firmware is there, and deploy again."""
    flash = board.folder / FLASH
    empty = flash.read_bytes()

    def changed():
        now = flash.read_bytes()
        return sum(now[at : at + BLOCK] != empty[at : at + BLOCK] for at in range(0, len(now), BLOCK))

    deploying = cli.start(*DEPLOY)
    wait_until(lambda: changed() > SOME, LONG)
    board.kill()
    gone_wrong(ended(deploying, seconds=LONG), 3, "unreachable")
    board.start()
    result = cli.ok(*DEPLOY, "--json").last
    assert result["state"] == "blank" and result["sent"] and result["unchanged"] > 20, (
        "what was whole is not sent again"
    )
    assert cli.ok(*DEPLOY, "--json").last["sent"] == [], "all is there"


def sell(cli, count):
    """A trade of so many readings with a unix board, which reaches the Pico through the host's relay."""
    relay = cli.start("relay", *at("station"), "--json")
    line = json.loads(relay.stdout.readline())
    try:
        pay = ("pay", "--payer", "emulated:car", "--payee", "emulated:station", "--at", line["peers"])
        paid = cli.process(*pay, "--amount", count * PRICE, "--json", timeout=LONG)
        assert paid.code == 0 and paid.last["state"] == "done" and paid.last["vouchers"] == count, paid
    finally:
        interrupted(relay)


def told_by(cli):
    return cli.ok("info", *at("station"), "--json").last


def readings(cli, bundle):
    """The numbers of the station's readings in a bundle, all of which holds."""
    verdicts = cli.ok("verify", bundle, "--allow-test", "--json").json
    assert all(one["ok"] for one in verdicts)
    shown = cli.ok("verify", bundle, "--allow-test", "-v").out
    return [int(seq) for seq in re.findall(r"reading +station .*#(\d+)", shown)]


def loaded(cli, build):
    """A Pico with this firmware on its flash, put there without mpremote."""
    board = bare(cli)
    board.kill()
    preload_firmware(board, build)
    board.start()


def broken(tmp_path):
    """The firmware of a Pico that fails at its start."""
    for name in ("firmware", "boards"):
        shutil.copytree(assets.root() / name, tmp_path / "broken" / name)
    app = tmp_path / "broken" / "firmware" / "seal" / "app.py"
    app.write_text('raise ValueError("a bad version")\n' + app.read_text())
    return boards.compile_for(describe(tmp_path / "broken" / "boards" / "pico"))


@pytest.mark.long
def test_a_pico_takes_a_new_version_and_drops_bad_ones(cli, tmp_path):
    build = boards.compile_for(boards.find("pico"))
    loaded(cli, build)
    cli.ok("provision", *at("station"), "--name", "station")
    cli.ok("owner", "interval", *at("station"), "3600")
    identity = told_by(cli)["device"]
    newer = dataclasses.replace(build, slot={**build.slot, "news.mpy": b"something new"})
    files = {}
    for name, version, made in (("good", 1, newer), ("bad", 2, broken(tmp_path))):
        files[name] = tmp_path / f"{name}.firmware"
        make(Home.open(cli.home), made, version).write(files[name])

    done = cli.ok("update", *at("station"), "--bundle", files["good"], "--json").last
    assert (done["version"], done["slot"]) == (1, "b") and done["sent"] < 100, "only what differs is sent"
    result = told_by(cli)
    assert (result["version"], result["slot"], result["trial"]) == (1, "b", False)

    altered = bytearray(files["bad"].read_bytes())
    altered[200] ^= 1
    (tmp_path / "altered.firmware").write_bytes(altered)
    assert cli("update", *at("station"), "--bundle", tmp_path / "altered.firmware").code in (1, 4)

    rolled = cli("update", *at("station"), "--bundle", files["bad"], "--json")
    assert rolled.code == 1 and rolled.last["code"] == "rolled_back"
    result = told_by(cli)
    assert (result["version"], result["slot"], result["rolled_back"]) == (1, "b", 2)
    assert result["state"] == "provisioned" and result["device"] == identity
