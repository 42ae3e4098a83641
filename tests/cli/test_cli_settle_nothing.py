"""`sealwright settle` of a bundle without a message: channels whose claim has ended are refunded all the same."""

import os
import time

from sealwright.home import Home
from sealwright.ledger import Ledger, LedgerIdentity
from sealwright.operate import owner
from sealwright.wire.certificates import issue
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import ChannelOpen, sign_message

from tests.cli.runner import gone_wrong, wait_until


def end_of_a_channel(home):
    """Open a channel that nobody pays in; when its claim ends."""
    network, keys, now = home.network_id(), [PrivateKey.generate() for _ in range(2)], int(time.time())
    device = {"network": network, "custody": 0, "issued_at": now - 9, "model": "x"}
    certificates = [issue(home.key("issuer"), key.public, **device).raw for key in keys]
    payer, payee = (key.public.device_id for key in keys)
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    fields = {"asset": "nEUR", "capacity": 70, "expires": now + 2, "nonce": os.urandom(16), "ledger": identity.id}
    opened = sign_message(keys[0], ChannelOpen(network=network, payer=payer, payee=payee, **fields))
    owners = [home.key("owner").public]
    with Ledger(home.ledger_path, home.roots(), owners, identity=identity, least_window=1) as ledger:
        assert ledger.deposit(owner.deposit(home, payer, "nEUR", 70).raw).ok
        assert all(verdict.ok for verdict in ledger.settle([*certificates, opened.raw]))
        return ledger.channel(opened.digest).terms.claim_end


def test_an_empty_bundle_refunds_what_has_ended(homed, tmp_path):
    end, empty = end_of_a_channel(Home.open(homed.home)), tmp_path / "empty.bundle"
    empty.write_bytes(b"")
    gone_wrong(homed("settle", empty), 1, "empty_bundle")
    wait_until(lambda: time.time() >= end + 1)
    ran = homed("settle", empty, "--json")
    assert (ran.code, ran.json[0], ran.last["code"]) == (1, {"ok": True, "refunded": 1}, "empty_bundle"), ran
    (channel,) = homed.ok("ledger", "channels", "--json").json
    assert (channel["refunded"], channel["remaining"]) == ("70", "0")
    assert homed.ok("ledger", "audit")
    gone_wrong(homed("settle", empty), 1, "empty_bundle")
