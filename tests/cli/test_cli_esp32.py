"""An emulated ESP32 from the command line: new with our firmware on it, provisioned, cut, reset, locked."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.bench.updates import make
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.link import connect
from sealwright.targets import Build, find

from tests.cli.runner import Cli, gone_wrong, wait_until

URL = "emulated:one"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The command in a home with a provisioned ESP32, and what it said of itself before that."""
    cli = Cli(tmp_path_factory.mktemp("esp32") / "home")
    try:
        cli.ok("init", "--network", "test net")
        cli.ok("emulate", "esp32", "--name", "one", "--sensor", "bme280", "--sensor", "mcu", "--detach")
        cli.blank = cli("info", "--device", URL, "--json").last
        cli.ok("provision", "--device", URL, "--name", "one")
        yield cli
    finally:
        cli.kill_all()


@pytest.fixture
def esp32(made):
    """The same, running."""
    made.ok("emulate", "one", "--detach")
    return made


def board(cli):
    return emulator.find(Home(cli.home, ""), "one")


def info(cli):
    return cli("info", "--device", URL, "--json").last


def processes(folder):
    """The processes that run in a folder."""
    found = set()
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        try:
            found |= {int(cwd.parent.name)} if os.readlink(cwd) == str(folder) else set()
        except OSError:
            continue  # another user's, or gone
    return found


def reset_after(one, act):
    """Do `act`, and wait until MicroPython is another process than it was."""
    before = processes(one.folder)
    act()
    wait_until(lambda: processes(one.folder) - before)


def answers(one):
    """Whether its firmware runs: what was asked while it was reset is lost."""
    try:
        with connect(one.url, 1) as client:
            return client.info()
    except Unreachable:
        return False


def test_a_new_one_runs_our_firmware(made):
    result = made.blank
    assert (result["state"], result["model"], result["slot"], result["version"]) == ("blank", "esp32", "a", 0)
    assert result["sensors"] == ["BME280", "ESP32"]


def test_it_is_provisioned_once(esp32):
    gone_wrong(esp32("provision", "--device", URL, "--name", "two"), 4, "already_provisioned", "as one")
    assert info(esp32)["state"] == "provisioned"


def test_its_readings_are_those_of_its_series_and_verify(esp32, tmp_path):
    bundle = tmp_path / "one.bundle"
    esp32.ok("owner", "interval", "1", "--device", URL)

    def readings():
        esp32.ok("collect", "--device", URL, "--out", bundle)
        return [
            line for line in esp32.ok("verify", bundle, "--allow-test", "-v").out.splitlines() if " reading " in line
        ]

    found = wait_until(lambda: len(readings()) > 1 and readings())
    assert "temperature -15." in found[-1] and "pressure 81" in found[-1] and "mcu-temperature 20.5 Cel" in found[-1]
    assert esp32("verify", bundle).code == 1  # it is no machine that anybody can touch


def test_it_keeps_its_state_when_its_power_goes_and_leaves_no_process(esp32):
    one, before = board(esp32), info(esp32)
    assert len(processes(one.folder)) == 2
    os.kill(one.pid, signal.SIGKILL)
    wait_until(lambda: one.pid is None and not processes(one.folder))
    esp32.ok("emulate", "one", "--detach")
    after = info(esp32)
    assert (after["state"], after["device"]) == ("provisioned", before["device"])


def test_it_resets_itself_until_it_can_run(esp32):
    """Without its bus the firmware fails, which on a provisioned board ends in a reset."""
    one = board(esp32)
    series = one.folder / "bme280.series"
    series.rename(series.with_suffix(".away"))
    os.kill(one.pid, signal.SIGKILL)
    wait_until(lambda: one.pid is None)
    esp32.ok("emulate", "one", "--detach")
    holder = one.pid
    reset_after(one, lambda: None)
    series.with_suffix(".away").rename(series)
    wait_until(lambda: answers(one))
    assert info(esp32)["state"] == "provisioned" and one.pid == holder


