"""Any text in place of a device, name, URL or path: done, or refused with cause and remedy, and nothing replaced."""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sealwright.home import Home

from tests.cli.runner import Cli
from tests.host_tools.home.fleets import CAR, ROOF, SHED, entry

MONEY = ("--asset", "nEUR", "--amount", "7")
SIGNS = list("abAB09 .:/\\@#?%&=-_~*[]{}<>|\"'$\0\n\t\x1b\x7f\u00e9\u0301\u200b\u202e\ud800\U0001f600")
DEVICES = [
    *("info", "selftest", "bench", "collect", "renew", "watch --seconds 0", "owner pause", "owner wipe --yes"),
    *(
        "update",
        "relay",
        "deploy --board pico --dry-run",
        "devices rename {} x",
        "devices forget --yes",
        "devices adopt",
    ),
    *("devices group g", "collect --group", "collect --device", "info --device", "pay --payee roof --amount 1 --payer"),
    *("pay --payer roof --amount 1 --payee", "revoke --reason lost --to nobody", "provision --name n --device"),
    *("ledger deposit --asset nEUR --amount 7", "ledger withdraw --asset nEUR --amount 7"),
    *("flash --board pico --device", "revoke roof --reason lost --to"),
]
NAMES = ["devices rename roof", "devices group", "devices group {} roof", "provision tcp:127.0.0.1:1 --name"]
BROKERS = ["listen --seconds 0 --broker", "owner network roof --ca x --broker"]
INPUTS = [
    *("verify", "settle", "firmware show", "batch --boards", "owner policy {} roof", "verify x --root"),
    *(
        "verify x --owner",
        "provision tcp:127.0.0.1:1 --name n --policy",
        "update roof --bundle",
        "flash --board pico --image",
    ),
    *("watch --seconds 0 --bundles", "owner network roof --broker mqtts://127.0.0.1:1 --ca"),
    *(
        "firmware show x --owner",
        "owner network roof --ssid x --password-file",
        "init --home {} --network n",
        "ledger balances --home",
    ),
]
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
text = st.text(st.sampled_from(SIGNS), max_size=12)
url = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(
        ["serial:", "tcp:", "emulated:", "mqtts:", "mqtts://", "http://", "did:key:", "", "roof@", "/dev/"]
    ),
    st.sampled_from(["", "127.0.0.1", "[::1]", "a..b", "u@127.0.0.1", "x y", "\0", "#", "roof", "../roof", "%00"]),
    st.sampled_from(["", ":1", ":0", ":99999", ":x", ":-1", ":\u0661", "/roof", ":1/#", ":1/?a=b", ":1/roof x", "//"]),
    st.one_of(st.just(""), text),
)
device = st.one_of(text, url, st.text(max_size=70), st.sampled_from(["roof", "b251", ROOF, ROOF[:-1], "x@tcp:h", "@"]))


def line_of(command, value):
    """The command line: `value` in place of {}, or at the end."""
    parts = command.split()
    return [value if part == "{}" else part for part in parts] + ([] if "{}" in parts else [value])


