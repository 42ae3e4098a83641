"""Listings of any length: one line a row, written as they are read, and nothing for people under --json."""

import os
import sqlite3

import pytest
from sealwright.home import Home
from sealwright.wire.bundle import read_bundle
from sealwright.wire.certificates import issue
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import ChannelOpen, Command, DepositArguments, Voucher, sign_message, write_arguments

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


def test_contradictions_are_shown_and_written_as_they_are_read(homed):
    cli, home = homed, Home.open(homed.home)
    payer, payee = PrivateKey.generate(), PrivateKey.generate()
    now, network = home.now(), home.network_id()
    fixed = {"network": network, "custody": 2, "issued_at": now - 9, "model": "board"}
    certificates = [issue(home.key("issuer"), one.public, **fixed).raw for one in (payer, payee)]
    arguments = write_arguments(DepositArguments("nEUR", 100, home.ledger_id))
    deposit = sign_message(home.key("owner"), Command(payer.public.device_id, 1, "deposit", arguments)).raw
    terms = (network, payer.public.device_id, payee.public.device_id, "nEUR", 100, now + 9999, bytes(16))
    opened = sign_message(payer, ChannelOpen(*terms, ledger=home.ledger_id))
    pairs = [[sign_message(payer, Voucher(opened.digest, 0, n, 2 * n + k)).raw for k in (0, 1)] for n in range(1, 9)]
    bundle = home.folder / "bundle"
    bundle.write_bytes(b"".join([*certificates, deposit, opened.raw, *(raw for pair in pairs for raw in pair)]))
    assert cli("settle", bundle).code == 1
    out = home.folder / "proof"
    ran = cli("ledger", "equivocations", "--out", out, "--json")
    assert ran.code == 1 and len(ran.json) == len(pairs)
    assert list(read_bundle(out)) == [raw for pair in pairs for raw in pair]
