"""A hub renews certificates before they end: of real emulated boards that were certified 15 days ago for 20."""

import time
from dataclasses import replace

import pytest
from sealwright import emulator
from sealwright.hub import renewals
from sealwright.hub.fleet import Fleet
from sealwright.hub.known import Known
from sealwright.hub.renewals import Renewals
from sealwright.operate import renewing
from sealwright.operate.provisioning import provision
from sealwright.operate.validity import kept_certificate
from sealwright.wire.certificates import issue
from sealwright.wire.messages import Grant, parse_as, sign_message

from .site import Site

DAY = 86400


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(renewals, "REFRESH_SECONDS", 0.05)
    monkeypatch.setattr(renewals, "LEAST_PAUSE", 0.05)


@pytest.fixture
def past(tmp_path, monkeypatch):
    """A site of 15 days ago."""
    real = time.time
    with monkeypatch.context() as earlier:
        earlier.setattr(time, "time", lambda: real() - 15 * DAY)
        yield Site(tmp_path), earlier


def board(site, name, days=20):
    """A board that is certified for so long, by the clock that is."""
    made = emulator.create(site.home, "unix", name, ())
    made.start()
    with emulator.resolve(site.home, made.url) as client:
        provision(site.home, client, name)
        renewing.renew(site.home, client, days)
    return made


def kept(site, name):
    return kept_certificate(site.home, bytes.fromhex(site.home.resolve(name).device))


def faults(site, code):
    with Fleet(site.folder.fleet) as fleet:
        return [one.text for one in fleet.faults() if one.code == code]


def test_a_certificate_is_renewed_in_its_last_third_for_as_long_as_before(past):
    site, earlier = past
    boards = [board(site, "due"), board(site, "fresh", days=60), board(site, "away")]
    boards[2].kill()  # and stays away
    before = {name: kept(site, name) for name in ("due", "fresh", "away")}
    earlier.undo()
    try:
        with site.parts("intake", allow_test=True, every=0.2):
            site.wait(lambda: site.count("intake", "renewed") == 1)
        body = kept(site, "due").body
        assert body.expires - body.issued_at == 20 * DAY and abs(body.issued_at - time.time()) < 600
        assert site.home.resolve("due").certificate == kept(site, "due").digest.hex()
        with emulator.resolve(site.home, "emulated:due") as client:
            assert client.chain()[0].digest == kept(site, "due").digest
        for name in ("fresh", "away"):
            assert kept(site, name).digest == before[name].digest
        assert faults(site, "certificate_ends") == [], "half of the time for it is left"
        with site.parts("intake", allow_test=True, every=0.2, renew_before=50):
            site.wait(lambda: faults(site, "certificate_ends"))
        assert kept(site, "fresh").digest == before["fresh"].digest, "its first half is not over"
        assert len(faults(site, "certificate_ends")) == 1
        assert "was not renewed: it was not reached" in faults(site, "certificate_ends")[0]
    finally:
        for one in boards:
            one.kill()


def refreshed(site, known, before=None):
    found = Renewals(site.home, known, before)
    found.refresh()
    return found


def certified_as(site, device, custody):
    """Have the home's grant say a custody that nothing proves."""
    grant, old = parse_as(site.home.grant(device), Grant), kept_certificate(site.home, device).body
    signer = site.home.key("test")
    leaf = issue(signer, old.key, network=old.network, custody=custody, issued_at=old.issued_at, expires=old.expires,
                 model=old.model)  # fmt: skip
    site.home.keep_grant(device, sign_message(signer, replace(grant.body, chain=(leaf, grant.body.chain[1]))).raw)


@pytest.mark.parametrize(("custody", "why"), [(1, "custody could not be proved again"), (2, "")])
def test_one_whose_custody_is_not_proved_is_not_extended_and_that_is_said_once(past, custody, why):
    site, earlier = past
    made = board(site, "vault")
    device = bytes.fromhex(site.home.resolve("vault").device)
    certified_as(site, device, custody)
    earlier.undo()
    known = Known(site.home, None)
    try:
        found = refreshed(site, known)
        due = found.due(device)
        with emulator.resolve(site.home, made.url) as client:
            for _ in range(renewals.FAILURES):
                found.renew(client, due)
        renewed, said = found.take()
        assert renewed == [] and [code for _, code, _ in said] == ["renewal_failed", "certificate_ends"]
        assert f"was not renewed: its {why}" in said[1][2] if why else "was not renewed" in said[1][2]
        assert kept_certificate(site.home, device).body.custody == custody
        again = refreshed(site, known)
        assert again.due(device) is not None, "it is tried again"
        with emulator.resolve(site.home, made.url) as client:
            for _ in range(renewals.FAILURES):
                again.renew(client, due)
        assert again.take() == ([], []), "a restart says nothing again"
    finally:
        made.kill()


def test_one_that_is_revoked_or_forgotten_or_has_ended_is_left_alone(past, monkeypatch):
    site, earlier = past
    made = board(site, "lost")
    entry = site.home.resolve("lost")
    device, before = bytes.fromhex(entry.device), kept(site, "lost").digest
    earlier.undo()
    known = Known(site.home, None)
    try:
        found = refreshed(site, known)
        due = found.due(device)
        renewing.revoke(site.home, entry, "lost")
        with emulator.resolve(site.home, made.url) as client:
            found.renew(client, due)  # it was due a moment ago
        assert "it is revoked" in found.take()[1][0][2]
        assert refreshed(site, known).due(device) is None
        for path in (site.home.folder / "revocations").iterdir():
            path.unlink()
        assert refreshed(site, known).due(device) is not None
        assert refreshed(site, known, before=0).due(device) is None, "0 is never"
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 6 * DAY)
        ended = refreshed(site, known)
        assert ended.due(device) is None and "certificate ended at" in ended.take()[1][0][2]
        monkeypatch.undo()
        site.home.retire(entry)
        assert refreshed(site, known).due(device) is None
        assert kept_certificate(site.home, device).digest == before
    finally:
        made.kill()
