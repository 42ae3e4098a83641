"""`doctor` finds what is wrong and says what to do; `boards` and `label` say what there is."""

import json
import os
import re
import shutil
import sqlite3
import time
from html import unescape

import pytest
import segno
from sealwright import checkup
from sealwright.home import Home
from sealwright.targets import assets
from sealwright.wire.keys import PublicKey

from tests.cli.runner import Cli, gone_wrong


def findings(ran):
    return {(one["check"], one["state"]): one for one in ran.json[:-1]}


def wrong(cli, *options):
    """The one thing that is wrong: (its check, what is said, the remedy)."""
    ran = cli("doctor", "--json", *options)
    assert ran.code == 1 and ran.last["ok"] is False, ran
    found = [one for one in ran.json[:-1] if one["state"] == "wrong"]
    assert ran.last["wrong"] == len(found) and all(len(one["remedy"]) > 10 for one in found)
    return [(one["check"], one["said"], one["remedy"]) for one in found]


def test_nothing_is_wrong_in_a_new_home(homed):
    homed.board("one")
    ran = homed("doctor")
    assert ran.code == 0 and ran.out.splitlines()[-1] == "Nothing is wrong.", ran
    ran = homed("doctor", "--json")
    assert {"python", "packages", "micropython", "home", "keys", "roots", "register", "ledger", "clock"} <= {
        one["check"] for one in ran.json[:-1]
    }
    assert findings(ran)["emulated boards", "ok"]["said"] == "1, 1 of them running"


def test_without_a_home_the_rest_is_checked(cli):
    ran = cli("doctor", "--json")
    assert ran.code == 0 and findings(ran)["home", "note"]["remedy"].startswith("Run `sealwright init")
    assert ("micropython", "ok") in findings(ran)


def lax_key(home):
    (home / "owner.key").chmod(0o644)


def open_folder(home):
    home.chmod(0o755)


def no_key(home):
    (home / "issuer.key").unlink()


def damaged_entry(home):
    (home / "devices" / f"{'ab' * 32}.json").write_text("{")


def no_ledger(home):
    (home / "ledger.db").unlink()


def other_ledger(home):
    (home / "ledger.head").write_text(f"7:{'ab' * 32}\n")


def damaged_ledger(home):
    database = sqlite3.connect(home / "ledger.db")
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_master SET rootpage = 2 WHERE type = 'index'")
    database.commit()
    database.close()


def clock_behind(home):
    ahead = time.time() + 86400
    os.utime(home / "root.pem", (ahead, ahead))


def damaged_board(home):
    (home / "boards" / "one").mkdir()
    (home / "boards" / "one" / "hardware.json").write_text("{")


