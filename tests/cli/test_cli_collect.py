"""Collecting: each message once, gone on with where it stopped, and nothing forgotten before it is safe."""

import signal

import pytest
from sealwright.wire.bundle import read_bundle

from tests.cli.runner import ended, gone_wrong, wait_until


def info(cli, name):
    return cli("info", "--device", f"emulated:{name}", "--json").last


def verdicts(cli, bundle):
    ran = cli("verify", bundle, "--allow-test", "--json")
    assert ran.code == 0, ran
    return ran.json


def seqs(cli, bundle):
    """Numbers of the readings in a bundle that verifies."""
    return [one["body"]["seq"] for one in verdicts(cli, bundle) if one["type"] == "reading"]


@pytest.fixture
def station(homed):
    """A board of its own that takes a reading a second."""
    board = homed.provisioned("station", "bme280")
    homed.ok("owner", "interval", "1", "--device", "emulated:station")
    board.kill()
    board.start()  # or it would sleep out its first interval
    wait_until(lambda: info(homed, "station")["reading_seq"] >= 2)
    return board


def test_a_bundle_is_continued_and_acknowledged(homed, station, tmp_path):
    bundle = tmp_path / "day.bundle"
    collect = ("collect", "--device", "emulated:station", "--out", bundle)
    first = homed.ok(*collect, "--json").last
    assert first["readings"] >= 1 and info(homed, "station")["acknowledged"] == 0
    more = homed.ok(*collect, "--count", first["readings"], "--every", "0.1", "--json")
    assert more.last["readings"] == first["readings"]
    # those of this call, and nothing that was there before
    assert [one["type"] for one in more.json[:-1]] == ["reading"] * first["readings"]
    values = {one["name"]: one["unit"] for one in more.json[0]["values"]}
    assert values == {"temperature": "Cel", "pressure": "Pa", "humidity": "%RH"}
    # over the pty, in the same log
    homed.ok("collect", "--device", station.serial_url, "--out", bundle, "--ack")
    assert seqs(homed, bundle) == list(range(1, len(seqs(homed, bundle)) + 1))
    assert info(homed, "station")["acknowledged"] == seqs(homed, bundle)[-1]


def test_each_message_comes_once(fleet, traded):
    before = traded.read_bytes()
    result = fleet.ok("collect", "--device", "emulated:charger", "--out", traded, "--json").last
    assert result["messages"] == 0  # a charger without sensors has nothing new
    assert traded.read_bytes() == before


def test_a_pipe_from_collect_to_verify(fleet, tmp_path):
    raw = tmp_path / "piped"
    with raw.open("wb") as out:
        ran = fleet.process("collect", "--device", "emulated:charger", "--out", "-", stdout=out)
    assert ran.code == 0 and "new messages" in ran.err
    assert len(list(read_bundle(raw))) == len(verdicts(fleet, raw)) > 0


def test_without_a_file_it_only_shows(fleet):
    shown = fleet.ok("collect", "--device", "emulated:station")
    assert "station          reading" in shown.out and "%RH" in shown.out


def test_options_that_do_not_go_together(fleet, tmp_path):
    station = ("collect", "--device", "emulated:station")
    gone_wrong(fleet(*station, "--ack"), 2, "usage", "--ack")
    gone_wrong(fleet(*station, "--ack", "--out", "-"), 2, "usage", "--ack")
    result = fleet(*station, "--out", "-", "--json")
    assert result.code == 2 and result.last["code"] == "usage"
    gone_wrong(fleet(*station, "--out", tmp_path), 2, "no_file", "folder")
    gone_wrong(fleet(*station, "--out", tmp_path / "none" / "b"), 2, "system", "No such file")


def test_a_file_that_cannot_be_continued_is_left_alone(fleet, traded, tmp_path):
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(traded.read_bytes()[:-1])
    gone_wrong(fleet("collect", "--device", "emulated:station", "--out", cut), 2, "bad_bundle", "ends in the middle")
    assert cut.read_bytes() == traded.read_bytes()[:-1]
    cut.write_bytes(b"some text of the user\n")
    gone_wrong(fleet("collect", "--device", "emulated:station", "--out", cut), 2, "bad_bundle", "cannot be continued")
    assert cut.read_bytes() == b"some text of the user\n"


