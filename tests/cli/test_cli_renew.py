"""`renew` and `revoke`, and devices that are named before their URL."""

from sealwright.home import Home

from tests.cli.runner import gone_wrong


def test_renew_and_revoke(homed):
    homed.provisioned("solar")
    homed.provisioned("charger")
    renewed = homed("renew", "emulated:charger", "--valid-days", "2", "--json")
    assert renewed.code == 0 and renewed.last["expires"] - renewed.last["issued"] == 2 * 86400
    entry = next(one for one in Home.open(homed.home).registered() if one.name == "charger")
    assert entry.certificate == renewed.last["certificate"]
    ran = homed("revoke", "charger", "--reason", "lost", "--to", "emulated:solar", "--json")
    assert ran.code == 0 and ran.json[0]["device"] == entry.device
    assert ran.last == {"ok": True, "device": "emulated:solar"}
    assert [raw.hex() for raw in Home.open(homed.home).revocations()] == [ran.json[0]["revocation"]]
    gone_wrong(homed("revoke", "nobody", "--reason", "lost"), 2, "unknown_device", "nobody")
    gone_wrong(homed("revoke", "charger", "--reason", "mood"), 2, "usage", "mood")


def test_another_device_than_the_named_one_gets_no_command(homed):
    homed.provisioned("solar")
    homed.provisioned("charger")
    gone_wrong(homed("owner", "pause", "--device", "solar@emulated:charger"), 4, "wrong_device", "charger answers")
    assert homed("info", "--device", "emulated:charger", "--json").last["command_seq"] == 0
    assert homed("owner", "pause", "--device", "charger@emulated:charger").code == 0
    gone_wrong(homed("owner", "pause", "--device", "nobody@emulated:charger"), 2, "unknown_device", "nobody")
