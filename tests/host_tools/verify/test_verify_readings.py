"""The gap-proof log: one fault for each gap, whatever comes after, and each device for itself."""

import dataclasses
import random

from sealwright.verify import Policy, Verifier
from sealwright.wire.messages import sign_message

from tests.host_tools.factory import NOW, Network

NET = Network()


def log(length, label="device"):
    device = NET.device(label)
    return device, [device.reading(n) for n in range(length)]


def codes(messages, *devices):
    verifier = Verifier([NET.root], Policy(at=NOW))
    for device in devices:
        assert verifier.check(device.certificate.raw).ok
    return ["ok" if verdict.ok else verdict.code for verdict in (verifier.check(m.raw) for m in messages)]


def test_a_log_may_start_anywhere_and_is_whole_from_there():
    device, readings = log(6)
    for start in range(6):
        assert codes(readings[start:], device) == ["ok"] * (6 - start)


def test_each_missing_stretch_is_one_fault():
    device, readings = log(12)
    left = [r for at, r in enumerate(readings) if at not in (2, 6, 7, 8)]
    assert codes(left, device) == ["ok", "ok", "gap", "ok", "ok", "gap", "ok", "ok"]


def test_an_old_reading_is_one_fault_and_the_log_goes_on():
    device, readings = log(5)
    fork = sign_message(device.key, dataclasses.replace(readings[1].body, sampled_at=1))
    assert codes([*readings[:3], fork, *readings[3:]], device) == ["ok", "ok", "ok", "gap", "ok", "ok"]
    assert codes([readings[2], readings[1], readings[3]], device) == ["ok", "gap", "ok"]


def test_two_readings_of_one_number_are_a_fault():
    device, readings = log(3)
    twin = sign_message(device.key, dataclasses.replace(readings[1].body, sampled_at=1))
    assert codes([readings[0], readings[1], twin, readings[2]], device) == ["ok", "ok", "equivocation", "ok"]
    assert codes([readings[0], twin, readings[1], readings[2]], device) == ["ok", "ok", "equivocation", "gap"]


def test_a_copy_is_a_replay_wherever_it_comes():
    device, readings = log(4)
    assert codes([*readings, readings[0], readings[3]], device) == ["ok"] * 4 + ["replay"] * 2
    assert codes([readings[0], readings[2], readings[2]], device) == ["ok", "gap", "replay"]


def test_devices_do_not_disturb_each_other():
    one, ones = log(5, "one")
    two, twos = log(5, "two")
    mixed = [reading for pair in zip(ones, twos) for reading in pair]
    assert codes(mixed, one, two) == ["ok"] * 10
    assert codes([*ones[:2], *twos[3:], *ones[2:]], one, two) == ["ok"] * 7


def test_a_log_cannot_start_again():
    device, readings = log(3)
    again = NET.device()
    restarted = [again.reading(99), again.reading(98)]
    assert codes([*readings, *restarted], device) == ["ok"] * 3 + ["gap"] * 2


def test_one_dropped_reading_is_found_in_any_log():
    device, readings = log(40)
    draw = random.Random(5)
    for _ in range(20):
        at = draw.randrange(1, 39)
        found = codes([r for n, r in enumerate(readings) if n != at], device)
        assert [n for n, code in enumerate(found) if code != "ok"] == [at]
        assert found[at] == "gap"


def test_swapping_neighbours_is_found():
    device, readings = log(6)
    readings[2], readings[3] = readings[3], readings[2]
    assert codes(readings, device) == ["ok", "ok", "gap", "gap", "ok", "ok"]
