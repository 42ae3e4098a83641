"""`sealwright init --ledger`: later commands find the ledger by themselves, and a home never has two."""

import pytest

from tests.cli.runner import Cli, gone_wrong
from tests.host_tools.postgres import server


@pytest.mark.parametrize("name", ["books.db", 'a "b" \\ \u00e4\x7f.db'])
def test_later_commands_find_a_ledger_that_init_was_given(cli, tmp_path, name):
    there = tmp_path / name
    made = cli.ok("init", "--ledger", there, "--json").last
    assert made["ledger"] == str(there) and not (cli.home / "ledger.db").exists()
    assert cli.ok("ledger", "audit", "--json").last["ok"]
    assert "ledger" in (cli.home / "config.toml").read_text()
    gone_wrong(cli("init", "--ledger", there), 2, "home_exists", "a home already")
    gone_wrong(cli("init", "--ledger", tmp_path / "other.db"), 2, "bad_config", "names another ledger")
    assert not (tmp_path / "other.db").exists()


def test_a_ledger_on_a_server_is_noted_without_its_password(cli):
    url = server().database()
    try:
        cli.ok("init", "--ledger", f"{url}{'&' if '?' in url else '?'}password=secret")
        assert cli.ok("ledger", "audit", "--json").last["ok"]
        noted = (cli.home / "config.toml").read_text()
        assert noted.startswith('ledger = "postgresql://') and "secret" not in noted
    finally:
        server().drop(url)


def test_what_else_the_config_says_stays_and_a_relative_path_is_of_here(tmp_path, monkeypatch):
    cli = Cli(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    cli.home.mkdir()
    (cli.home / "config.toml").write_text('device = "roof"')
    cli.ok("init", "--ledger", "books.db")
    monkeypatch.chdir("/")
    assert cli.ok("ledger", "audit", "--json").last["ok"] and (tmp_path / "books.db").exists()
    assert (cli.home / "config.toml").read_text().startswith('device = "roof"\nledger = ')


def test_a_home_that_has_a_ledger_gets_no_second_one(homed, tmp_path):
    gone_wrong(homed("init", "--ledger", tmp_path / "second.db"), 2, "ledger_elsewhere", "a ledger already")
    assert not (tmp_path / "second.db").exists() and not (homed.home / "config.toml").exists()
    homed.ok("ledger", "audit")


def test_a_config_that_cannot_be_written_is_finished_later(cli, tmp_path):
    (cli.home / "config.toml").mkdir(parents=True)
    gone_wrong(cli("init", "--ledger", tmp_path / "books.db"), 2, "usage", "config.toml")
    (cli.home / "config.toml").rmdir()
    cli.ok("init", "--ledger", tmp_path / "books.db")
    assert cli.ok("ledger", "audit", "--json").last["ok"]
