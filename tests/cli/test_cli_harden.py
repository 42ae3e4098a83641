"""`sealwright harden` as its user starts it: rehearsed on fuses in a file, confirmed, killed at every burn."""

import json
import os
import signal
import subprocess

import pytest
from sealwright.home import Home

from tests.cli.runner import ENTRY
from tests.host_tools.bench.hardening.builds import BOARDS, Build

pytest.importorskip("esptool")

KILLED = BOARDS if os.environ.get("SEALWRIGHT_KILLS") else BOARDS[:1]  # the others by `make kills`


@pytest.fixture
def build(cli, tmp_path, request):
    cli.ok("init", "--network", "sealed")
    return Build(tmp_path / "build", getattr(request, "param", "esp32_c3"), Home.open(cli.home))


def test_a_dry_run_lists_every_burn_and_changes_nothing(cli, build):
    shown = cli.ok("harden", *build.arguments(), "--dry-run", "--json").last
    before = build.state()
    steps = build.job().plan.steps
    assert [one["burn"] for one in shown["burns"]] == [step.name for step in steps]
    assert all(one["why"] and not one["done"] for one in shown["burns"])
    assert shown["left"] == len(steps)
    text = cli.ok("harden", *build.arguments(), "--dry-run").out
    assert shown["mac"] in text
    assert text.count("FOR EVER") == len(steps)
    places = [text.index(step.name) for step in steps]
    assert places == sorted(places)
    assert build.state() == before
    assert not (cli.home / "hardened").exists()


def test_only_the_chips_own_mac_confirms(cli, build):
    mac = cli.ok("harden", *build.arguments(), "--dry-run", "--json").last["mac"]
    before = build.state()
    for given in ((), ("--confirm", "yes"), ("--confirm", "02:00:00:00:00:00"), ("--confirm", mac[:-1])):
        ran = cli("harden", *build.arguments(), *given, "--json")
        assert (ran.code, ran.last["code"]) == (2, "not_confirmed")
        assert mac in ran.last["remedy"]
    assert build.state() == before
    assert cli("harden", *build.arguments(), "--yes").code == 2
    done = cli.ok("harden", *build.arguments(), "--confirm", mac.upper(), "--json").json
    steps = [step.name for step in build.job().plan.steps]
    assert [one["burned"] for one in done[:-1]] == steps == done[-1]["burned"]
    assert done[-1]["virtual"] is True
    again = cli.ok("harden", *build.arguments(), "--json").json  # nothing is left, so nothing is confirmed
    assert len(again) == 1
    assert again[0]["hardened"] == mac.replace(":", "")


@pytest.mark.parametrize(
    ("without", "code"), [("--bootloader", "no_image"), ("--app", "no_image"), ("--virtual", "no_device")]
)
def test_what_is_missing_is_asked_for(cli, build, without, code):
    arguments = build.arguments()
    at = arguments.index(without)
    ran = cli("harden", *arguments[:at], *arguments[at + 2 :], "--json")
    assert (ran.code, ran.last["code"]) == (2, code)


def test_an_unsigned_image_burns_nothing(cli, build):
    mac = cli.ok("harden", *build.arguments(), "--dry-run", "--json").last["mac"]
    before = build.state()
    stock = build.folder / "app-plain.bin"
    ran = cli("harden", *build.arguments(), "--app", stock, "--confirm", mac, "--json")
    assert (ran.code, ran.last["code"]) == (1, "not_signed")
    assert build.state() == before


@pytest.mark.long
@pytest.mark.parametrize("build", KILLED, indirect=True)
def test_a_process_that_is_killed_at_every_burn_goes_on(cli, build):
    """SIGKILL as soon as a burn is told, again and again: each run adds to the one before, until nothing is left."""
    arguments = [*map(str, build.arguments())]
    mac = cli.ok("harden", *arguments, "--dry-run", "--json").last["mac"]
    steps = [step.name for step in build.job().plan.steps]
    burned, kills = [], 0
    while len(burned) < len(steps):
        command = [*ENTRY, "harden", *arguments, "--confirm", mac, "--json"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cli.environment()
        ) as process:
            line = process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            kills += 1
            rest = process.stdout.read().splitlines()
        told = [json.loads(one) for one in (line, *rest) if one.endswith((b"}", b"}\n"))]
        burned = list(dict.fromkeys(burned + [one["burned"] for one in told if "fuse" in one]))
        found = build.home.hardenings.find(mac.replace(":", ""))
        assert found is None or list(found.burned) == steps[: len(found.burned)]
        burned = list(found.burned) if found else []
    done = cli.ok("harden", *arguments, "--confirm", mac, "--json").last
    assert done["burned"] == steps
    assert kills > 1


@pytest.mark.parametrize("build", ["esp32"], indirect=True)
def test_a_sealed_board_is_certified_as_sealed_and_its_neighbour_is_not(cli, build, tmp_path):
    """An emulated ESP32 with what a rehearsal left on its flash: evidence, certificate, readings, verifier."""
    import io

    import espsecure

    mac = cli.ok("harden", *build.arguments(), "--dry-run", "--json").last["mac"]
    cli.ok("harden", *build.arguments(), "--confirm", mac)
    digits = mac.replace(":", "")
    flash, token = build.fuses.with_name("fuses.bin.flash").read_bytes(), io.BytesIO()
    secret = build.home.hardenings.secret(digits).key("flash")
    espsecure.decrypt_flash_data(io.BytesIO(secret), token, 0x19000, 0xF, False, io.BytesIO(flash[0x19000:0x1A000]))
    for name in ("vault", "open"):
        cli.ok("emulate", "esp32", "--name", name, "--detach")
    cli.ok("emulate", "--stop", "vault")
    (cli.home / "boards" / "vault" / "token.bin").write_bytes(token.getvalue())
    cli.ok("emulate", "vault", "--detach")
    assert cli.ok("info", "emulated:vault", "--json").last["custody"] == 1
    made = cli.ok("provision", "--device", "emulated:vault", "--name", "vault", "--json").last
    assert made["custody"] == 1
    assert build.home.find(bytes.fromhex(made["device"])).hardened == digits
    assert cli.ok("provision", "--device", "emulated:open", "--name", "open", "--json").last["custody"] == 0
    trust = ("--root", cli.home / "test-root.pem", "--allow-test", "--custody", "1")
    for name, code in (("vault", 0), ("open", 1)):
        bundle = tmp_path / f"{name}.bundle"
        cli.ok("collect", name, "--count", "1", "--out", bundle)
        ran = cli("verify", bundle, *trust, "--json")
        assert ran.code == code
        assert code == 0 or any(one.get("code") == "custody_too_low" for one in ran.json)
    cli.ok("renew", "vault")
    assert build.home.find(bytes.fromhex(made["device"])).custody == 1


@pytest.mark.parametrize("build", ["esp32"], indirect=True)
def test_a_board_with_another_homes_token_is_refused(cli, build):
    cli.ok("emulate", "esp32", "--name", "liar", "--detach")
    cli.ok("emulate", "--stop", "liar")
    told = b"SEALTOKN" + bytes.fromhex("240ac4000110") + bytes(32)
    (cli.home / "boards" / "liar" / "token.bin").write_bytes(told)
    cli.ok("emulate", "liar", "--detach")
    ran = cli("provision", "--device", "emulated:liar", "--name", "liar", "--json")
    assert (ran.code, ran.last["code"]) == (1, "not_hardened")
    assert "harden" in ran.last["remedy"]
    assert build.home.active() == []
