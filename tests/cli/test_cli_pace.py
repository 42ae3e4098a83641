"""`sealwright owner interval`: several samples in a reading, and sleep, from the command to the bundle that checks."""

from sealwright.cli.pace import energy_a_day, said

from tests.cli.runner import gone_wrong

DEVICE = ("--device", "emulated:station")


def test_samples_share_a_reading_and_the_sleeper_is_reached(homed, tmp_path):
    board = homed.provisioned("station", "bme280")
    told = homed.ok("owner", "interval", "2", "--batch", "3", "--sleep", "5", *DEVICE, "--json")
    wanted = {"interval": 2, "batch": 3, "awake": 5}
    assert {name: told.last[name] for name in wanted} == wanted
    assert "nobody" not in told.out and "it can be reached for 5 s after each reading, every 6 s" in told.err
    board.kill()
    board.start()
    bundle = tmp_path / "day.bundle"
    lines = homed.ok("collect", *DEVICE, "--out", bundle, "--count", "2", "--json").json
    readings = [line for line in lines if line.get("type") == "reading" and len(line["values"]) > 3]
    assert readings
    for reading in readings:
        times = [int(one["time"]) for one in reading["values"] if one["name"] == "temperature"]
        assert len(times) == 3 and times[0] == reading["at"] and times == sorted(times, reverse=True)
        assert len(reading["values"]) == 9
    assert all(line["ok"] for line in homed.ok("verify", bundle, "--allow-test", "--json").json)
    shown = homed.ok("info", *DEVICE)
    assert "a sample every 2 s, up to 3 in a reading" in shown.out + shown.err
    info = homed.ok("info", *DEVICE, "--json").last
    assert (info["batch"], info["awake"]) == (3, 5) and 0 <= info["uptime"][1] < info["uptime"][0]
    # what is left out is off
    homed.ok("owner", "interval", "60", *DEVICE)
    info = homed.ok("info", *DEVICE, "--json").last
    assert (info["interval"], info["batch"], info["awake"]) == (60, 1, 0)


def test_bad_paces_are_refused_before_the_device_hears_of_them(homed):
    for options in (("--batch", "0"), ("--batch", "61"), ("--sleep", "4"), ("--sleep", "3601"), ("--sleep", "60")):
        gone_wrong(homed("owner", "interval", "60", *options, *DEVICE), 2, "usage", options[0])


def test_energy_is_the_share_of_each_current():
    power = {"awake_mA": "20", "asleep_mA": "1.5", "volts": "5"}
    assert energy_a_day(power, 86_400_000) == 2400
    assert energy_a_day(power, 0) == 180
    assert energy_a_day(power, 864_000) == 202  # a hundredth of 2400, and 99 of 180
    assert said({"interval": 60}) == "one every 60 s"
