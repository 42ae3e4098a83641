"""Checkpoints and receipts from the command line: signed here, checked anywhere with a root alone."""

import shutil

import pytest

from tests.cli.runner import Cli, gone_wrong


@pytest.fixture
def books(fleet, traded, tmp_path):
    """The fleet's home without its boards, and its trade settled."""
    home = tmp_path / "books"
    shutil.copytree(fleet.home, home, ignore=shutil.ignore_patterns("boards", "ledger.db*"))
    cli = Cli(home)
    cli.ok("init")
    cli.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "100000")
    cli.taken = [
        one for one in cli.ok("settle", traded, "--allow-test", "--json").json[:-1] if one["type"] == "voucher"
    ]
    return cli


def digests(cli):
    return [one["digest"] for one in cli.taken if one["code"] == "ok"]


def test_a_receipt_is_checked_by_a_stranger(books, tmp_path):
    file, wanted = tmp_path / "toll.receipt", digests(books)[-1]
    outcome = books.ok("ledger", "receipt", wanted[:12], "--out", file, "--json").last
    assert outcome["digest"] == wanted and outcome["type"] == "voucher" and 0 < outcome["row"] <= outcome["rows"]
    stranger = Cli(tmp_path / "stranger")
    roots = [books.home / "root.pem", books.home / "test-root.pem"]
    rooted = ("--root", roots[1])
    checkpoint, receipt = stranger.ok("verify", "--receipt", file, *rooted, "--allow-test", "--json").json
    assert checkpoint["type"] == "checkpoint" and checkpoint["ok"]
    assert receipt["ok"] and (receipt["digest"], receipt["row"]) == (wanted, outcome["row"])
    said = stranger.ok("verify", "--receipt", file, *rooted, "--allow-test")
    assert f"is in row {outcome['row']} of {outcome['rows']}" in " ".join(said.out.split())
    assert (
        stranger.ok("verify", "--receipt", file, "--root", roots[0]).code == 0
    )  # the same ledger, under the other root
    refused = stranger("verify", "--receipt", file, "--root", roots[1])
    assert refused.code == 1 and "test_root" in refused.out and "--allow-test" in refused.out
    assert stranger("verify", "--receipt", file, *rooted, "--allow-test", "-q").out == ""


def test_a_changed_file_of_receipts_is_refused(books, tmp_path):
    file = tmp_path / "day.receipt"
    books.ok("ledger", "receipt", *digests(books)[:1], "--out", file)
    data = file.read_bytes()
    for at in (len(data) - 1, len(data) - 80):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        ran = books("verify", "--receipt", file, "--allow-test", "--json")
        assert ran.code == 1 and not ran.last["ok"] and ran.last["why"]
    file.write_bytes(data[:-1])
    assert books("verify", "--receipt", file, "--allow-test", "--json").last["code"] == "malformed"


def test_a_checkpoint_is_followed_by_the_next(books, tmp_path):
    monday, tuesday = tmp_path / "monday.checkpoint", tmp_path / "tuesday.checkpoint"
    first = books.ok("ledger", "checkpoint", "--out", monday, "--json").last
    assert books.ok("ledger", "audit", "--allow-test", "--anchor", first["head"], "--json").last["ok"]
    books.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "1")
    second = books.ok("ledger", "checkpoint", "--since", monday, "--out", tuesday, "--json").last
    assert (second["since"], second["rows"]) == (first["rows"], first["rows"] + 1)
    *_, grown = books.ok("verify", "--receipt", tuesday, "--allow-test", "--json").json
    assert grown["ok"] and (grown["type"], grown["row"], grown["rows"]) == (
        "consistency",
        first["rows"],
        second["rows"],
    )
    assert "is the beginning" in books.ok("verify", "--receipt", tuesday, "--allow-test").out


def test_a_log_that_was_replaced_signs_nothing_that_contradicts_it(books, tmp_path):
    file = tmp_path / "kept.checkpoint"
    books.ok("ledger", "checkpoint", "--out", file)
    for one in books.home.glob("ledger.*"):
        if one.suffix != ".key" and one.suffix != ".pem":
            one.unlink()
    books.ok("init")
    books.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "1")
    gone_wrong(books("ledger", "checkpoint", "--since", file), 1, "other_log", "ends before row")


def test_what_is_wrong_to_ask(books, tmp_path):
    out = ("--out", tmp_path / "x.receipt")
    gone_wrong(books("ledger", "receipt", "abc", *out), 2, "usage", "no digest")
    gone_wrong(books("ledger", "receipt", "zz" * 32, *out), 2, "usage", "no digest")
    gone_wrong(books("ledger", "receipt", "00" * 32, *out), 2, "unknown_message", "no message")
    gone_wrong(books("verify"), 2, "usage", "nothing to check")
    gone_wrong(books("ledger", "checkpoint", "--since", books.home / "ledger.pem"), 1, "not_a_bundle")
    assert not (tmp_path / "x.receipt").exists()
