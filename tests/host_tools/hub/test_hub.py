"""Bundles through the parts of a hub: what holds is in the ledger and the store, once, and the rest is said."""

import os
import sqlite3
import time

import pytest
from sealwright.home import Home
from sealwright.hub.fleet import Fleet
from sealwright.hub.folder import HubFolder
from sealwright.hub.inbox import STILL_SECONDS
from sealwright.hub.positions import read_position
from sealwright.safekeeping import back_up, restore
from sealwright.wire.certificates import issue


@pytest.fixture
def trade(site):
    """A payer, a payee, and a bundle of a day of theirs."""
    roof, car = site.device("roof"), site.device("car")
    channel = site.open(car, roof, 1000, "one")
    vouchers = [car.voucher(channel, 100 * n, seq=n) for n in (1, 2, 3)]
    readings = [site.reading(roof) for _ in range(20)]
    return roof, car, channel, vouchers, readings


def test_a_day_is_settled_and_kept_as_by_hand(site, trade, tmp_path):
    roof, car, channel, vouchers, readings = trade
    site.drop(roof.certificate, car.certificate, site.deposit(car, 5000), channel, *readings[:12], vouchers[0])
    site.drop(*readings[12:], *vouchers[1:], roof.close(channel, int(time.time()), (vouchers[2],)))
    with site.parts():
        site.wait()
    assert site.sums() == site.plain(tmp_path / "plain.db")
    assert site.sums()[1][0][1:] == (300, 300, 700, 0)
    assert site.readings() == sorted(one.digest for one in readings)
    with Fleet(site.folder.fleet) as fleet:
        seen = {one.device: one.how for one in fleet.devices()}
        assert seen == {roof.id.hex(): "bundle"}
        found = fleet.verdicts()
        assert found["ok"] + found["superseded"] == 20 + 2 + 6, (
            "readings, certificates, and a deposit and five of money"
        )
    assert not any(site.folder.refused.iterdir())


def test_what_waits_for_another_bundle_is_settled_when_that_comes(site, trade, tmp_path):
    roof, car, channel, vouchers, _ = trade
    site.drop(roof.certificate, car.certificate, *vouchers)
    with site.parts():
        site.wait(lambda: site.is_done() and site.count("settle", "waiting") == 3)
    with site.parts():  # also after a restart
        site.drop(channel)
        site.wait(lambda: site.is_done() and site.count("settle", "waiting") == 4)
        site.drop(site.deposit(car, 5000))
        site.wait(lambda: site.is_done() and site.count("settle", "waiting") == 0)
    site.bundles = [b"".join(site.bundles)]
    assert site.sums() == site.plain(tmp_path / "plain.db")
    assert site.sums()[1][0][2] == 300


def test_the_same_bundles_again_change_nothing(site, trade):
    roof, car, channel, vouchers, readings = trade
    day = (roof.certificate, car.certificate, site.deposit(car, 5000), channel, *readings, *vouchers)
    site.drop(*day)
    with site.parts():
        site.wait()
        before = site.sums(), site.readings()
        for _ in range(3):
            site.drop(*day)
        site.drop(*readings[:7])  # an older part of the log after a newer one
        site.wait()
    assert (site.sums(), site.readings()) == before


def test_files_that_are_no_bundles_are_put_aside_with_the_reason(site, trade, tmp_path):
    roof, _, _, _, readings = trade
    site.put(b"%PDF-1.7 nothing to see", "invoice.pdf")
    site.put(b"", "empty.bundle")
    site.put(readings[0].raw[:-1] + b"\0" + readings[1].raw, "forged.bundle")
    (site.folder.inbox / "link.bundle").symlink_to("/etc/hostname")
    torn = site.drop(roof.certificate, *readings[:5], readings[5].raw[:40], name="torn.bundle")
    (site.folder.inbox / ".draft.bundle").write_bytes(b"not yet")
    os.utime(torn, (time.time() - 2 * STILL_SECONDS,) * 2)
    with site.parts():
        site.wait()
    reasons = {path.name.split("-", 1)[1]: path.read_text() for path in site.folder.refused.glob("*.why.txt")}
    assert sorted(reasons) == [
        f"{n}.why.txt" for n in ("empty.bundle", "forged.bundle", "invoice.pdf", "link.bundle", "torn.bundle")
    ]
    assert "PDF" in reasons["invoice.pdf.why.txt"] and "plain file" in reasons["link.bundle.why.txt"]
    assert (
        "unknown_signer" in reasons["forged.bundle.why.txt"] and "ends in the middle" in reasons["torn.bundle.why.txt"]
    )
    assert site.readings() == sorted(one.digest for one in readings[:5]), "what is whole before it counts"
    assert (site.folder.inbox / ".draft.bundle").exists()
    with Fleet(site.folder.fleet) as fleet:
        assert {one.code for one in fleet.faults()} >= {"bundle_refused", "unknown_signer"}