FAULTS = {
    lax_key: ("key", "mode 0644", "chmod 600"),
    open_folder: ("home", "mode 0755", "chmod 700"),
    no_key: ("key", "issuer.key is missing", "backup"),
    damaged_entry: ("register", "is damaged", "copy"),
    no_ledger: ("ledger", "is missing", "init"),
    other_ledger: ("ledger", "has no row 7:", "copy"),
    damaged_ledger: ("ledger", "is damaged", "copy"),
    clock_behind: ("clock", "before what this home has written", "clock"),
    damaged_board: ("emulated board", "is damaged", "Remove"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_fault_is_found_alone_and_has_a_remedy(homed, fault):
    fault(homed.home)
    before = sorted((one, one.read_bytes()) for one in homed.home.rglob("*") if one.is_file())
    check, said, remedy = FAULTS[fault]
    found = wrong(homed)
    assert [one[0] for one in found] == [check] and said in found[0][1] and remedy in found[0][2], found
    after = sorted((one, one.read_bytes()) for one in homed.home.rglob("*") if one.is_file())
    assert [one for one in after if not one[0].name.endswith(("-wal", "-shm"))] == [
        one for one in before if not one[0].name.endswith(("-wal", "-shm"))
    ]  # it changes nothing


def test_keys_with_a_passphrase(tmp_path, monkeypatch):
    monkeypatch.setenv("SEALWRIGHT_PASSPHRASE", "correct horse")
    cli = Cli(tmp_path / "home")
    cli.ok("init")
    assert cli("doctor").code == 0
    monkeypatch.setenv("SEALWRIGHT_PASSPHRASE", "wrong")
    assert {check for check, _, _ in wrong(cli)} == {"key"}


def test_packages_that_are_missing(homed, monkeypatch):
    monkeypatch.setattr(checkup, "_EXTRAS", {"no-such-thing": ("some", "something")})
    ran = homed("doctor", "--json")
    assert ran.code == 0 and "pip install no-such-thing" in findings(ran)["extra", "note"]["remedy"]
    monkeypatch.setattr(checkup, "_EXTRAS", {"no-such-program": ("hub", "something"), "cbor2": ("hub", "x")})
    said = [found["said"].split()[0] for found in homed("doctor", "--json").json if found.get("check") == "extra"]
    assert said == ["no-such-program", "cbor2"]
    for program in (shutil.which("false"), "/there/is/none"):
        monkeypatch.setenv("SEALWRIGHT_MICROPYTHON", program)
        assert [one[0] for one in wrong(homed)] == ["micropython"]


def test_brokers_are_asked_where_that_is_wished_for(homed, broker, authority):
    folder = homed.home / "brokers"
    folder.mkdir()
    (folder / f"127.0.0.1:{broker.port}.pem").write_bytes(authority.path.read_bytes())
    assert homed("doctor", "--brokers").code == 0
    (folder / "127.0.0.1:1.pem").write_bytes(authority.path.read_bytes())
    assert homed("doctor").code == 0
    ((check, said, _),) = wrong(homed, "--brokers")
    assert check == "broker 127.0.0.1:1" and "refused" in said


def test_boards_are_those_there_is_firmware_for(cli):
    ran = cli("boards", "--json")
    names = {path.parent.name for path in (assets.root() / "boards").glob("*/board.json")}
    assert {one["name"] for one in ran.json} == names
    assert {one["name"] for one in ran.json if one["can_be_emulated"]} == {"unix", "pico", "esp32"}
    assert re.search(r"^pico_w +RP2040 +RPI_PICO_W +its drive +USB, UART, Wi-Fi +0 \(open\)", cli("boards").out, re.M)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with a device of a hostile name, and one of a tray."""
    cli = Cli(tmp_path_factory.mktemp("labels") / "home")
    try:
        cli.ok("init", "--network", "<i>net</i>")
        cli.board("one")
        cli.ok("provision", "--device", "emulated:one", "--name", '<b>"roof" & barn')
        cli.provisioned("two")
        yield cli
    finally:
        cli.kill_all()


def test_a_sheet_has_each_device_once_and_no_markup_of_its_name(made, tmp_path):
    page = tmp_path / "labels.html"
    ran = made.ok("label", "two", '<b>"roof" & barn', "two", "--out", page, "--json")
    assert [one["name"] for one in ran.json] == ["two", '<b>"roof" & barn']
    text = page.read_text()
    assert text.count("<article>") == 2 and "<b>" not in text and "<i>" not in text
    assert unescape(re.findall("<h1>(.*?)</h1>", text)[1]) == '<b>"roof" & barn'
    for one in ran.json:
        assert PublicKey.from_did(one["did"]).device_id.hex() == one["device"]
        assert " ".join(re.findall("....", one["device"][:16])) in text
        # the code holds the did:key, and nothing else
        assert segno.make_qr(one["did"], error="q").svg_inline(omitsize=True, border=4) in text


def test_a_label_on_the_screen(made):
    shown = made.ok("label", "two")
    entry = next(one for one in Home.open(made.home).registered() if one.name == "two")
    assert shown.out.splitlines()[-1].startswith("did:key:z") and entry.device[:4] in shown.out
    dark = segno.make_qr(shown.out.splitlines()[-1], error="q")
    rows = [list(row) for row in dark.matrix_iter(border=2)]
    drawn = shown.out.splitlines()[: (len(rows) + 1) // 2]
    upper = {" ": 1, "\u2584": 1, "\u2580": 0, "\u2588": 0}
    assert [[upper[char] for char in line] for line in drawn] == [[int(one) for one in row] for row in rows[::2]]


def test_a_tray_of_labels(made, tmp_path):
    tray = tmp_path / "tray.csv"
    tray.write_text("name,device,board\ntwo,emulated:two,\n")
    assert made.ok("label", "--tray", tray, "--out", tmp_path / "tray.html", "--json").last["name"] == "two"
    tray.write_text("name,device,board\ntwo,emulated:two,\nfresh,emulated:one,\n")
    gone_wrong(made("label", "--tray", tray), 2, "unknown_device", "fresh")


def test_labels_that_cannot_be_made(made):
    gone_wrong(made("label"), 2, "usage", "which device")
    gone_wrong(made("label", "nobody"), 2, "unknown_device", "nobody")
    grants = list((made.home / "grants").glob("*.cbor"))
    kept = {path: path.read_bytes() for path in grants}
    entry = next(one for one in Home.open(made.home).registered() if one.name == "two")
    mine = made.home / "grants" / f"{entry.device}.cbor"
    other = next(path for path in grants if path != mine)
    try:
        mine.write_bytes(kept[other])
        gone_wrong(made("label", "two"), 2, "usage", "another device's")
        mine.unlink()
        gone_wrong(made("label", "two"), 2, "no_grant", "no grant of two")
    finally:
        mine.write_bytes(kept[mine])
    assert json.loads(json.dumps(made.ok("label", "two", "--json").json))
