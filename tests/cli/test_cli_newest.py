"""`sealwright settle`: the best voucher of each lane is settled, the others are superseded, unless all are wanted."""

import os
import time

import pytest
from sealwright.home import Home
from sealwright.ledger import LedgerIdentity
from sealwright.operate import owner
from sealwright.wire.certificates import issue
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import ChannelOpen, Voucher, sign_message


def trades(home, count):
    """A deposit, a channel, and as many vouchers in it, each for one more."""
    network, keys, now = home.network_id(), [PrivateKey.generate() for _ in range(2)], int(time.time())
    device = {"network": network, "custody": 0, "issued_at": now - 9, "model": "x"}
    certificates = [issue(home.key("issuer"), key.public, **device).raw for key in keys]
    payer, payee = (key.public.device_id for key in keys)
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    fields = {"asset": "nEUR", "capacity": 70, "expires": now + 3600, "nonce": os.urandom(16), "ledger": identity.id}
    opened = sign_message(keys[0], ChannelOpen(network=network, payer=payer, payee=payee, **fields))
    vouchers = [sign_message(keys[0], Voucher(opened.digest, 0, n, n)).raw for n in range(1, count + 1)]
    return [*certificates, owner.deposit(home, payer, "nEUR", 70).raw, opened.raw, *vouchers]


@pytest.mark.parametrize(("options", "codes"), [((), ["superseded"] * 4 + ["ok"]), (("--keep-all",), ["ok"] * 5)])
def test_the_best_of_a_lane_pays_and_all_are_checked_where_that_is_asked_for(homed, tmp_path, options, codes):
    bundle = tmp_path / "trades.bundle"
    bundle.write_bytes(b"".join(trades(Home.open(homed.home), 5)))
    ran = homed.ok("settle", bundle, "--json", *options)
    lines = [line for line in ran.json if line.get("type") == "voucher"]
    assert [line["code"] for line in sorted(lines, key=lambda line: line["n"])] == codes
    assert {line["ok"] for line in lines} == {True}
    channels = homed.ok("ledger", "channels", "--json").json
    assert [channel["paid"] for channel in channels] == ["5"]
    assert homed.ok("ledger", "audit")
    if not options:
        text = homed.ok("settle", bundle).out
        assert "4 superseded" in text
