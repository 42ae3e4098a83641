"""`owner rotate`: asked for, shown, remembered, and kept by a backup."""

from sealwright.home import Home

from tests.cli.runner import Cli, gone_wrong


def test_rotate(homed, tmp_path):
    homed.provisioned("solar", "ina219")
    gone_wrong(homed("owner", "rotate", "solar"), 2, "not_confirmed", "rotation 1 of 8")
    assert homed("info", "solar", "--json").last["rotations"] == 0
    turned = homed.ok("owner", "rotate", "solar", "--yes", "--json").last
    assert turned["generation"] == 1 and turned["key"] != turned["id"]
    said = homed.ok("owner", "rotate", "solar", "--yes")
    assert "rotation 2" in said.out
    info = homed.ok("info", "solar", "--json").last
    assert info["device"] == turned["id"] and info["rotations"] == 2
    history = info["key_history"]
    assert [one["generation"] for one in history] == [1, 2] and history[0]["key"] == turned["key"]
    assert "2 rotations" in homed.ok("info", "solar").out
    (entry,) = [one for one in homed.ok("devices", "--json").json if one.get("name") == "solar" and "rotations" in one]
    assert entry["key_history"] == history and entry["rotations"][0] == turned["rotation"]
    listed = homed.ok("devices", "-v").out
    assert "Rotated keys" in listed and history[1]["key"][:16] in listed
    homed.ok("home", "backup", tmp_path / "a.backup")
    Cli(tmp_path / "again").ok("home", "restore", tmp_path / "a.backup")
    kept = Home.open(tmp_path / "again").find(bytes.fromhex(turned["id"]))
    assert len(kept.rotations) == 2
    homed.ok("renew", "solar")
    homed.ok("devices", "forget", "solar", "--yes")
    homed.ok("devices", "adopt", "emulated:solar")
    assert len(Home.open(homed.home).find(bytes.fromhex(turned["id"])).rotations) == 2
