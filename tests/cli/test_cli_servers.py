"""A ledger on a PostgreSQL server from the command line: named by an option, the environment or the config; moved."""

import json
import subprocess
import sys

import pytest

from tests.cli.runner import Cli, gone_wrong
from tests.cli.test_cli_ledger import balances, books, settle  # noqa: F401  a fixture
from tests.host_tools.postgres import name_in, server


@pytest.fixture
def place():
    url = server().database()
    yield url
    server().drop(url)


def test_a_home_moves_to_a_server_and_goes_on_there(books, place):  # noqa: F811
    assert settle(books).code == 0
    before, head = balances(books), (books.home / "ledger.head").read_text()
    moved = books.ok("ledger", "migrate", "--to", place, "--allow-test", "--json").last
    assert moved["moved"] and f"{moved['head']}\n" == head
    gone_wrong(books("ledger", "balances"), 2, "ledger_moved", "was moved to a server")
    named = books.ok("ledger", "balances", "--ledger", place, "--json").json
    assert {one["name"]: int(one["amount"]) for one in named if one["name"]} == before
    (books.home / "config.toml").write_text(f'ledger = "{place}"\n')
    assert balances(books) == before and settle(books).code == 0 and balances(books) == before
    books.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "5")
    assert balances(books)["charger"] == before["charger"] + 5
    assert books.ok("ledger", "audit", "--allow-test", "--json").last["ok"]
    assert (books.home / "ledger.head").read_text() != head
    books.ok("ledger", "checkpoint", "--out", books.home.parent / "one.checkpoint")
    assert books.ok("doctor", "--json")
    gone_wrong(books("ledger", "backup", books.home.parent / "x.db"), 2, "ledger_on_server", "on a server")
    assert "pg_dump" in books.ok("home", "backup", books.home.parent / "x.backup").err


def test_watch_ends_where_the_ledger_moves_away(books, place, tmp_path):  # noqa: F811
    watch = books.start("watch", "--bundles", tmp_path, "--every", "0.1", "--home", books.home, "--json")
    assert json.loads(watch.stdout.readline())["ok"]
    books.ok("ledger", "migrate", "--to", place, "--allow-test")
    out, _ = watch.communicate(timeout=120)
    last = json.loads(out.splitlines()[-1])
    assert (watch.returncode, last["code"]) == (2, "ledger_moved") and "--ledger" in last["remedy"]


def test_a_move_needs_the_audit(books, place):  # noqa: F811
    assert settle(books).code == 0
    ran = books("ledger", "migrate", "--to", place)  # its machines are test ones
    assert ran.code == 1 and "stays in use" in ran.out and balances(books)
    gone_wrong(books("settle", books.bundle, "--ledger", place), 4, "log_cut_off", "ends before row")  # it is empty


def test_a_server_is_named_by_environment_or_option_from_the_first_day(cli, place, monkeypatch):
    monkeypatch.setenv("SEALWRIGHT_LEDGER", place)
    made = cli.ok("init", "--network", "here", "--json").last
    assert made["ledger"].startswith("postgresql://") and not (cli.home / "ledger.db").exists()
    assert cli.ok("ledger", "audit", "--json").last["ok"]
    monkeypatch.delenv("SEALWRIGHT_LEDGER")
    gone_wrong(cli("ledger", "audit"), 2, "ledger_missing", "missing")
    assert cli.ok("ledger", "audit", "--ledger", place, "--json").last["ok"]


def test_a_second_ledger_of_one_home_is_refused(books, place):  # noqa: F811
    gone_wrong(books("settle", books.bundle, "--ledger", place), 2, "ledger_missing", "no ledger in")
    (books.home / "ledger.db").rename(books.home / "kept.db")
    gone_wrong(books("init", "--ledger", place), 2, "ledger_elsewhere", "2 rows already")
    assert server().run("SELECT to_regnamespace('sealwright') IS NULL", database=name_in(place)) == [(True,)]


@pytest.mark.parametrize("by", ["config", "environment"])
def test_a_restored_home_goes_on_with_the_servers_ledger(books, place, tmp_path, monkeypatch, by):  # noqa: F811
    assert settle(books).code == 0
    books.ok("ledger", "migrate", "--to", place, "--allow-test")
    if by == "config":
        (books.home / "config.toml").write_text(f'device = "solar"\nledger = "{place}"\n')
    else:
        monkeypatch.setenv("SEALWRIGHT_LEDGER", place)
    before, new = balances(books), Cli(tmp_path / "new")
    books.ok("home", "backup", tmp_path / "x.backup")
    todo = " ".join(new.ok("home", "restore", tmp_path / "x.backup", "--json").last["todo"])
    assert "on a server" in todo and "ledger.db" not in todo
    assert (new.home / "ledger.head").read_text() == (books.home / "ledger.head").read_text()
    assert balances(new) == before and not (new.home / "ledger.db").exists()


