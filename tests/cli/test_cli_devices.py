"""Which device a command means, and the register changed by hand."""

import json
import os
import pty
import shutil
import subprocess
import unicodedata
from dataclasses import replace

import pytest
from sealwright import emulator
from sealwright.home import Home
from sealwright.operate import renewing

from tests.cli.runner import ENTRY, Cli, gone_wrong
from tests.host_tools.home.fleets import CAR, ROOF, SHED, entry, old_entry, someone

MONEY = ("--asset", "nEUR", "--amount", "70")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A home with two provisioned boards, Roof and car: tests leave them so."""
    made = Cli(tmp_path_factory.mktemp("pair") / "home")
    try:
        made.ok("init")
        made.ok("asset", "add", "nEUR")
        for board, name in (("roof", "Roof"), ("car", "car")):
            made.board(board)
            made.ok("provision", f"emulated:{board}", "--name", name)
        yield made
    finally:
        made.kill_all()


@pytest.fixture
def listed(homed):
    """A home whose register has devices that are nowhere."""
    home = Home.open(homed.home)
    for one in (entry("Roof", ROOF), entry("car", CAR, groups=["fleet"]), entry("old", SHED, state="retired")):
        home.register(one)
    return homed


def devices(cli, *options):
    return {one["device"]: one for one in cli.ok("devices", *options, "--json").json if one["kind"] == "registered"}


def test_one_device_by_every_text(pair):
    (roof,) = [one for one in devices(pair).values() if one["name"] == "Roof"]
    board = emulator.find(Home.open(pair.home), "roof")
    for text in ("roof", "ROOF", roof["device"][:6], roof["device"], *board.urls, str(board.folder / "tty")):
        assert pair.ok("info", text, "--json").last["device"] == roof["device"], text
        assert pair.ok("info", "--device", text, "--json").last["device"] == roof["device"]
    for line in (("owner", "pause", "ROOF"), ("owner", "resume", "--device", "Roof"), ("selftest", "roof")):
        pair.ok(*line)
    pair.ok("owner", "interval", "60", "roof")
    pair.ok("renew", roof["device"][:8])
    assert pair.ok("ledger", "deposit", "rOOF", *MONEY, "--json").last["device"] == roof["device"]
    pair.ok("ledger", "withdraw", "roof", *MONEY, "--allow-test")


def test_another_device_at_the_url_is_not_shown_as_the_one_that_is_meant(pair):
    for line in (("info",), ("selftest",), ("collect",), ("owner", "pause"), ("renew",), ("owner", "wipe", "--yes")):
        gone_wrong(pair(*line, "car@emulated:roof"), 4, "wrong_device", "Roof answers at emulated:roof, not car")
    home = Home.open(pair.home)
    car = home.resolve("car")
    home.register(entry(car.name, car.device, url="emulated:roof"))
    try:
        gone_wrong(pair("info", "car"), 4, "wrong_device", "Roof answers")
        pair.ok("owner", "resume", "car@emulated:car")
        assert pair.ok("info", "car", "--json").last["device"] == car.device, "the register has where it is now"
    finally:
        home.register(car)


def test_many_devices(pair, tmp_path):
    pair.ok("devices", "group", "sellers", "roof")
    for options, count in (
        (("--all",), 2),
        (("--group", "SELLERS"), 1),
        (("--group", "sellers", "car"), 2),
        (("car", "--device", "emulated:roof"), 2),
        (("roof", "Roof"), 1),
    ):
        out = tmp_path / f"{len(list(tmp_path.iterdir()))}.bundle"
        pair.ok("collect", *options, "--out", out)
        kinds = [one["type"] for one in pair("verify", out, "--allow-test", "--json").json if "type" in one]
        assert kinds.count("certificate") >= count
    assert pair.ok("watch", "--all", "--seconds", "0", "--allow-test", "--json").last["ok"]
    gone_wrong(pair("collect", "--group", "buyers"), 2, "unknown_group", "buyers")
    gone_wrong(pair("watch"), 2, "usage", "nothing to watch")
    pair.ok("devices", "group", "sellers", "--remove")
    gone_wrong(pair("devices", "group", "sellers"), 2, "unknown_group", "sellers")


def test_the_usual_device(pair, monkeypatch):
    gone_wrong(pair("info"), 2, "no_device", "which device?")
    config = pair.home / "config.toml"
    config.write_text('device = "roof"\n')
    try:
        roof = pair.ok("info", "--json").last["device"]
        assert pair.ok("collect", "--json").last["ok"]
        monkeypatch.setenv("SEALWRIGHT_DEVICE", "car")
        car = pair.ok("info", "--json").last["device"]
        assert car != roof and pair.ok("info", "roof", "--json").last["device"] == roof
        for line in (("owner", "wipe", "--yes"), ("ledger", "deposit", *MONEY), ("revoke", "--reason", "lost")):
            gone_wrong(pair(*line), 2, "no_device", "which device?")
        monkeypatch.setenv("SEALWRIGHT_HOME", str(pair.home))
        assert pair.here("info", "--json").last["device"] == car
        gone_wrong(pair("info", "roof", "--device", "car"), 2, "usage", "two devices are named: car and roof")
        monkeypatch.delenv("SEALWRIGHT_DEVICE")
        for content, words in (
            ("device = 1", "device is no text"),
            ("devise = 'roof'", "unknown key 'devise'"),
            ("device = ", "no TOML"),
            ("roots = 'x'", "roots is no list"),
            ("roots = [1]", "roots is no text"),
            ('ledger = ""', "ledger is no text"),
        ):
            config.write_text(content)
            gone_wrong(pair("info"), 2, "bad_config", words, str(config))
        config.write_bytes(b"\xff")
        gone_wrong(pair("ledger", "balances"), 2, "bad_config", "no TOML")
    finally:
        config.unlink()


def test_ledger_and_roots_of_the_config(homed, fleet, traded):
    (homed.home / "config.toml").write_text(f'ledger = "books/l.db"\nroots = ["{fleet.home}/test-root.pem"]\n')
    gone_wrong(homed("ledger", "balances"), 2, "ledger_missing", "books/l.db")
    assert homed("init").code == 2, "no folder books"
    (homed.home / "books").mkdir()
    (homed.home / "ledger.db").rename(homed.home / "books" / "l.db")
    homed.ok("ledger", "balances")
    gone_wrong(homed("init"), 2, "home_exists", "a home already")
    assert homed("verify", traded, "--allow-test").code == 0, "roots of another network"
    (homed.home / "config.toml").unlink()
    assert homed("verify", traded, "--allow-test").code == 1


def test_money_goes_to_no_device_that_is_no_more(listed):
    """`ledger deposit shed` credited a retired board of that name, by the order of ids, and for good."""
    home = Home.open(listed.home)
    home.register(entry("shed", "0" * 63 + "1", state="retired"))
    home.register(entry("shed", "f" * 64))
    assert listed.ok("ledger", "deposit", "shed", *MONEY, "--json").last["device"] == "f" * 64
    for text in ("0" * 63 + "1", "0" * 12, "old", SHED):
        gone_wrong(listed("ledger", "deposit", text, *MONEY), 2, "retired", "(retired ")
    gone_wrong(listed("ledger", "deposit", "b251", *MONEY), 2, "ambiguous_device", "Roof", "car")
    device, did = someone()
    assert listed.ok("ledger", "deposit", did, *MONEY, "--json").last["device"] == device


def test_money_of_some_devices(listed):
    for name in ("roof", "car"):
        listed.ok("ledger", "deposit", name, *MONEY)
    listed.ok("devices", "group", "some", "car")
    listed.ok("devices", "forget", "roof", "--yes")
    for texts, ids in ((("b251cc07",), {ROOF}), (("car", ROOF), {ROOF, CAR}), (("--group", "some"), {CAR})):
        assert {one["id"] for one in listed.ok("ledger", "balances", *texts, "--json").json} == ids
    assert listed.ok("ledger", "channels", "car", "--json").out == ""
    gone_wrong(listed("ledger", "channels", "roof"), 2, "retired", "Roof (retired b251cc07)")


def test_a_name_that_another_device_has_as_its_id(listed):
    device, _ = someone()
    old_entry(Home.open(listed.home), device, "1" * 64)
    assert listed.ok("ledger", "deposit", device, *MONEY, "--json").last["device"] == device


def test_payees_by_name(listed, tmp_path):
    file = tmp_path / "p.json"
    board = listed.board("payer")
    policy = {"assets": {"nEUR": {"per_voucher": 5, "per_day": 9}}}
    for payee, code, word in (("old", "retired", "old"), ("nobody", "unknown_device", "nobody")):
        file.write_text(json.dumps({**policy, "payees": [payee]}))
        gone_wrong(listed("provision", board.url, "--name", "payer", "--policy", file), 2, code, "payee", word)
        tray = tmp_path / "tray.csv"
        tray.write_text(f"name,device,board,policy\npayer,{board.url},,p.json\n")
        gone_wrong(listed("batch", "--boards", tray), 2, code, "line 2", word)
    device, did = someone()
    file.write_text(json.dumps({**policy, "payees": ["ROOF", "b251dd", device, did]}))
    listed.ok("provision", board.url, "--name", "payer", "--policy", file)
    assert listed.ok("info", "payer", "--json").last["policy"]["payees"] == [ROOF, CAR, device, device]


def test_what_is_for_good_waits_until_every_name_is_known(listed):
    gone_wrong(listed("revoke", "roof", "--reason", "lost", "--to", "nobody"), 2, "unknown_device", "nobody")
    assert not list(Home.open(listed.home).revocations())


def test_names_of_devices_that_are_no_more(listed):
    assert set(devices(listed)) == {ROOF, CAR} and set(devices(listed, "--all")) == {ROOF, CAR, SHED}
    assert "old" not in listed.ok("devices").out and "old (retired 00ff00ff)" in listed.ok("devices", "--all").out
    gone_wrong(listed("info", "old"), 2, "retired", "old (retired 00ff00ff)")


def test_renaming(listed):
    listed.ok("devices", "rename", "roof", "cafe\u0301")
    assert devices(listed)[ROOF]["name"] == unicodedata.normalize("NFC", "café")
    gone_wrong(listed("devices", "rename", "CAR", "CAFÉ"), 2, "name_taken", "café")
    for name in ("beef", ROOF, "a\u200bb", "tcp:h:1", "x@y", ""):
        gone_wrong(listed("devices", "rename", "car", name), 2, "bad_name")
    listed.ok("devices", "rename", "café", "Café")
    assert devices(listed)[ROOF]["name"] == "Café" and devices(listed)[CAR]["name"] == "car"


def test_forgetting_says_what_is_at_stake(listed):
    listed.ok("ledger", "deposit", "roof", *MONEY)
    gone_wrong(listed("devices", "forget", "roof"), 2, "not_confirmed", "Roof (b251cc07", "70 nEUR in the ledger")
    assert ROOF in devices(listed)
    done = listed.ok("devices", "forget", "roof", "--yes", "--json").last
    assert done["balances"] == {"nEUR": "70"} and set(devices(listed)) == {CAR}
    gone_wrong(listed("devices", "forget", "roof", "--yes"), 2, "retired", "Roof (retired b251cc07)")
    shutil.move(listed.home / "ledger.db", listed.home / "away.db")
    gone_wrong(listed("devices", "forget", "car"), 2, "not_confirmed", "not known", "missing")


@pytest.mark.parametrize(("answer", "forgotten"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_at_a_terminal_it_asks(listed, answer, forgotten):
    ours, theirs = pty.openpty()
    command = [*ENTRY, "devices", "forget", "roof"]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=listed.environment(), close_fds=True
    )
    os.write(ours, answer)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == (0 if forgotten else 2) and (b"retired" in out) == forgotten
    assert (ROOF in devices(listed)) != forgotten


def test_a_wipe_says_what_is_at_stake(homed):
    homed.provisioned("shed")
    homed.ok("ledger", "deposit", "shed", *MONEY)
    gone_wrong(homed("owner", "wipe", "shed"), 2, "not_confirmed", "70 nEUR", "readings", "channels")
    assert homed.ok("owner", "wipe", "shed", "--yes", "--json").last["balances"] == {"nEUR": "70"}
    (device,) = devices(homed, "--all")
    gone_wrong(homed("ledger", "withdraw", "shed", *MONEY, "--allow-test"), 2, "retired", "shed (retired ")
    gone_wrong(homed("ledger", "withdraw", device[:7], *MONEY), 2, "retired")
    homed.ok("ledger", "withdraw", device[:8], *MONEY, "--allow-test")


def test_adopting(homed, tmp_path):
    board = homed.provisioned("shed")
    (device,) = devices(homed)
    before = homed.ok("info", "shed", "--json").last
    homed.ok("owner", "pause", "shed")
    gone_wrong(homed("devices", "adopt", "emulated:shed"), 2, "already_registered", "shed")
    homed.ok("devices", "forget", "shed", "--yes")
    gone_wrong(homed("owner", "pause", "--device", board.url), 4, "unknown_device", "no device at")
    ran = homed("provision", "--device", board.url, "--name", "hut")
    gone_wrong(ran, 4, "already_provisioned", "as shed (retired ")
    assert "devices adopt" in ran.err
    homed.ok("devices", "adopt", "SHED")
    homed.ok("devices", "forget", "shed", "--yes")
    homed.board("other")
    homed.ok("provision", "emulated:other", "--name", "other")
    home = Home.open(homed.home)
    for text in ("shed", device[:6]):
        home.register(replace(home.find(bytes.fromhex(device)), url="emulated:other"))
        gone_wrong(homed("devices", "adopt", text), 4, "wrong_device", "other answers", "not shed (retired")
    homed.ok("devices", "adopt", board.url)
    homed.ok("owner", "resume", "shed")
    (homed.home / "devices" / f"{device}.json").unlink()  # a register from an older copy
    gone_wrong(homed("devices", "adopt", "emulated:shed"), 2, "no_name", "never had")
    gone_wrong(homed("devices", "adopt", "emulated:shed", "--name", "beef"), 2, "bad_name", "beef")
    homed.ok("devices", "adopt", "emulated:shed", "--name", "barn")
    homed.ok("owner", "pause", "barn")
    after = homed.ok("info", "barn", "--json").last
    assert after["device"] == before["device"] == device and after["command_seq"] == 3
    assert homed.here("init", "--home", tmp_path / "thief").code == 0
    theft = homed.here("devices", "adopt", board.url, "--name", "mine", "--home", tmp_path / "thief")
    gone_wrong(theft, 4, "wrong_network", "did not certify")
    home = Home.open(homed.home)
    home.retire(home.resolve("barn"))
    renewing.revoke(home, home.find(bytes.fromhex(device)), "lost")
    gone_wrong(homed("devices", "adopt", "emulated:shed"), 4, "revoked", "revoked")
    home.register(entry("barn", "1" * 64, state="retired"))
    gone_wrong(homed("devices", "adopt", "barn"), 2, "ambiguous_device", "barn (1111", f"barn ({device[:8]}")
    homed.board("blank")
    gone_wrong(homed("devices", "adopt", "emulated:blank"), 4, "device_blank", "blank")
