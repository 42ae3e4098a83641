"""`sealwright devices` for hundreds: who is silent, of which group, in what order."""

import os
import time

import pytest
from sealwright.home import Home

from tests.cli.runner import Cli, gone_wrong
from tests.host_tools.home.fleets import entry

DAY = 86400


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Three hundred devices, heard n hours ago; every tenth never. Tests leave them so."""
    homed = Cli(tmp_path_factory.mktemp("many") / "home")
    homed.ok("init")
    home = Home.open(homed.home)
    (homed.home / "heads").mkdir()
    now = time.time()
    for n in range(300):
        device = n.to_bytes(2, "big").hex() * 16
        home.register(entry(f"unit {n:03d}", device, groups=["even"] if n % 2 == 0 else []))
        if n % 10:
            path = homed.home / "heads" / f"{device}.cbor"
            path.write_bytes(b"")
            os.utime(path, (now - 3600 * n - 60, now - 3600 * n - 60))
    yield homed
    homed.kill_all()


def names(cli, *options):
    return [one["name"] for one in cli.ok("devices", *options, "--json").json]


def test_the_silent_ones(many):
    silent = names(many, "--stale", "280h")
    assert silent == [f"unit {n:03d}" for n in range(300) if n % 10 == 0 or n >= 280]
    assert len(names(many, "--stale", "1h")) == 300 and len(names(many, "--sort", "heard")) == 300
    assert names(many, "--stale", str(int(time.time()) - 280 * 3600)) == silent


def test_the_longest_silent_first(many):
    by_time = names(many, "--sort", "heard")
    never = [f"unit {n:03d}" for n in range(0, 300, 10)]
    assert by_time == never + [f"unit {n:03d}" for n in reversed(range(300)) if n % 10]
    assert names(many, "--sort", "name") == [f"unit {n:03d}" for n in range(300)]


def test_groups(many):
    assert names(many, "--group", "even", "--stale", "290h") == [
        f"unit {n:03d}" for n in range(0, 300, 2) if n % 10 == 0 or n >= 290
    ]
    assert names(many, "--group", "odd") == []


def test_for_people(many):
    lines = many.ok("devices", "--stale", "297h", "--sort", "heard").out.splitlines()
    assert "heard" in lines[1] and "never" in lines[-4] and "12 d ago" in lines[-1]
    assert many.ok("devices", "--group", "odd").out == "None.\n"
    assert "Serial ports" in (whole := many.ok("devices").out) or "No serial ports" in whole


def test_what_cannot_be_asked(many):
    gone_wrong(many("devices", "--stale", "soon"), 2, "usage", "no time")
    assert "such as 90m" in many("devices", "--stale", "soon").err
    gone_wrong(many("devices", "--stale", "2099-01-01"), 2, "usage", "future")
    assert many("devices", "--sort", "colour").code == 2


def test_a_device_that_is_not_known_to_have_spoken(homed):
    Home.open(homed.home).register(entry("quiet", "ab" * 32))
    (one,) = homed.ok("devices", "--sort", "name", "--json").json
    assert one["heard"] is None
