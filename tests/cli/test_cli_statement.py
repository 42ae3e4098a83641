"""`sealwright statement`: a month in each form, adding up to the balances that the ledger shows."""

import csv
import io
import time
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from tests.cli.runner import gone_wrong

MONTH = datetime.now(UTC).strftime("%Y-%m")


@pytest.fixture
def settled(homed):
    """A home with two devices, without boards: one paid the other, and took money out."""
    from sealwright.home import Home
    from sealwright.ledger import LedgerIdentity
    from sealwright.wire.certificates import issue
    from sealwright.wire.keys import PrivateKey
    from sealwright.wire.messages import ChannelOpen, Voucher, sign_message

    home = Home(homed.home, "")
    root, (payer, payee) = home.key("issuer"), (PrivateKey.generate() for _ in range(2))
    network, now = home.roots()[0].body.network, int(time.time())
    certificates = [issue(root, key.public, network=network, custody=0, issued_at=now - 60) for key in (payer, payee)]
    ledger = LedgerIdentity(home.ledger_certificates(), home.key("ledger")).id
    opened = sign_message(payer, ChannelOpen(network, payer.public.device_id, payee.public.device_id, "nEUR", 700,
                                             now + 3600, bytes(16), ledger=ledger))  # fmt: skip
    vouchers = [sign_message(payer, Voucher(opened.digest, 0, n, 100 * n)) for n in (1, 2, 3)]
    bundle = homed.home.parent / "day.bundle"
    bundle.write_bytes(b"".join(message.raw for message in (*certificates, opened, *vouchers)))
    ids = [key.public.device_id.hex() for key in (payer, payee)]
    homed.ok("ledger", "deposit", ids[0], "--asset", "nEUR", "--amount", "1000")
    homed.ok("settle", bundle, "--keep-all")
    return homed, *ids


def sums(said):
    return int(said["available"]), int(said["locked"])


def test_a_month_adds_up_in_json(settled):
    cli, payer, payee = settled
    (said,) = cli.ok("statement", payer, "--json").json
    assert (said["device"], said["asset"], sums(said["opening"]), sums(said["closing"])) == (
        payer,
        "nEUR",
        (0, 0),
        (300, 400),
    )
    moved = {line["what"]: (sums(line), line["entries"]) for line in said["lines"]}
    assert moved == {"deposited": ((1000, 0), 1), "locked": ((-700, 700), 1), "paid out": ((0, -300), 3)}
    assert {line["peer"] for line in said["lines"][1:]} == {payee}
    (other,) = cli.ok("statement", "--device", payee, "--month", MONTH, "--json").json
    assert [(line["what"], sums(line), line["peer"]) for line in other["lines"]] == [("paid in", (300, 0), payer)]
    held = {one["id"]: one["amount"] for one in cli.ok("ledger", "balances", "--json").json}
    assert (held[payer], held[payee]) == ("300", "300")


def test_the_month_before_and_the_one_after(settled):
    cli, payer, _ = settled
    assert cli.ok("statement", payer, "--month", "2001-12", "--json").json == []
    assert cli.ok("statement", payer, "--month", "2001-12").out.endswith(", 2001-12: nothing.\n")
    (later,) = cli.ok("statement", payer, "--month", "2099-12", "--json").json
    assert later["lines"] == [] and sums(later["opening"]) == sums(later["closing"]) == (300, 400)


def test_text_and_files(settled, tmp_path):
    cli, payer, payee = settled
    shown = cli.ok("statement", payer).out
    assert "opening" in shown and "paid out" in shown and "-300 nEUR" in shown and payee[:16] in shown
    rows = list(csv.DictReader(io.StringIO(cli.ok("statement", payer, "--format", "csv").out)))
    assert [row["what"] for row in rows] == ["opening", "deposited", "locked", "paid out", "closing"]
    for column in ("available", "locked"):
        *moved, closing = (int(row[column]) for row in rows)
        assert sum(moved) == closing
    for form in ("text", "csv", "html"):
        path = tmp_path / f"one.{form}"
        said = cli.ok("statement", payer, "--format", form, "--out", path, "--json").last
        assert said["lines"] == 3 and "closing" in path.read_text()


def test_the_page_is_whole(settled):
    cli, payer, _ = settled
    found, open_tags = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta",):
                open_tags.append(tag)
            assert not {name for name, _ in attrs} & {"src", "href", "onclick"}

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

        def handle_data(self, data):
            found.append(data.strip())

    page = cli.ok("statement", payer, "--format", "html").out
    Reader().feed(page)
    assert open_tags == [] and page.startswith("<!doctype html>")
    assert {"opening", "closing", "300 nEUR", "400 nEUR", payer} <= set(found)


@pytest.mark.parametrize("arguments", [("--month", "2026-13"), ("--month", "november"), ("--month", "9999-12"),
                                       ("--format", "csv", "--json")])  # fmt: skip
def test_what_cannot_be_asked(settled, arguments):
    cli, payer, _ = settled
    assert cli("statement", payer, *arguments).code == 2


def test_an_unknown_device(homed):
    gone_wrong(homed("statement", "nobody"), 2, "unknown_device", "nobody")
