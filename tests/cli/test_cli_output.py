"""What every command promises: help with examples, --home and --json anywhere, plain text in pipes, quiet ends."""

import re
import shlex
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from sealwright.cli.exits import MISTAKE, PIPE_CLOSED
from sealwright.cli.main import ENTRIES, ROOT, run

from tests.cli.runner import ENTRY, FULL, ended, gone_wrong

GROUPS = {entry.name for entry in ENTRIES if entry.place.endswith(":COMMANDS")}  # which do nothing alone
LOADED = {name: lazy.load() for name, lazy in ROOT.commands.items()}
COMMANDS = [
    (name, *below)
    for name, one in LOADED.items()
    for below in [*((sub,) for sub in getattr(one, "commands", ())), *([()] if name not in GROUPS else [])]
]


def test_every_command_of_the_design_is_there():
    names = {" ".join(path) for path in COMMANDS}
    assert names >= {
        *("init", "devices", "emulate", "provision", "info", "selftest", "bench", "collect", "verify", "pay", "settle"),
        *("demo", "ledger balances", "ledger channels", "ledger audit", "ledger export", "ledger deposit"),
        *(f"owner {op}" for op in "offer pause resume policy interval clock stop wipe".split()),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_examples_that_exist(cli, path):
    shown = cli(*path, "--help")
    assert shown.code == 0 and "--json" in shown.out and "--home" in shown.out
    usage, examples = shown.out.split("Examples:")
    for line in examples.strip().splitlines():
        (mine,) = [part for part in line.split("|") if part.strip().startswith(f"sealwright {' '.join(path)}")]
        for option in re.findall(r"(?<=\s)--?[a-z-]+", mine):
            assert re.search(rf"{option}\b", usage), (line, option)


def test_help_is_never_wider_than_a_terminal_but_for_examples(cli):
    shown = cli("emulate", "--help").out.split("Examples:")[0]
    assert max(map(len, shown.splitlines())) <= 80


def test_version_and_bare_calls(cli):
    assert re.fullmatch(r"sealwright \d+\.\d+\.\d+\n", cli.process("--version").out)
    for path in ((), ("ledger",), ("owner",)):
        bare = cli.here(*path)
        assert bare.code == 2 and bare.out == "" and "Commands:" in bare.err


@pytest.mark.parametrize(
    ("line", "code", "out", "err"),
    [
        ("devices --json >&-", 0, False, True),
        ("devices <&- 2>&-", 0, True, False),
        ("init <&- >&-", 2, False, True),
        ("init <&- >&- 2>&-", 2, False, False),
    ],
)
def test_a_closed_stream_ends_no_command(homed, line, code, out, err):
    line = f"{shlex.join(ENTRY)} {line}"
    ran = subprocess.run(["sh", "-c", line], env=homed.environment(), capture_output=True, check=False)
    assert ran.returncode == code and b"Traceback" not in ran.stderr
    assert (bool(ran.stdout), bool(ran.stderr)) == (out, err)


@pytest.mark.parametrize(
    "line",
    [
        ("frobnicate",),
        ("verify",),
        ("verify", "x", "--frobnicate"),
        ("verify", "x", "--custody", "7"),
        ("bench", "--device", "tcp:a:1", "--rounds", "many"),
        ("ledger", "frobnicate"),
        ("pay", "--payer", "tcp:a:1", "--payee", "tcp:a:2", "--amount", "5", "--seconds", "0"),
        ("ledger", "export", "--format", "xml"),
        ("emulate", "unix", "-n", "0"),
    ],
)
def test_a_wrong_command_line_is_usage(cli, line):
    gone_wrong(cli(*line), 2, "usage")
    assert "--help" in cli(*line).err


def test_home_and_json_go_before_or_after(cli, tmp_path):
    other = tmp_path / "other"
    for line in (
        ("--home", other, "--json", "init"),
        ("init", "--json", "--home", other / "2"),
        ("--json", "init", "--home", other / "3"),
    ):
        assert cli.here(*line).last["home"].startswith(str(other))
    for line in (
        ("--home", other, "ledger", "balances", "--json"),
        ("ledger", "--home", other, "--json", "balances"),
        ("ledger", "balances", "--home", other, "--json"),
        # the nearest counts
        ("--home", tmp_path / "nowhere", "ledger", "balances", "--home", other, "--json"),
    ):
        ran = cli.here(*line)
        assert (ran.code, ran.out) == (0, ""), ran  # no account yet: no line
        assert "Nothing yet" in ran.err


def test_the_home_of_the_environment_and_that_of_the_user(cli):
    made = cli.process("init", "--json").last["home"]
    assert made == str(cli.home)
    environment = {k: v for k, v in cli.environment().items() if k != "SEALWRIGHT_HOME"}
    ran = subprocess.run([*ENTRY, "init", "--json"], env=environment, capture_output=True, check=False)
    assert f'"home": "{cli.home.parent}/.sealwright"'.encode() in ran.stdout


def test_json_has_stdout_for_itself(fleet, traded):
    bundle = fleet("verify", traded, "--allow-test", "--json")
    assert bundle.code == 0 and "messages hold" in bundle.err
    assert all(isinstance(one, dict) for one in bundle.json)
    info = fleet("info", "--device", "emulated:solar", "--json").last
    assert info["state"] == "provisioned" and info["offer"] == ["nEUR", "J", "83"] and len(info["device"]) == 64
    assert fleet("info", "--device", "emulated:charger", "--json").last["policy"]["assets"] == {
        "nEUR": {"per_voucher": "1000000", "per_day": "1000000000"}
    }
    test = fleet("selftest", "--device", "emulated:solar", "--json")
    assert test.code == 0 and test.last["parts"]["curve"] is True and test.last["parts"]["sensor INA219"] is True
    bench = fleet("bench", "--device", "emulated:solar", "--rounds", "20", "--json").last
    assert bench["rounds"] == 20 and bench["sign_us"] > 0 and bench["verify_us"] > 0
    kinds = [one["kind"] for one in fleet("devices", "--json").json]
    assert kinds.count("emulated") == 3 and kinds.count("registered") >= 3


def test_text_in_a_pipe_is_plain_and_not_wrapped(fleet, traded):
    shown = fleet.process("devices")
    assert "\x1b" not in shown.out and "─" not in shown.out
    assert re.search(r"^solar +[0-9a-f]{16} +emulated-unix +0 \(open\) +provisioned .*emulated:solar", shown.out, re.M)
    lines = fleet.process("verify", traded).out.splitlines()
    assert any("test_root" in line and len(line) > 20 for line in lines)
    assert max(map(len, lines)) > 80  # a long reason stays one line
    info = fleet("info", "--device", "emulated:solar").out
    assert re.search(r"^custody +0 \(open\)$", info, re.M) and re.search(r"^sells +for 83 nEUR/J$", info, re.M)


def test_a_reader_that_goes_away_ends_it_quietly(fleet, traded):
    process = fleet.start("verify", traded, "--allow-test")
    process.stdout.close()
    process.stdout = None
    ran = ended(process)
    assert (ran.code, ran.err) == (PIPE_CLOSED, "")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_told(fleet, traded):
    for line in (("verify", traded, "--allow-test"), ("verify", traded, "--allow-test", "--json"), ("devices",)):
        with FULL.open("wb") as full:
            ran = fleet.process(*line, stdout=full)
        assert ran.code == 2 and "No space left" in ran.err, ran


def test_what_a_device_says_cannot_command_the_terminal(homed):
    homed.board("loud")
    name = "bell \x07 and \x1b]0;title\x07"
    gone_wrong(homed("provision", "--device", "emulated:loud", "--name", name), 2, "bad_name", "no name")
    shown = homed("info", "--device", f"tcp:{chr(27)}[2J:80")
    assert "\x1b" not in shown.err and shown.code == 3


def test_a_mistake_of_the_program_is_told_as_one(cli, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("sealwright.cli.devices.list_ports.comports", broken)
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert run(["devices", "--json"]) == MISTAKE
    assert '"code": "internal"' in out.getvalue() and "Traceback" not in err.getvalue()
    assert "a mistake in Sealwright: ZeroDivisionError: by nought (test_cli_output.py:" in err.getvalue()
    monkeypatch.setenv("SEALWRIGHT_TRACEBACK", "1")
    with redirect_stderr(err):
        assert run(["devices"]) == MISTAKE
    assert "Traceback" in err.getvalue()
