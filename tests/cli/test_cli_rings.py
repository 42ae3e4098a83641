"""`sealwright update --rings` on real emulated boards: through all rings, stopped by a bundle that fails, resumed."""

import json
from functools import cache

import pytest
from sealwright.bench.updates import FirmwareBundle, make
from sealwright.home import Home
from sealwright.targets.build import Build, compile_for
from sealwright.targets.kinds import find_any

from tests.cli.runner import Cli, ended, gone_wrong, interrupted

NAMES = ("east", "north", "west")


@pytest.fixture(scope="module")
def park(tmp_path_factory):
    """A home with three devices: two sign a reading each second, and west has no sensor."""
    made = Cli(tmp_path_factory.mktemp("park") / "home")
    try:
        made.ok("init", "--network", "park")
        for name in NAMES:
            made.provisioned(name, *(() if name == "west" else ("bme280",)), policy=None)
            made.ok("owner", "interval", "1", "--device", name)
        yield made
    finally:
        made.kill_all()


def packed(park, version):
    """A bundle of this version; the firmware is compiled once for all of them."""
    path = park.home.parent / f"unix-{version}.firmware"
    if not path.exists():
        make(Home.open(park.home), built(), version).write(path)
    return path


@cache
def built():
    return compile_for(find_any("unix"))


def versions(park):
    return {name: park.ok("info", name, "--json").last["version"] for name in NAMES}


def rings(park, *more):
    """The ring of each device, by a dry run."""
    shown = park.ok("update", "--all", *more, "--dry-run", "--json").json
    found = {}
    for one in shown:
        found.setdefault(one["ring"], []).append(one["name"])
    return [found[ring] for ring in sorted(found)]


def test_a_good_update_goes_through_the_rings_and_each_is_watched(park):
    bundle = packed(park, 3)
    chosen = rings(park, "--bundle", bundle, "--rings", "1,50%,100%")
    assert [len(ring) for ring in chosen] == [1, 1, 1] and sorted(sum(chosen, [])) == sorted(NAMES)
    assert rings(park, "--bundle", bundle, "--rings", "1,50%,100%") == chosen
    before = versions(park)
    ran = park.ok("update", "--all", "--bundle", bundle, "--rings", "1,50%,100%", "--soak", "2s", "--json")
    steps = [(one["event"], one.get("ring"), one.get("state")) for one in ran.json[:-1]]
    for number, ring in enumerate(chosen, 1):
        mine = [(event, state) for event, of, state in steps if of == number]
        size = len(ring)
        assert mine == [("ring", None), *[("device", "updated")] * size, ("soak", None), *[("device", "done")] * size]
    assert [ring for _, ring, _ in steps] == sorted(ring for _, ring, _ in steps), "one ring after another"
    assert all(one < 3 for one in before.values())
    last = {"ok": True, "event": "ended", "version": 3, "devices": 3, "done": 3, "updated": 3, "failed": 0, "silent": 0}
    assert ran.last == {**last, "stopped": None} and versions(park) == dict.fromkeys(NAMES, 3)
    again = park.ok("update", "--all", "--bundle", bundle, "--rings", "1,50%,100%", "--soak", "2s", "--json")
    assert again.json == [ran.last], "nothing is left to do"
    restarted = park.ok("update", "--all", "--bundle", bundle, "--rings", "100%", "--restart", "--json").json
    assert {one["code"] for one in restarted if one.get("state") == "updated"} == {"already"}
    gone_wrong(park("update", "--all", "--bundle", bundle, "--rings", "2,100%"), 2, "other_rings", "other rings")
    gone_wrong(park("update", "--all", "--bundle", bundle, "--rings", "0,100%"), 2, "usage", "has none")
    gone_wrong(park("update", "--all", "--bundle", bundle, "--rings", ""), 2, "usage", "no number")


def test_one_that_signs_no_reading_while_it_is_watched_has_failed(park):
    """The file of the rollout says that it had signed more readings at its update than it has."""
    bundle = packed(park, 2)
    asked = ("update", "east", "--bundle", bundle, "--rings", "100%", "--soak", "2s")
    park.ok(*asked, "--json")
    (path,) = (park.home / "rollouts").glob(f"{FirmwareBundle.read(bundle).message.digest.hex()[:16]}.json")
    known = json.loads(path.read_text())
    (noted,) = known["devices"].values()
    noted |= {"state": "updated", "seq": 10**6}
    path.write_text(json.dumps(known))
    ran = park(*asked, "--json")
    assert ran.code == 1 and (ran.last["failed"], ran.last["stopped"]) == (1, 1)
    assert [one["code"] for one in ran.json if one["event"] == "device"] == ["no_readings"]
    path.write_text("{")
    gone_wrong(park(*asked), 2, "bad_rollout", "is damaged")


