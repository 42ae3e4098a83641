"""`provision` of a board with an ATECC608: nothing is locked that nobody agreed to."""

import json
import os
import pty
import subprocess

import pytest

from tests.cli.runner import ENTRY, gone_wrong

PROVISION = ("provision", "--device", "emulated:vault", "--name", "vault")


@pytest.fixture
def vault(cli):
    """The command in a home with a blank board that has a chip, and the file that is the chip's memory."""
    cli.ok("init")
    cli.ok("emulate", "unix", "--name", "vault", "--element", "atecc608", "--detach")
    return cli, cli.home / "boards" / "vault" / "atecc608.json"


def typed(cli, answer):
    """The exit code of `provision` on a terminal where a person types `answer`."""
    master, slave = pty.openpty()
    command = [*ENTRY, *PROVISION]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=cli.environment()) as process:
        os.close(slave)
        said = b""
        try:
            while data := os.read(master, 65536):
                said += data
                if b"anything else" in said and answer:
                    os.write(master, answer)
                    answer = b""
        except OSError:  # the other end is closed
            pass
        code = process.wait(60)
    os.close(master)
    return code


def test_dry_run_shows_every_byte_and_slot(vault):
    cli, chip = vault
    before = chip.read_bytes()
    said = cli.ok(*PROVISION, "--dry-run").out
    assert "FOR EVER" in said and said.count("SlotConfig") == 16
    shown = cli.ok(*PROVISION, "--dry-run", "--json").last["element"]
    config, wanted = bytes.fromhex(shown["config"]), bytes.fromhex(shown["would_lock"])
    assert config.hex() == json.loads(before)["config"] and wanted[20:34] == b"\x81\x20" * 7
    assert chip.read_bytes() == before


def test_without_a_word_nothing_is_locked(vault):
    cli, chip = vault
    before = chip.read_bytes()
    gone_wrong(cli(*PROVISION), 2, "not_confirmed")
    gone_wrong(cli(*PROVISION, "--lock-element", "0123" + "00" * 7), 2, "not_confirmed")
    config = json.loads(before)["config"]
    serial = config[:8] + config[16:26]
    gone_wrong(cli(*PROVISION, "--lock-element", serial, "--chip", "00" * 9), 1, "chip_not_named")
    assert typed(cli, b"y\n") == 2
    assert chip.read_bytes() == before
    assert cli("info", "--device", "emulated:vault", "--json").last["state"] == "blank"


def test_a_typed_yes_locks_and_provisions(vault):
    cli, chip = vault
    assert typed(cli, b"yes\n") == 0
    config = bytes.fromhex(json.loads(chip.read_text())["config"])
    assert config[86:89] == b"\x00\x00\x7e"  # data, configuration, slots 0 and 7
    parts = cli.ok("selftest", "--device", "emulated:vault", "--json").last["parts"]
    assert parts["element"] is True
    shown = cli("info", "--device", "emulated:vault", "--json").last
    assert (shown["custody"], shown["certified"]) == (2, 0)  # what it says, and what nobody has vouched for


def test_a_serial_number_locks_without_asking(vault):
    cli, chip = vault
    config = json.loads(chip.read_text())["config"]
    cli.ok(*PROVISION, "--lock-element", config[:8] + config[16:26])
    assert json.loads(chip.read_text())["config"][172:176] == "0000"


def test_no_model_of_another_chip(cli):
    cli.ok("init")
    gone_wrong(cli("emulate", "unix", "--element", "se050", "--detach"), 2, "usage")


def test_custody_2_ends_with_a_rotation_and_renewals_go_on(vault):
    cli, chip = vault
    config = json.loads(chip.read_bytes())["config"]
    serial = config[:8] + config[16:26]
    cli.ok(*PROVISION, "--lock-element", serial, "--chip", serial)
    assert cli.ok("info", "vault", "--json").last["certified"] == 2
    for _ in range(2):
        cli.ok("owner", "rotate", "vault", "--yes")
        assert "the key of now counts as custody 0" in " ".join(cli.ok("info", "vault").out.split())
        assert "now 0" in cli.ok("devices").out
        gone_wrong(cli("renew", "vault", "--chip", serial), 1, "chip_rotated", "was rotated")
    assert cli.ok("renew", "vault", "--json").last["custody"] == 0
    cli.ok("owner", "rotate", "vault", "--yes")
    assert cli.ok("renew", "vault", "--json").last["custody"] == 0
