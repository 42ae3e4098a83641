"""`owner rotate`: asked for, shown, remembered, and kept by a backup."""

from sealwright import emulator
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


def test_a_chip_has_no_seventh_rotation(homed):
    homed.ok("emulate", "unix", "--name", "vault", "--element", "atecc608", "--detach")
    dry = homed.ok("provision", "--device", "emulated:vault", "--name", "vault", "--dry-run", "--json").last
    config = dry["element"]["config"]
    homed.ok("provision", "--device", "emulated:vault", "--name", "vault", "--lock-element", config[:8] + config[16:26])
    gone_wrong(homed("owner", "rotate", "vault"), 2, "not_confirmed", "rotation 1 of 6")
    for _ in range(6):
        last = homed.ok("owner", "rotate", "vault", "--yes", "--json").last
    refused = homed("owner", "rotate", "vault", "--yes")
    gone_wrong(refused, 4, "no_rotation_left", "6 times", "ATECC608")
    assert "new chip" in refused.err and "provision" in refused.err
    assert homed("info", "vault", "--json").last["rotations"] == last["generation"] == 6


def test_a_device_has_no_ninth_rotation(homed):
    homed.provisioned("solar")
    for _ in range(8):
        homed.ok("owner", "rotate", "solar", "--yes")
    refused = homed("owner", "rotate", "solar", "--yes")
    gone_wrong(refused, 4, "no_rotation_left", "8 times")
    assert "wipe" in refused.err


def test_a_chip_whose_slots_a_wipe_has_used(homed):
    homed.ok("emulate", "unix", "--name", "vault", "--element", "atecc608", "--detach")
    provision = ("provision", "--device", "emulated:vault", "--name", "vault")
    config = homed.ok(*provision, "--dry-run", "--json").last["element"]["config"]
    homed.ok(*provision, "--lock-element", config[:8] + config[16:26])
    homed.ok("owner", "wipe", "vault", "--yes")
    board = emulator.find(Home.open(homed.home), "vault")
    board.kill()
    (board.folder / "flash.img").unlink()  # erased, and the firmware deployed again; the chip stays
    board.start()
    homed.ok(*provision)
    for _ in range(5):
        homed.ok("owner", "rotate", "vault", "--yes")
    gone_wrong(homed("owner", "rotate", "vault", "--yes"), 4, "no_rotation_left", "ATECC608", "were wiped")
