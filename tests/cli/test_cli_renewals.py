"""`sealwright renew --within`, `sealwright devices --ends-within`: by the home's own grants, whatever devices say."""

import time
from types import SimpleNamespace

import pytest
from sealwright.agent import doing
from sealwright.cli import renewals
from sealwright.errors import RefusedByDevice
from sealwright.home import Home
from sealwright.operate import renewing
from sealwright.operate.validity import Barred, kept_certificate, lasting
from sealwright.wire.messages import Certificate

from tests.cli.runner import Cli, gone_wrong

DAY = 86400


@pytest.fixture(scope="module")
def park(tmp_path_factory):
    """A home with three devices: one for 20 days, one for 400, one without end."""
    made = Cli(tmp_path_factory.mktemp("park") / "home")
    try:
        made.ok("init", "--network", "park")
        for name in ("short", "long", "endless"):
            made.provisioned(name, policy=None)
        made.ok("renew", "short", "--valid-days", "20")
        made.ok("renew", "long", "--valid-days", "400")
        yield made
    finally:
        made.kill_all()


def kept(cli, name):
    home = Home.open(cli.home)
    return kept_certificate(home, bytes.fromhex(home.resolve(name).device))


def test_those_that_end_soon_are_listed_the_first_first(park):
    listed = park.ok("devices", "--ends-within", "30d", "--json").json
    assert [(one["name"], one["ends"]) for one in listed] == [("short", kept(park, "short").body.expires)]
    both = park.ok("devices", "--ends-within", "500d")
    assert both.out.index("short") < both.out.index("long") and "endless" not in both.out
    assert "certificate ends" in both.out
    assert "None." in park.ok("devices", "--ends-within", "1h").out
    gone_wrong(park("devices", "--ends-within", "soon"), 2, "usage", "'soon' is no length of time")


def test_a_dry_run_changes_nothing_and_says_what_would_be(park):
    before = kept(park, "short").digest
    ran = park.ok("renew", "--all", "--within", "30d", "--dry-run", "--json")
    assert [(one["name"], one["seconds"], one["ok"]) for one in ran.json] == [("short", 20 * DAY, True)]
    assert "20 days" in park.ok("renew", "--all", "--within", "30d", "--dry-run").out
    assert kept(park, "short").digest == before
    gone_wrong(park("renew", "short", "--dry-run"), 2, "usage", "--within")


def test_what_has_ended_is_left_to_a_person(park, monkeypatch):
    """Neither the agent nor `--within` extends it; a renewal by name does."""
    home = Home.open(park.home)
    entry = home.resolve("short")
    one = lasting(entry, kept(park, "short"))
    monkeypatch.setattr(Home, "now", lambda home: one.ends)
    session = SimpleNamespace(home=home, connect=lambda text: pytest.fail("it was asked"))
    for renew in (
        lambda: renewals._renew(session, Barred(home), None, ("short", one)),
        lambda: doing._renew(home, entry, session.connect),
    ):
        with pytest.raises(RefusedByDevice) as refused:
            renew()
        assert refused.value.code == "certificate_ended"


def test_those_that_end_soon_are_renewed_for_as_long_as_before(park):
    before = {name: kept(park, name).digest for name in ("short", "long", "endless")}
    ran = park.ok("renew", "--all", "--within", "30d", "--json")
    assert ran.last == {"ok": True, "renewed": 1, "failed": 0, "left": 2}
    body = kept(park, "short").body
    assert body.expires - body.issued_at == 20 * DAY
    assert {name for name in before if kept(park, name).digest != before[name]} == {"short"}
    gone_wrong(park("renew", "--all"), 2, "usage", "would have no end")


def test_no_device_is_extended_that_must_not_be(park):
    park.provisioned("lost", policy=None)
    park.provisioned("forked", policy=None)
    for name in ("lost", "forked"):
        park.ok("renew", name, "--valid-days", "5")
    park.ok("revoke", "lost", "--reason", "lost")
    home = Home.open(park.home)
    (home.folder / "forks").mkdir()
    (home.folder / "forks" / f"{home.resolve('forked').device}-7.bundle").write_bytes(b"proof")
    ran = park("renew", "lost", "forked", "--within", "30d", "--json")
    assert ran.code == 4 and {(one["device"], one["code"]) for one in ran.json[:-1]} == {
        ("lost", "revoked"),
        ("forked", "equivocation"),
    }
    shown = park.ok("renew", "--all", "--within", "30d", "--dry-run", "--json").json
    assert {one["name"]: one["code"] for one in shown} == {"short": None, "lost": "revoked", "forked": "equivocation"}
    for name in ("lost", "forked"):
        park.ok("devices", "forget", name, "--yes")
    assert [one["name"] for one in park.ok("renew", "--all", "--within", "30d", "--dry-run", "--json").json] == [
        "short"
    ]


class Lying:
    """A client whose device shows another certificate than it has."""

    def __init__(self, client, chain):
        self._client, self._chain = client, chain

    def __getattr__(self, name):
        return getattr(self._client, name)

    def chain(self):
        return self._chain


def test_a_device_that_shows_another_certificate_gains_nothing(park):
    from sealwright import emulator
    from sealwright.errors import RefusedByDevice
    from sealwright.wire.certificates import issue
    from sealwright.wire.keys import PrivateKey

    home = Home.open(park.home)
    own = kept(park, "short").body
    forged = issue(PrivateKey.generate(), own.key, network=own.network, custody=1, issued_at=int(time.time()),
                   model="emulated-safe", expires=int(time.time()) + 4000 * DAY)  # fmt: skip
    with emulator.resolve(home, "emulated:short") as client:
        lying = Lying(client, [forged, home.root(test=True)])
        with pytest.raises(RefusedByDevice, match="did not certify the device"):
            renewing.renew(home, lying)
        made = renewing.renew(home, lying, again=own)
    assert isinstance(made.body, Certificate)
    assert (made.body.custody, made.body.model) == (0, own.model)
    assert made.body.expires - made.body.issued_at == 20 * DAY
