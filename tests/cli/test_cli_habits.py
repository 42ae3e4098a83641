"""What people expect of any command: short options, a quick start, tab completion, exit codes that are written down."""

import inspect
import os
import re
import shutil
import subprocess
import sys

import pytest
from sealwright import errors
from sealwright.cli.exits import MEANINGS
from sealwright.cli.main import ENTRIES, ROOT
from sealwright.targets import assets

from tests.cli.pty_terminal import typed_at
from tests.cli.runner import ENTRY, SCRIPT

HEAVY = (
    *("cryptography", "cbor2", "serial", "rich.table", "rich.progress", "sqlite3"),
    *("sealwright.wire", "sealwright.link", "sealwright.emulator"),
)


def imported_by(*arguments):
    """The modules that a run of the command imports."""
    code = (
        "import runpy, sys, atexit\n"
        "atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n"
        "runpy.run_module('sealwright', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout, done
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("line", [("--version",), ("-V",), ("--help",), ("-h",)], ids=" ".join)
def test_a_start_imports_no_more_than_it_needs(line):
    found = imported_by(*line)
    assert "typer" in found, "the list was not read"
    heavy = {one for one in found if one.startswith(HEAVY)}
    mine = {one for one in found if one.startswith("sealwright.cli.")}
    assert heavy == set() and mine <= {f"sealwright.cli.{name}" for name in ("main", "lazy", "exits", "streams")}


def test_a_command_imports_its_own_module_only():
    mine = {one for one in imported_by("verify", "--help") if one.startswith("sealwright.cli.")}
    assert "sealwright.cli.verify" in mine and not mine & {"sealwright.cli.demo", "sealwright.cli.ledger"}


def test_the_library_has_its_names_without_being_imported_for_them():
    code = "import sealwright, sys; assert 'cryptography' not in sys.modules; from sealwright import *; print(Policy)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "sealwright.verify.policy.Policy" in done.stdout, done.stderr
    import sealwright

    assert set(sealwright.__all__) <= set(dir(sealwright))
    with pytest.raises(AttributeError):
        sealwright.nothing  # noqa: B018


def test_short_options_and_the_module(cli):
    for line in (("-h",), ("ledger", "-h"), ("verify", "-h"), ("ledger", "audit", "-h")):
        assert cli.here(*line).out == cli.here(*line[:-1], "--help").out != ""
    module = subprocess.run([sys.executable, "-m", "sealwright", "-V"], capture_output=True, text=True, check=True)
    assert module.stdout == cli.here("--version").out and module.stdout.startswith("sealwright ")


def test_a_list_says_what_the_commands_say():
    for entry in ENTRIES:
        module, _, attribute = entry.place.partition(":")
        found = getattr(__import__(f"sealwright.cli.{module}", fromlist=["_"]), attribute)
        found = getattr(found, "alone", found)
        if attribute != "COMMANDS":
            assert (found.name, found.short) == (entry.name, entry.short)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("sealwright co", "collect"), ("sealwright ledger au", "audit"), ("sealwright collect --fol", "--follow")],
)
def test_tab_completion(cli, words, wanted):
    environment = {
        **cli.environment(),
        "_SEALWRIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(ENTRY, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [wanted], done


def test_tab_completion_of_devices(fleet):
    for words, wanted in (
        ("sealwright collect st", ["station"]),
        ("sealwright info --device so", ["solar"]),
        (f"sealwright info --home {fleet.home / 'none'} --device so", []),
    ):
        environment = {
            **fleet.environment(),
            "_SEALWRIGHT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        done = subprocess.run(ENTRY, env=environment, capture_output=True, text=True, check=False)
        assert (done.stdout.split(), done.stderr) == (wanted, ""), done


def test_tab_completion_is_installed_by_an_option(cli):
    environment = {**cli.environment(), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    line = [*ENTRY, "--install-completion", "bash"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert (
        done.returncode == 0
        and "_SEALWRIGHT_COMPLETE" in (cli.home.parent / ".bash_completions/sealwright.sh").read_text()
    )
    assert os.path.exists(cli.home.parent / ".bashrc")
    if not shutil.which("bash"):
        return
    environment["PATH"] = f"{SCRIPT.parent}:{environment['PATH']}"
    with typed_at("bash", "--noprofile", "-i", environment={**environment, "TERM": "dumb"}) as (type_, until):
        type_("sealwright doct\t")
        until("sealwright doctor ")


def test_every_exit_code_is_written_down(cli):
    table = re.findall(r"^\| (\d+) \| (.+) \|$", (assets.root() / "README.md").read_text(), re.MULTILINE)
    assert {int(code): meaning for code, meaning in table} == MEANINGS
    shown = cli.here("--help").out
    assert all(re.search(rf"^ +{code} +{re.escape(meaning)}$", shown, re.M) for code, meaning in MEANINGS.items())
    own = [one for _, one in inspect.getmembers(errors, inspect.isclass) if hasattr(one, "exit_code")]
    assert len(own) > 10 and {one.exit_code for one in own} <= MEANINGS.keys()


def test_no_command_makes_up_an_exit_code():
    for path in (assets.root() / "host_tools/sealwright").rglob("*.py"):
        text = path.read_text()
        for code in re.findall(r"exit_code(?:: int)? = (\d+)|sys\.exit\((\d+)\)|typer\.Exit\((\d+)\)", text):
            assert int("".join(code)) in MEANINGS, path
    assert all(hasattr(one, "load") for one in ROOT.commands.values())
