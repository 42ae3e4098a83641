"""A log that was cut, forged or set back: what the audit finds by itself, and what by an anchor alone."""

import shutil

import pytest
from sealwright.errors import Usage
from sealwright.ledger import Head
from sealwright.ledger.chain import LogRow

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.behind import rows
from tests.host_tools.ledger.conftest import FIRST_VOUCHER, ROWS, World
from tests.host_tools.ledger.damage import audit, change, codes


@pytest.mark.parametrize("left", [0, 5, ROWS - 1])
def test_a_log_cut_off_at_its_end_is_found_as_long_as_the_views_know_more(sound, copy, left):
    change(copy, ("DELETE FROM log WHERE n > ?", (left,)))
    report = audit(sound, copy)
    assert {"view_differs"} <= codes(report) and report.messages == left


def test_a_row_cut_out_of_the_middle_is_found(sound, copy):
    change(copy, "DELETE FROM log WHERE n = 14")
    assert "broken_chain" in codes(audit(sound, copy))


def test_a_ledger_set_back_to_an_earlier_state_is_found_by_its_anchor_alone(sound, tmp_path):
    """What no offline check can see without a note from outside: an older copy of the whole file."""
    world = World(tmp_path / "ledger.db")
    ledger, channel = world.opened()
    ledger.close()
    shutil.copy(world.path, tmp_path / "older.db")
    assert world.codes(ledger, [world.payer.voucher(channel, 5)]) == ["ok"]
    noted = Head.parse(str(ledger.audit().head))
    assert noted == ledger.head() and ledger.audit(noted).ok
    assert world.codes(ledger, [world.payer.voucher(channel, 6, seq=2)]) == ["ok"]
    assert ledger.audit(noted).ok  # what comes after is no matter
    ledger.close()
    shutil.copy(tmp_path / "older.db", world.path)
    assert ledger.audit().ok
    assert codes(ledger.audit(noted)) == {"log_cut_off"}
    assert world.codes(ledger, [world.payer.voucher(channel, 4), world.payer.voucher(channel, 6, seq=2)]) == ["ok"] * 2
    assert ledger.audit().ok
    assert codes(ledger.audit(noted)) == {"anchor_differs"}


def test_a_chain_computed_anew_over_changed_rows_does_not_help(sound, copy):
    """Anyone who can write the file can mend the hashes, but not the signatures."""
    kept = [LogRow(*row) for row in rows(copy, "SELECT * FROM log ORDER BY n")]
    voucher = kept[FIRST_VOUCHER - 1]
    forged = voucher.message.replace(bytes([4, 10]), bytes([4, 11]))
    assert forged != voucher.message
    prev, statements = bytes(32), []
    for row in kept:
        row = row._replace(prev=prev, message=forged if row is voucher else row.message)
        prev = row.expected()
        statements.append(
            ("UPDATE log SET message = ?, prev = ?, hash = ? WHERE n = ?", (row.message, row.prev, prev, row.n))
        )
    change(copy, *statements)
    report = audit(sound, copy)
    assert "unacceptable_message" in codes(report) and not codes(report) & {"altered_row", "broken_chain"}
    assert "bad_signature" in report.findings[0].what and report.findings[0].row == FIRST_VOUCHER


@pytest.mark.parametrize(
    ("what", "code"),
    [("reading", "wrong_type"), ("copy", "replay"), ("poor", "unfunded"), ("proof", "malformed"), ("late", "expired")],
)
def test_a_row_with_a_sound_hash_that_settling_would_refuse_is_found(sound, copy, what, code):
    at, proof = NOW + 4 * DAY, b""
    if what == "reading":
        raw = sound.network.device("payer").reading().raw
    elif what == "copy":
        raw = sound.certificates[0]
    elif what == "poor":
        raw = sound.payer.open(sound.payee, 10**6, nonce=hash32("x")[:16]).raw
    elif what == "proof":
        raw, proof = sound.payer.open(sound.payee, 5, nonce=hash32("x")[:16]).raw, b"\xa1\x01\x41x"
    else:
        raw, at = sound.payer.open(sound.payee, 5, nonce=hash32("x")[:16]).raw, NOW + 10**9
    ((n, prev),) = rows(copy, "SELECT n + 1, hash FROM log ORDER BY n DESC LIMIT 1")
    row = LogRow(n, at, raw, proof, bytes(32), prev, b"")
    rows(copy, "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)", (*row[:6], row.expected()))
    report = audit(sound, copy)
    assert [(finding.code, finding.row) for finding in report.findings] == [("unacceptable_message", ROWS + 1)]
    assert code in report.findings[0].what


def test_findings_are_told_up_to_a_limit(sound, tmp_path):
    world = World(tmp_path / "ledger.db")
    ledger, channel = world.opened(10**6)
    world.codes(ledger, (world.payer.voucher(channel, n, seq=n) for n in range(1, 1100)))
    ledger.close()
    change(world.path, "UPDATE log SET at = at + 1")
    report = audit(world, world.path)
    assert report.cut and len(report.findings) == 1000 and report.messages == 1105


@pytest.mark.parametrize("words", ["", "5", "5:abc", f"-1:{'0' * 64}", f"x:{'0' * 64}", f"1:{'G' * 64}"])
def test_heads_that_are_none(words):
    with pytest.raises(Usage):
        Head.parse(words)