def test_a_bundle_that_fails_its_self_test_stops_in_the_first_ring(park):
    build = Build(find_any("unix"), "broken", {}, {"seal/__init__.mpy": b"no code at all"})
    path = park.home.parent / "broken.firmware"
    make(Home.open(park.home), build, 90).write(path)
    before = versions(park)
    asked = ("update", "--all", "--bundle", path, "--rings", "1,50%,100%")
    ran = park(*asked, "--json")
    assert ran.code == 1 and (ran.last["failed"], ran.last["stopped"]) == (1, 1)
    (failed,) = [one for one in ran.json if one["event"] == "device"]
    assert (failed["ring"], failed["state"], failed["code"]) == (1, "failed", "rolled_back")
    assert versions(park) == before
    said = {name: park.ok("info", name, "--json").last.get("rolled_back") for name in NAMES}
    assert [name for name in NAMES if said[name] == 90] == [failed["name"]], "no other device was touched"
    again = park(*asked, "--json")
    assert again.code == 1 and [one["event"] for one in again.json] == ["ended"], "a second run begins nothing"
    assert "Stopped in ring 1" in park(*asked).err


def test_a_rollout_that_is_killed_or_interrupted_goes_on_where_it_was(park):
    bundle = packed(park, 91)
    asked = ("update", "--all", "--bundle", bundle, "--rings", "1,50%,100%", "--json")
    first = park.start(*asked)
    done = []
    while len(done) < 2:  # both of ring 1: confirmed, and watched for no time
        one = json.loads(first.stdout.readline())
        done += [one["name"]] if one["event"] == "device" else []
    first.kill()
    first.communicate()
    second = park.start(*asked)
    told = []
    while not any(one["event"] == "device" for one in told):
        told.append(json.loads(second.stdout.readline()))
    ran = interrupted(second)
    told += ran.json
    assert ran.code == 130 and told[-1]["done"] < 3 and "Run it again" in ran.err
    assert done[0] not in [one["name"] for one in told if one["event"] == "device"]
    last = park.ok(*asked).last
    assert (last["done"], last["failed"]) == (3, 0) and versions(park) == dict.fromkeys(NAMES, 91)


def test_a_device_that_is_silent_is_waited_for_and_then_counts_as_failed(park):
    """The first ring is the silent device, by a plan."""
    from sealwright import emulator

    bundle, plan = packed(park, 92), park.home.parent / "plan.toml"
    plan.write_text('[[ring]]\ndevices = ["west"]\n[[ring]]\nshare = "100%"\n')
    asked = ("update", "west", "east", "--bundle", bundle, "--plan", plan)
    shown = park.ok(*asked, "--dry-run", "--json").json
    assert [(one["ring"], one["name"]) for one in shown] == [(1, "west"), (2, "east")]
    board = emulator.find(Home.open(park.home), "west")
    board.stop()
    ran = park(*asked, "--wait", "3", "--json")
    assert ran.code == 3 and (ran.last["silent"], ran.last["stopped"], ran.last["done"]) == (1, 1, 0)
    waiting = park.start(*asked)
    while b"Ring 1" not in waiting.stdout.readline():
        pass
    board.start()
    found = ended(waiting)
    assert found.code == 0 and "2 of 2 devices run version 92." in found.out


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (("--rings", "1,10%"), "do not end with all devices"),
        (("--rings", "one,100%"), "no number and no percentage"),
        (("--rings", "1,100%", "--plan", "x"), "both say who comes when"),
        (("--most-failures", "many"), "no number and no percentage"),
        (("--soak", "long"), "no length of time"),
        (("--plan", "/nowhere.toml"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused(park, line, word):
    code = "bad_plan" if line[0] == "--plan" else "usage"
    gone_wrong(park("update", "--all", "--bundle", packed(park, 3), *line, "--restart"), 2, code, word)