@pytest.mark.parametrize("command", [("ledger", "balances"), ("ledger", "audit"), ("settle", "-"), ("init",)])
def test_no_password_is_shown_anywhere(homed, command):
    url = "postgresql://anna:s3cret@127.0.0.1:1/books?connect_timeout=2"
    for more in ((), ("--json",)):
        ran = homed(*command, "--ledger", url, *more)
        assert "s3cret" not in ran.out + ran.err
    gone_wrong(homed(*command, "--ledger", url), 3, "ledger_unreachable", "127.0.0.1")


@pytest.mark.parametrize(
    "named",
    [
        "pg://anna:s3cret@h/l",
        "postgresql:/anna:s3cret@h/l",
        "host=h password=s3cret",
        "host=h PASSWORD = 's3cret'",
        "anna:s3cret@h/l",
        "POSTGRESQL://anna:x@s3cret@h/l",
        "postgresql://anna:1/s3cret@h/l",
        "postgresql://anna:s3cret/x",
    ],
)
def test_what_may_hold_a_password_is_not_quoted(homed, named):
    for line in (("ledger", "balances", "--ledger"), ("ledger", "migrate", "--to")):
        ran = homed(*line, named)
        gone_wrong(ran, 2, "bad_url", "the ledger's")
        assert "s3cret" not in ran.err and "PGPASSWORD" in ran.err
    (homed.home / "config.toml").write_text(f'ledger = "{named}"\n')
    ran = homed("ledger", "balances")
    assert ran.code == 2 and "s3cret" not in ran.err


def test_a_scheme_is_one_in_any_case_and_a_path_may_have_an_at(homed):
    ran = homed("ledger", "balances", "--ledger", "PostgreSQL://anna:s3cret@127.0.0.1:1/l?connect_timeout=2")
    gone_wrong(ran, 3, "ledger_unreachable", "postgresql://anna@127.0.0.1:1/l")
    assert "s3cret" not in ran.err
    gone_wrong(homed("ledger", "balances", "--ledger", "/x/anna@here/l.db"), 2, "ledger_missing", "anna@here")


def test_without_the_driver_the_extra_is_named(homed):
    code = "import sys; sys.modules['psycopg'] = None\nfrom sealwright.cli.main import main; main()"
    line = [sys.executable, "-c", code, "ledger", "balances", "--ledger", "postgresql://x/y"]
    ran = subprocess.run(line, capture_output=True, text=True, env=homed.environment(), check=False)
    assert ran.returncode == 2 and "psycopg, which is not installed" in ran.stderr and "[postgres]" in ran.stderr


def test_the_roles_are_sql(cli):
    shown = cli.ok("ledger", "postgres-roles", "--settler", "one", "--reader", "two").out
    assert "GRANT INSERT ON sealwright.log" in shown and shown.count(";\n") == len(shown.splitlines())
    assert [one["sql"] for one in cli.ok("ledger", "postgres-roles", "--json").json]
    gone_wrong(cli("ledger", "postgres-roles", "--settler", "a b"), 2, "usage", "no name for a role")
    for name in ("public", "pg_read_all_data"):
        gone_wrong(cli("ledger", "postgres-roles", "--reader", name), 2, "usage", "no name for a role")
    both = ("--settler", "one", "--reader", "one")
    gone_wrong(cli("ledger", "postgres-roles", *both), 2, "usage", "cannot be both")
    assert "CREATEROLE" in cli.here("ledger", "postgres-roles", "--help").out


def test_another_home_does_not_take_a_ledger_for_its_own(homed, tmp_path):
    path, other = homed.home / "ledger.db", Cli(tmp_path / "other")
    ran = other("init", "--network", "q", "--ledger", path)._replace(again=None)  # the next init finishes this one
    gone_wrong(ran, 2, "foreign_ledger", "another home's")
    other.ok("init", "--network", "q")
    gone_wrong(other("settle", "-", "--ledger", path), 2, "foreign_ledger", "another home's")
    homed.ok("ledger", "audit")