def test_its_firmware_is_updated_or_goes_back(esp32, tmp_path):
    packed, broken = tmp_path / "chip.firmware", tmp_path / "broken.firmware"
    before, update = info(esp32), ("update", "--device", URL)
    esp32.ok("firmware", "pack", packed, "--board", "esp32", "--version", "2")
    runs = f"has xtensawin code, and the device's MicroPython runs {before['arch']}"
    gone_wrong(esp32(*update, "--bundle", packed), 4, "wrong_architecture", runs)
    done = esp32.ok(*update, "--json").last
    assert (done["version"], done["slot"], done["sent"]) == (1, "b", done["bytes"])
    kind = replace(find("esp32"), arch=before["arch"])
    make(Home.open(esp32.home), Build(kind, "broken", {}, {"seal/__init__.mpy": b"no code"}), 2).write(broken)
    gone_wrong(esp32(*update, "--bundle", broken), 1, "rolled_back", "version 1 runs")
    after = info(esp32)
    assert (after["slot"], after["rolled_back"], after["device"]) == ("b", 2, before["device"])


def test_its_key_storage_erased_locks_it(esp32):
    one = board(esp32)
    one.kill()
    path = one.folder / "nvs.json"
    kept = path.read_text()
    path.write_text(json.dumps({**json.loads(kept), "used": 6 * 126}))  # no free page: the port erases all
    try:
        one.start()
        assert info(esp32)["state"] == "damaged"
        assert esp32("provision", "--device", URL, "--name", "two").code == 4
    finally:
        one.kill()
        path.write_text(kept)


def test_mpremote_and_the_firmware_take_turns_on_a_blank_one(homed):
    homed.ok("emulate", "esp32", "--name", "one", "--detach")
    one = board(homed)
    script = "import os; print(sorted(os.listdir('/')))"
    for _ in range(2):
        done = mpremote(one, "exec", script)
        assert done == "['a', 'boot.py', 'host', 'loader.py', 'main.py', 'slot', 'state']"
        assert mpremote(one, "resume", "exec", "print(6 * 7)") == "42"
        reset_after(one, lambda: mpremote(one, "resume", "reset"))
        assert info(homed)["state"] == "blank"
    ran = homed("deploy", "--board", "esp32", "--device", URL)
    assert ran.code == 4 and "unix port in place of an ESP32" in ran.err


def test_a_watchdog_that_is_not_fed_resets_it(homed):
    homed.ok("emulate", "esp32", "--name", "one", "--detach")
    one = board(homed)
    fed = "import machine, time; dog = machine.WDT(timeout=2000); [(time.sleep_ms(100), dog.feed()) for _ in range(30)]"
    mpremote(one, "exec", "pass")  # the prompt, in a process of its own
    reset_after(one, lambda: mpremote(one, "resume", "exec", fed))
    assert wait_until(lambda: answers(one)).state == "blank"


def test_what_comes_with_a_knock_is_for_the_prompt(homed):
    homed.ok("emulate", "esp32", "--name", "one", "--detach")
    one = board(homed)
    said = b""
    with socket.create_connection(one.hardware["command"], timeout=120) as wire:
        wire.sendall(b"\r\x03\r\x01")
        while b"raw REPL; CTRL-B to exit\r\n>" not in said:
            said += wire.recv(4096)


def mpremote(one, *arguments):
    """What MicroPython's own tool prints."""
    port = one.serial_url.removeprefix("serial:")
    command = [sys.executable, "-m", "mpremote", "connect", port, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done
    return done.stdout.strip()


def test_one_that_cannot_start_says_why(homed, tmp_path):
    (tmp_path / "some.bin").write_bytes(b"")
    gone_wrong(homed("emulate", "esp32", "--image", tmp_path / "some.bin"), 2, "usage", "takes no image")
    homed.ok("emulate", "esp32", "--name", "one", "--detach")
    one = board(homed)
    one.kill()
    (one.folder / "flash.img").write_bytes(b"too short")
    gone_wrong(homed("emulate", "one", "--detach"), 3, "unreachable", "does not start", "flash.img")
    assert processes(one.folder) == set()