def test_a_file_that_is_still_copied_is_taken_when_it_is_whole(site, trade):
    roof, _, _, _, readings = trade
    path = site.folder.inbox / "slow.bundle"
    whole = roof.certificate.raw + b"".join(one.raw for one in readings)
    with site.parts(), path.open("wb") as file:
        for start in range(0, len(whole), 997):
            file.write(whole[start : start + 997])
            file.flush()
            time.sleep(0.1)
        file.close()
        site.wait()
    assert site.readings() == sorted(one.digest for one in readings)
    assert not any(site.folder.refused.iterdir())


def test_a_test_root_is_refused_and_said(site, trade):
    roof, *_ = trade
    toy = site.device("toy")
    toy.chain = (issue(site.home.key("test"), toy.key.public, network=site.home.network_id(test=True), custody=0,
                       issued_at=int(time.time()) - 10, model="emulated-unix"),)  # fmt: skip
    readings = [site.reading(toy) for _ in range(3)]
    site.drop(toy.certificate, *readings)
    with site.parts():
        site.wait()
    assert site.readings() == []
    (why,) = site.folder.refused.glob("*.why.txt")
    assert "test_root" in why.read_text()
    (left,) = [one for one in site.folder.refused.iterdir() if not one.name.endswith(".txt")]
    left.rename(site.folder.inbox / "again.bundle")
    with site.parts(allow_test=True):
        site.wait()
    assert site.readings() == sorted(one.digest for one in readings)


def test_a_position_moves_on_only_when_its_batch_is_kept(site, trade):
    roof, car, channel, vouchers, readings = trade
    site.drop(roof.certificate, car.certificate)
    with site.parts():
        site.wait()
    parts = {"settle": site.home.ledger_path, "readings": site.home.readings_path}
    before = {part: read_position(site.folder.spool, part) for part in parts}
    holders = [sqlite3.connect(path, isolation_level=None) for path in parts.values() if path.exists()]
    for holder in holders:
        holder.execute("BEGIN IMMEDIATE")
    site.drop(site.deposit(car, 5000), channel, *readings, *vouchers)
    with site.parts():
        site.wait(lambda: site.count("intake", "taken") == 25)
        time.sleep(1)  # a part that is wrong has moved on by then
        assert read_position(site.folder.spool, "settle") == before["settle"] and site.sums()[1] == []
        for holder in holders:
            holder.execute("ROLLBACK")
            holder.close()
        site.wait()
    assert site.sums()[1][0][2] == 300 and len(site.readings()) == len(readings)


def test_a_backup_has_what_was_acknowledged_and_is_not_settled_yet(site, trade, tmp_path):
    roof, car, channel, vouchers, readings = trade
    site.drop(roof.certificate, car.certificate, site.deposit(car, 5000), channel, *readings, *vouchers)
    with site.parts("intake"):
        site.wait(lambda: not any(site.folder.inbox.glob("*.bundle")))
        site.put(b"half", "half.bundle")
        back_up(site.home, tmp_path / "home.backup")
    restored = HubFolder(tmp_path / "restored")
    restore(tmp_path / "home.backup", restored.home, with_update_key=False)
    assert {one.name for one in restored.path.iterdir()} == {"spool", "known.bundle"}
    site.home, site.folder = Home.open(restored.home), restored
    site.folder.make()
    Fleet(site.folder.fleet, write=True).close()
    with site.parts():
        site.wait()
    assert site.sums() == site.plain(tmp_path / "plain.db")
    assert site.readings() == sorted(one.digest for one in readings)


def test_the_spool_is_bounded_and_intake_says_that_it_waits(site, trade):
    roof, _, _, _, _ = trade
    readings = [site.reading(roof) for _ in range(3000)]
    site.drop(roof.certificate, *readings)
    bound = 300_000
    with site.parts("intake", spool_bytes=bound):
        site.wait(lambda: site.states().get("intake", {}).get("held"))
        told = site.states()["intake"]
        assert "spool is full" in told["text"] and told["backlog"] >= bound
        size = sum(one.stat().st_size for one in site.folder.spool.glob("*.bundle"))
        assert bound <= size < 2 * bound + 300_000
        assert len(list(site.folder.inbox.glob("*.bundle"))) == 1, "it is removed only when all of it is there"
        with site.parts("settle", "readings"):
            site.wait()
        site.wait(lambda: not site.states()["intake"]["held"])
    assert site.readings() == sorted(one.digest for one in readings)
