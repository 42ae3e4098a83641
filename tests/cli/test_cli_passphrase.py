"""A home whose keys are encrypted: made from a file or the environment, and opened by SEALWRIGHT_PASSPHRASE alone."""

import pytest
from sealwright.home import PASSPHRASE, Home

from tests.cli.runner import gone_wrong

DEPOSIT = ("ledger", "deposit", "a" * 64, "--asset", "nEUR", "--amount", "1", "--new-asset")
KEYS = ("issuer", "owner", "test", "ledger")


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret.txt"
    file.touch(0o600)
    file.write_text("correct horse\n")
    return file


def encrypted(cli):
    return [b"ENCRYPTED" in (cli.home / f"{name}.key").read_bytes() for name in KEYS]


def test_every_key_of_a_home_with_a_passphrase_is_encrypted(cli, secret, monkeypatch):
    cli.ok("init", "--passphrase-file", secret)
    assert encrypted(cli) == [True] * 4
    gone_wrong(cli(*DEPOSIT), 2, "passphrase_missing", "is encrypted")
    for wrong in ("wrong", "correct horse\n"):
        monkeypatch.setenv(PASSPHRASE, wrong)
        gone_wrong(cli(*DEPOSIT), 2, "passphrase_wrong", "does not open")
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert cli.ok(*DEPOSIT, "--json").last["balance"] == "1"
    assert [Home.open(cli.home).key(name).public for name in KEYS]
    board = cli.provisioned("meter")
    assert cli.ok("owner", "interval", "60", "--device", "emulated:meter") and board


def test_the_environment_encrypts_and_a_file_goes_before_it(cli, secret, tmp_path, monkeypatch):
    monkeypatch.setenv(PASSPHRASE, "other")
    cli.ok("init")
    assert encrypted(cli) == [True] * 4 and cli.ok(*DEPOSIT)
    second = tmp_path / "second"
    assert cli.here("init", "--home", second, "--passphrase-file", secret).code == 0
    assert cli.here("ledger", "balances", "--home", second).code == 2
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    assert cli.here("ledger", "balances", "--home", second).code == 0


def test_a_home_without_a_passphrase_opens_with_any(homed, monkeypatch):
    assert encrypted(homed) == [False] * 4
    monkeypatch.setenv(PASSPHRASE, "unused")
    homed.ok(*DEPOSIT)


def test_files_without_a_passphrase_make_no_home(cli, secret):
    gone_wrong(cli("init", "--passphrase-file", secret.with_name("none")), 2, "usage", "cannot read the passphrase")
    for text in ("", "\n", "  \n", "\nsecond line"):
        secret.write_text(text)
        gone_wrong(cli("init", "--passphrase-file", secret), 2, "no_passphrase", "no passphrase in")
    secret.write_text("good")
    secret.chmod(0o644)
    gone_wrong(cli("init", "--passphrase-file", secret), 2, "lax_mode", "mode 0644")
    assert not (cli.home / "home.json").exists()
