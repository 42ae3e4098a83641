"""A home whose register comes from an older copy: its owner still commands, by the numbers that devices sign."""

import shutil


def test_an_older_register_reuses_no_number_of_a_command(homed, tmp_path):
    homed.provisioned("meter")
    copy = shutil.copytree(homed.home / "devices", tmp_path / "devices")
    for seconds in (600, 500):
        homed.ok("owner", "interval", seconds, "meter")
    shutil.rmtree(homed.home / "devices")
    shutil.copytree(copy, homed.home / "devices")
    homed.ok("owner", "interval", 400, "meter")
    told = homed.ok("info", "meter", "--json").last
    assert (told["interval"], told["command_seq"]) == (400, 3)