def tree(folder):
    """Everything below a folder: kind and content."""
    found = {}
    for path, folders, files in os.walk(folder):
        for name in (*folders, *files):
            full = os.path.join(path, name)
            if os.path.islink(full):
                found[full] = os.readlink(full)
            elif name.startswith("ledger.db"):  # SQLite's own files come and go; ledger.head has its last row
                continue
            elif os.path.isfile(full):
                with open(full, "rb") as file:
                    found[full] = file.read()
            else:
                found[full] = None
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A home with a register of devices that are nowhere, in a folder with files of a user."""
    folder = tmp_path_factory.mktemp("any")
    cli = Cli(folder / "home")
    cli.ok("init")
    cli.ok("asset", "add", "nEUR")
    home = Home.open(cli.home)
    for one in (entry("Roof", ROOF, url="tcp:127.0.0.1:1"), entry("car", CAR), entry("old", SHED, state="retired")):
        home.register(one)
    cli.ok("ledger", "deposit", "roof", *MONEY)
    (folder / "keep").write_bytes(b"what a user wrote")
    (folder / "link").symlink_to("keep")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "folder").mkdir()
    return cli


def hold(cli, line):
    """Run it: refused with one cause and nothing changed, or done."""
    before = tree(cli.home.parent)
    ran = cli.here(*line) if "--home" in line else cli(*line)
    assert ran.code in (0, 1, 2, 3, 4), (line, ran)
    if ran.code:
        assert "error: " in ran.err and "remedy: " in ran.err or ran.code == 1, (line, ran)
    assert "\x1b" not in ran.out + ran.err and "\0" not in ran.out + ran.err, (line, ran)
    if "is revoked" in ran.out or (ran.code == 0 and line[0] in ("ledger", "devices")):
        return ran
    after = tree(cli.home.parent)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert not changed, (line, ran)
    return ran


@pytest.mark.parametrize("command", DEVICES)
@FEW
@example("roof")
@example("b251")
@example("")
@example("-")
@given(device)
def test_any_device(place, command, value):
    home = Home.open(place.home)
    ran = hold(place, line_of(command, value))
    if ran.code == 0 and command.startswith("devices"):  # renamed, forgotten or grouped: as it was
        for one in (entry("Roof", ROOF, url="tcp:127.0.0.1:1"), entry("car", CAR)):
            home.register(one)


@pytest.mark.parametrize("command", NAMES)
@FEW
@given(st.one_of(st.text(max_size=70), device))
def test_any_name(place, command, value):
    ran = hold(place, line_of(command, value))
    home = Home.open(place.home)
    (roof,) = [one for one in home.active() if one.device == ROOF]
    if ran.code == 0 and command == "devices rename roof":
        assert home.resolve(value).device == ROOF and home.resolve(roof.name).device == ROOF
    home.register(entry("Roof", ROOF, url="tcp:127.0.0.1:1"))


@pytest.mark.parametrize("command", BROKERS)
@FEW
@example("mqtts://127.0.0.1:1/#")
@example("mqtts://127.0.0.1:1?x")
@example("mqtts://127.0.0.1 :1")
@given(url)
def test_any_broker(place, command, value):
    assert hold(place, line_of(command, value)).code != 0


@pytest.mark.parametrize("command", INPUTS)
@FEW
@example("keep")
@example("link")
@example("dangling")
@example("folder")
@example("keep/x")
@example("x" * 300)
@example("/".join(["x" * 200] * 30))
@example("~nobody-of-this-name/x")
@example("a\0b")
@given(text)
def test_any_path(place, command, value):
    folder = place.home.parent
    inside = value if value.startswith("~") else f"{folder}/{value}" if ".." not in value else str(folder / "keep")
    if command.startswith("init") and not value.startswith("~"):
        inside = f"{folder}/keep/{value}"  # elsewhere it may make a home
    hold(place, line_of(command, inside))


OUTPUTS = ["ledger export --out", "ledger backup", "home backup", "collect roof --out", "home restore {} --home new"]


@pytest.mark.parametrize("command", OUTPUTS)
@FEW
@example("keep")
@example("link")
@example("dangling")
@example("folder")
@example("keep/x")
@example("home/owner.key")
@example("home/ledger.db")
@example("x" * 250)
@example("/".join(["x" * 200] * 30))
@example("a\0b")
@example("\ud800")
@given(text)
def test_any_output(place, command, value):
    """Written whole under its own name, or refused: nothing else changes, no link is followed, no draft is left."""
    folder = place.home.parent
    inside = f"{folder}/{value}" if ".." not in value else str(folder / "keep")
    line = [f"{folder}/new" if part == "new" else part for part in line_of(command, inside)]
    before = tree(folder)
    ran = place.here(*line) if "--home" in line else place(*line)
    assert ran.code in (0, 1, 2, 3, 4), (line, ran)
    assert ran.code == 0 or ("error: " in ran.err and "remedy: " in ran.err), (line, ran)
    after = tree(folder)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed <= {os.path.normpath(inside)} and (ran.code == 0 or not changed), (line, ran, changed)
    for path in changed:
        if path == str(folder / "keep"):
            (folder / "keep").write_bytes(before[path])
        else:
            os.unlink(path)
