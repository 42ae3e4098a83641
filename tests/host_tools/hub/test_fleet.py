"""What a hub noticed of its devices, and how its parts are."""

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest
from sealwright.errors import Usage
from sealwright.hub import fleet as module
from sealwright.hub.fleet import Fleet
from sealwright.hub.fleet_tables import FleetMissing
from sealwright.hub.folder import HubFolder
from sealwright.hub.parts import part_of
from sealwright.hub.state import STALE_SECONDS, State, is_fresh, read_states

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture
def folder(tmp_path):
    made = HubFolder(tmp_path)
    made.make()
    return made


def test_a_device_is_kept_as_it_was_seen_last(folder):
    with Fleet(folder.fleet, write=True) as fleet:
        fleet.note_seen({ONE: module.BROKER, TWO: module.URL}, {ONE: {"device": ONE, "clock": [7, 2]}})
        fleet.note_seen({ONE: module.BUNDLE})
        found = {one.device: one for one in fleet.devices()}
    assert found[ONE.hex()].info == {"device": ONE.hex(), "clock": [7, 2]}, "what it said stays until it says more"
    assert (found[ONE.hex()].how, found[TWO.hex()].how, found[TWO.hex()].info) == ("bundle", "url", None)
    assert abs(found[TWO.hex()].seen - time.time()) < 3600


def test_a_fault_may_name_a_file_whose_name_is_no_text(folder):
    with Fleet(folder.fleet, write=True) as fleet:
        fleet.note_fault(None, "bundle_refused", os.fsdecode(b"day\xff.bundle: it is empty"))
        assert [one.text for one in fleet.faults()] == ["day?.bundle: it is empty"]


def test_the_tables_are_those_that_were_agreed(folder):
    Fleet(folder.fleet, write=True).close()
    connection = sqlite3.connect(folder.fleet)
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in ("devices", "faults", "verdicts", "offers")
    }
    assert columns == {
        "devices": ["device", "seen", "how", "info"],
        "faults": ["at", "device", "code", "text"],
        "verdicts": ["code", "count"],
        "offers": ["device", "at", "offer"],
    }


def test_a_device_that_fails_all_day_hides_no_other(folder):
    with Fleet(folder.fleet, write=True) as fleet:
        fleet.note_fault(TWO, "gap", "once")
        for n in range(module.MOST_OF_ONE + 20):
            fleet.note_fault(ONE, "unreachable", f"{n} " + "x" * 10_000)
        mine, all_of_them = list(fleet.faults(ONE, most=10_000)), list(fleet.faults(most=10_000))
        assert [one.code for one in fleet.faults(TWO)] == ["gap"]
    assert len(mine) == module.MOST_OF_ONE and mine[0].text.startswith(f"{module.MOST_OF_ONE + 19} ")
    assert len(all_of_them) == module.MOST_OF_ONE + 1 and all(len(one.text) <= 500 for one in all_of_them)


def test_faults_of_many_devices_are_bounded_too(folder, monkeypatch):
    monkeypatch.setattr(module, "MOST_FAULTS", 50)
    with Fleet(folder.fleet, write=True) as fleet:
        for n in range(300):
            fleet.note_fault(n.to_bytes(32, "big"), "gap", "x")
        assert 50 <= len(list(fleet.faults(most=10_000))) < 150
        assert next(fleet.faults()).device.endswith(f"{299:x}")


def test_verdicts_add_up_and_the_newest_offer_stays(folder):
    with Fleet(folder.fleet, write=True) as fleet:
        fleet.note_verdicts({"ok": 3, "gap": 1})
        fleet.note_verdicts({"ok": 2})
        assert fleet.verdicts() == {"ok": 5, "gap": 1}
        fleet.note_offer(ONE, 200, b"new")
        fleet.note_offer(ONE, 100, b"old")
        assert list(fleet.offers()) == [(ONE.hex(), 200, b"new")]
        fleet.note_offer(ONE, 2**63, b"from the future")
        fleet.note_offer(ONE, int(time.time()) + 1, b"after it")
        assert [offer for _, _, offer in fleet.offers()] == [b"after it"]


def test_reading_makes_no_file(folder):
    with pytest.raises(FleetMissing):
        Fleet(folder.fleet)


def test_a_state_is_read_whole_and_its_age_shows(folder):
    state = State(folder.state("intake"), "intake")
    state.counts["messages"] += 3
    state.backlog = 12
    state.tell()
    state.counts["messages"] += 1
    state.tell()  # within a second: not written
    assert read_states(folder.states)["intake"]["counts"] == {"messages": 3}
    state.hold("the spool is full")
    told = read_states(folder.states)["intake"]
    assert (told["held"], told["text"], told["counts"]) == (True, "the spool is full", {"messages": 4})
    assert set(told) == {"part", "pid", "started", "at", "counts", "backlog", "held", "text"}
    assert is_fresh(told) and not is_fresh({**told, "at": told["at"] - STALE_SECONDS - 1}) and not is_fresh({})
    state.hold("")
    assert read_states(folder.states)["intake"]["held"] is False
    folder.state("settle").write_text("{")
    folder.state("watch").write_text(json.dumps([1]))
    assert list(read_states(folder.states)) == ["intake"]


def test_a_second_holder_is_refused_until_the_first_dies(folder, tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from sealwright.hub.folder import HubFolder\n"
        "with HubFolder(Path(sys.argv[1])).held('hub'): print('held', flush=True); time.sleep(600)"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "held\n"
        with (
            pytest.raises(Usage, match=rf"a hub of .* runs already \(process {child.pid}\)") as refused,
            folder.held("hub"),
        ):
            pass
        assert refused.value.code == "hub_runs" and refused.value.remedy
        with folder.held("intake"):
            pass
    finally:
        child.kill()
        child.wait()
    with folder.held("hub"):
        pass


def test_a_part_without_its_packages_is_left_out(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else True)
    assert "uvicorn is not installed" in part_of("web").lacking() and not part_of("settle").lacking()
