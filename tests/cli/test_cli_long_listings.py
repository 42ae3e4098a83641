"""Listings of any length: one line a row, written as they are read, and nothing for people under --json."""

import os
import sqlite3

import pytest

ROWS = 1000


@pytest.fixture
def large(homed):
    """A home whose ledger shows a thousand channels. They come from no message: an audit would say so."""
    ledger = sqlite3.connect(homed.home / "ledger.db")
    digests = [os.urandom(32) for _ in range(ROWS)]
    fields = "digest, opened, payer, payee, asset, capacity, expires, dispute, pays_up_to, worth, paid, refunded"
    values = (b"p" * 32, b"q" * 32, "nEUR", 1000, "1900000000", 259200, 1000, "20", 20, 0, 980, 1900259200)
    with ledger:
        ledger.executemany(
            f"INSERT INTO channels ({fields}, remaining, claim_end) VALUES ({', '.join('?' * 14)})",
            [(digest, n + 1, *values) for n, digest in enumerate(digests)],
        )
        ledger.executemany(
            "INSERT INTO accounts (id, kind, asset, name, balance) VALUES (?, 'channel', 'nEUR', ?, 980)",
            [(n + 1, digest) for n, digest in enumerate(digests)],
        )
    ledger.close()
    return homed, digests


@pytest.mark.parametrize("what", ["channels", "balances"])
def test_a_long_listing_has_a_line_for_each_row(large, what):
    cli, digests = large
    lines = cli.ok("ledger", what).out.splitlines()
    assert len(lines) == ROWS + 1 and "  " in lines[0]
    assert {digest[:8].hex() for digest in digests} == {
        word for line in lines[1:] for word in line.split() if len(word) == 16
    } - {"7070707070707070", "7171717171717171"}
    assert len({line.index("980 nEUR") for line in lines[1:]}) == 1, "columns stay columns"


@pytest.mark.parametrize("what", ["channels", "balances"])
def test_a_program_gets_objects_alone(large, what):
    cli, digests = large
    ran = cli.ok("ledger", what, "--json")
    assert {one.get("channel") or one["id"] for one in ran.json} == {digest.hex() for digest in digests}
    assert ran.err == ""
