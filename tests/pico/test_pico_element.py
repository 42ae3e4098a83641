"""An emulated Pico whose keys are in an emulated ATECC608: the real image's I2C wakes it, and it signs.

A command takes the chip what the data sheet says at most, in the guest's time. Custody 2 is proved by the chip's word;
then the board measures, sells, takes an update and loses its power.
"""

import dataclasses
import json
from pathlib import Path

import pytest
from sealwright import targets as boards
from sealwright.bench.updates import make
from sealwright.emulator import create, find
from sealwright.home import Home

from tests.cli.runner import POLICY, Cli, interrupted, wait_until
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload_firmware
from tests.pico.rig import image

PRICE, LONG = 1000, 1800
VAULT = ("--device", "emulated:vault")
pytestmark = pytest.mark.skipif(image() is None, reason=NO_IMAGE)


@pytest.fixture
def cli(tmp_path: Path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "pico")
    made.ok("asset", "add", "nEUR")
    yield made
    made.kill_all()


def info(cli: Cli) -> dict:
    return cli.ok("info", *VAULT, "--json").last


def provisioned(cli: Cli, build: boards.Build) -> str:
    """A vault of custody 2, by the chip's word and ours; the chip's serial number."""
    board = create(Home.open(cli.home), "pico", "vault", ["bme280"], element="atecc608")
    preload_firmware(board, build)
    board.start()
    provision = ("provision", *VAULT, "--name", "vault")
    serial = str(cli.ok(*provision, "--dry-run", "--json").last["element"]["serial"])
    made = cli.ok(*provision, "--lock-element", serial, "--chip", serial, "--json").last
    assert (made["custody"], made["chip"]["serial"]) == (2, serial)
    return serial


def sell(cli: Cli, count: int) -> None:
    """So many readings, to a unix board that reaches the Pico through the host's relay."""
    relay = cli.start("relay", *VAULT, "--json")
    line = json.loads(relay.stdout.readline())
    try:
        pay = ("pay", "--payer", "emulated:car", "--payee", "emulated:vault", "--at", line["peers"])
        paid = cli.process(*pay, "--amount", count * PRICE, "--json", timeout=LONG)
        assert paid.code == 0 and paid.last["vouchers"] == count, paid
    finally:
        interrupted(relay)


def judged(cli: Cli, bundle: Path, device: str) -> set[str]:
    """What a verifier that wants custody 2 says of the certificate and the readings of a device."""
    root = ("--root", cli.home / "test-root.pem", "--allow-test")
    found = cli("verify", bundle, *root, "--custody", "2", "--json").json
    kinds = ("certificate", "reading")
    return {one["code"] for one in found if one.get("device") == device and one["type"] in kinds}


@pytest.mark.long
def test_custody_2_on_a_pico(cli: Cli, tmp_path: Path) -> None:
    build = boards.compile_for(boards.find("pico"))
    serial = provisioned(cli, build)
    cli.ok("owner", "interval", *VAULT, "5")
    cli.ok("owner", "offer", *VAULT, "--unit", "reading", "--price", PRICE, "--asset", "nEUR")
    cli.provisioned("car", "bme280", policy=POLICY)
    cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000000")
    sell(cli, 2)
    newer = dataclasses.replace(build, slot={**build.slot, "news.mpy": b"something new"})
    make(Home.open(cli.home), newer, 1).write(tmp_path / "new.firmware")
    cli.ok("update", *VAULT, "--bundle", tmp_path / "new.firmware")
    assert cli.ok("renew", "vault", "--json").last["custody"] == 2  # the chip signs again, on a heap in use
    board = find(Home.open(cli.home), "vault")
    board.kill()
    board.start()
    before = info(cli)
    assert (before["state"], before["version"], before["certified"]) == ("provisioned", 1, 2)
    assert before["chip"]["serial"] == serial
    wait_until(lambda: info(cli)["reading_seq"] > before["reading_seq"], LONG)
    bundle = tmp_path / "both.bundle"
    cli.ok("collect", *VAULT, "--device", "emulated:car", "--out", bundle)
    assert judged(cli, bundle, before["device"]) == {"ok"}
    car = cli.ok("info", "--device", "emulated:car", "--json").last["device"]
    assert judged(cli, bundle, car) == {"custody_too_low"}
