"""The whole way on an emulated Pico, by public commands alone: the real image, the real mpremote, a chip on I2C.

The guest is some 30 times slower than the chip it stands for: the first way takes about ten minutes of a core, the
second, with its eight boots, seventeen; so both are asked for by SEALWRIGHT_SLOW=1. Skipped where there is no image.
"""

import dataclasses
import json
import os
import re
import shutil

import pytest
from sealwright import assets, boards, emulator
from sealwright.boards.kinds import describe
from sealwright.firmware import make
from sealwright.home import Home

from tests.cli.runner import POLICY, Cli, interrupted, wait_until
from tests.pico import prompts
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload
from tests.pico.rig import image

PRICE = 1000
FEW = 10  # files
LONG = 1500  # seconds: of a busy machine with one core left for the guest
SLOW = "ten minutes of a core and more: set SEALWRIGHT_SLOW=1"
pytestmark = [
    pytest.mark.skipif(image() is None, reason=NO_IMAGE),
    pytest.mark.skipif("SEALWRIGHT_SLOW" not in os.environ, reason=SLOW),
]


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "pico")
    yield made
    made.kill_all()


def at(name):
    return "--device", f"emulated:{name}"


def bare(cli, *sensors):
    """A Pico as it comes from `flash`: MicroPython and nothing else."""
    options = [part for sensor in sensors for part in ("--sensor", sensor)]
    cli.ok("emulate", "pico", "--image", image(), "--name", "station", *options, "--detach")
    return emulator.find(Home.open(cli.home), "station")


def loaded(cli, tmp_path, files, *sensors):
    """A Pico with files on its flash, put there without mpremote."""
    board = bare(cli, *sensors)
    board.kill()
    for path, data in files.items():
        target = tmp_path / "flash" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    preload(board, tmp_path / "flash")
    board.start()
    return board


def test_from_the_prompt_to_settled_money(cli, tmp_path):
    # a deploy that was cut: most files are there, one of them damaged; the whole would take minutes here
    build = boards.compile_for(boards.find("pico"))
    slot = {f"a/{path}": data for path, data in sorted(build.slot.items())[:-FEW]}
    slot["a/seal/app.mpy"] = b"torn"
    board = loaded(cli, tmp_path, slot, "bme280")
    told = cli.ok("deploy", "--board", "pico", *at("station"), "--wait", LONG, "--json").last
    assert told["state"] == "blank" and told["unchanged"] > 50
    assert "/a/seal/app.mpy" in told["sent"] and len(told["sent"]) < FEW + 8, "only what is missing or torn"
    parts = cli.ok("selftest", *at("station"), "--json").last["parts"]
    assert parts["sensor BME280"] is parts["curve"] is True
    cli.ok("provision", *at("station"), "--name", "station")
    cli.ok("owner", "interval", *at("station"), "30")
    cli.ok("owner", "offer", *at("station"), "--unit", "reading", "--price", PRICE, "--asset", "nEUR")
    assert cli("deploy", "--board", "pico", *at("station")).code == 4, "its prompt is shut"

    bundle = tmp_path / "day.bundle"
    sell(cli, 2)
    collect = ("collect", *at("station"), *at("car"), "--out", bundle)
    cli.ok(*collect)
    cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000000")
    settled = cli.ok("settle", bundle, "--allow-test", "--json").json
    assert all(one["ok"] for one in settled)
    (channel,) = cli.ok("ledger", "channels", "--json").json
    assert channel["paid"] == 2 * PRICE

    before = readings(cli, bundle)
    assert len(before) >= 3
    board.kill()  # the power goes, and comes back
    board.start()
    cli.ok("owner", "clock", *at("station"))
    wait_until(lambda: told_by(cli)["reading_seq"] > before[-1], LONG)
    cli.ok(*collect)
    after = readings(cli, bundle)
    assert after == list(range(after[0], after[-1] + 1)) and after[-1] > before[-1], "the log goes on, without a gap"
    assert cli.ok("ledger", "audit", "--allow-test").code == 0
    assert prompts.running(board, 6) == 0 and not prompts.by_mpremote(board)


def sell(cli, count):
    """A trade of so many readings with a unix board, which reaches the Pico through the host's relay."""
    cli.provisioned("car", policy=POLICY)
    relay = cli.start("relay", *at("station"), "--json")
    line = json.loads(relay.stdout.readline())
    try:
        pay = ("pay", "--payer", "emulated:car", "--payee", "emulated:station", "--at", line["peers"])
        paid = cli.process(*pay, "--amount", count * PRICE, "--pause-ms", "0", "--json", timeout=LONG)
        assert paid.code == 0 and paid.last["state"] == "done" and paid.last["vouchers"] == count, paid
    finally:
        interrupted(relay)


def told_by(cli):
    return cli.ok("info", *at("station"), "--json").last


def readings(cli, bundle):
    """The numbers of the station's readings in a bundle, all of which holds."""
    verdicts = cli.ok("verify", bundle, "--allow-test", "--json").json
    assert all(one["ok"] for one in verdicts)
    shown = cli.ok("verify", bundle, "--allow-test").out
    return [int(seq) for seq in re.findall(r"reading +station .*#(\d+)", shown)]


def deployed(cli, tmp_path):
    """A provisioned Pico with the firmware on it, and that firmware."""
    build = boards.compile_for(boards.find("pico"))
    files = {**build.loader, "slot": b"a", **{f"a/{path}": data for path, data in build.slot.items()}}
    board = loaded(cli, tmp_path, files)
    cli.ok("provision", *at("station"), "--name", "station")
    cli.ok("owner", "interval", *at("station"), "3600")
    return board, build


def broken(tmp_path):
    """The firmware of a Pico that fails at its start."""
    for name in ("firmware", "boards"):
        shutil.copytree(assets.root() / name, tmp_path / "broken" / name)
    app = tmp_path / "broken" / "firmware" / "seal" / "app.py"
    app.write_text('raise ValueError("a bad version")\n' + app.read_text())
    return boards.compile_for(describe(tmp_path / "broken" / "boards" / "pico"))


def test_a_pico_takes_a_new_version_and_drops_bad_ones(cli, tmp_path):
    _, build = deployed(cli, tmp_path)
    identity = told_by(cli)["device"]
    newer = dataclasses.replace(build, slot={**build.slot, "news.mpy": b"something new"})
    files = {}
    for name, version, made in (("good", 1, newer), ("bad", 2, broken(tmp_path))):
        files[name] = tmp_path / f"{name}.firmware"
        make(Home.open(cli.home), made, version).write(files[name])

    done = cli.ok("update", *at("station"), "--bundle", files["good"], "--wait", LONG, "--json").last
    assert (done["version"], done["slot"]) == (1, "b") and done["sent"] < 100, "only what differs is sent"
    told = told_by(cli)
    assert (told["version"], told["slot"], told["trial"]) == (1, "b", False)

    altered = bytearray(files["bad"].read_bytes())
    altered[200] ^= 1
    (tmp_path / "altered.firmware").write_bytes(altered)
    assert cli("update", *at("station"), "--bundle", tmp_path / "altered.firmware").code in (1, 4)

    rolled = cli("update", *at("station"), "--bundle", files["bad"], "--wait", LONG, "--json")
    assert rolled.code == 1 and rolled.last["code"] == "rolled_back"
    told = told_by(cli)
    assert (told["version"], told["slot"], told["rolled_back"]) == (1, "b", 2)
    assert told["state"] == "provisioned" and told["device"] == identity