@pytest.mark.parametrize("link", ["tcp", "pty"])
def test_the_device_goes_away(homed, station, tmp_path, link):
    bundle = tmp_path / "b.bundle"
    url = "emulated:station" if link == "tcp" else station.serial_url
    process = homed.start("collect", "--device", url, "--out", bundle, "--follow", "--every", "0.1", "--ack")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1200)
    station.kill()
    ran = ended(process)
    assert ran.code == 3, ran
    error, remedy = ran.err.strip().splitlines()
    assert error.startswith("error: ") and "station" in error and f"{url}: " in error, "its name and where it was"
    assert remedy.startswith("remedy: ")
    assert "new messages" in ran.out
    kept = seqs(homed, bundle)
    # nothing is lost: the log goes on in the same file once the board is back
    station.start()
    homed.ok("collect", "--device", "emulated:station", "--out", bundle, "--count", "1", "--every", "0.1")
    assert seqs(homed, bundle)[: len(kept)] == kept and len(seqs(homed, bundle)) > len(kept)


def test_one_of_two_devices_goes_away(homed, station, tmp_path):
    bundle = tmp_path / "b.bundle"
    other = homed.provisioned("other", "mcu")
    devices = ("--device", "emulated:other", "--device", "emulated:station")
    process = homed.start("collect", *devices, "--out", bundle, "--seconds", "4", "--every", "0.1", "--json")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1200)
    other.kill()
    ran = ended(process)
    assert ran.code == 3 and ran.last["failed"] == 1 and not ran.last["ok"]
    (failure,) = [one for one in ran.json[:-1] if one.get("ok") is False]
    assert (failure["device"], failure["code"]) == ("other", "unreachable")
    after = ran.json[ran.json.index(failure) :]
    assert any(one.get("type") == "reading" for one in after)  # the other one went on
    assert verdicts(homed, bundle)
    # and one that is gone from the start
    ran = homed("collect", *devices, "--out", bundle, "--json")
    assert ran.code == 3 and ran.json[0]["device"] == "emulated:other" and ran.last["failed"] == 1


def test_a_full_disk_forgets_nothing(homed, station, tmp_path):
    bundle = tmp_path / "b.bundle"
    wait_until(lambda: info(homed, "station")["reading_seq"] >= 4)
    collect = ("collect", "--device", "emulated:station", "--out", bundle, "--ack")
    ran = homed.process(*collect, limit=1300)
    gone_wrong(ran, 2, "usage", "cannot write the bundle")
    assert info(homed, "station")["acknowledged"] == 0
    whole = len(verdicts(homed, bundle))  # it ends with a whole message
    assert whole >= 2 and bundle.stat().st_size <= 1300
    homed.ok(*collect)
    found = seqs(homed, bundle)
    assert len(verdicts(homed, bundle)) > whole and found == list(range(1, len(found) + 1))
    assert info(homed, "station")["acknowledged"] == found[-1]


def test_a_device_without_identity_has_nothing_to_collect(homed, tmp_path):
    homed.board("blank")
    bundle = tmp_path / "b.bundle"
    ran = homed("collect", "--device", "emulated:blank", "--out", bundle)
    assert ran.code == 4 and "error: " in ran.err and "0 new messages" in ran.out
    assert not bundle.exists()  # no empty file is left


def test_a_kill_in_the_middle_leaves_a_bundle_that_goes_on(homed, station, tmp_path):
    bundle = tmp_path / "b.bundle"
    collect = ("collect", "--device", "emulated:station", "--out", bundle)
    process = homed.start(*collect, "--follow", "--every", "0.1")
    wait_until(lambda: bundle.exists() and bundle.stat().st_size > 1200)
    process.send_signal(signal.SIGKILL)
    process.wait()
    homed.ok(*collect)
    found = seqs(homed, bundle)
    assert found == list(range(1, len(found) + 1))
