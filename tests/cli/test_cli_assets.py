"""What an asset may be called where money, an offer or a policy begins: printable ASCII without spaces."""

import json

import pytest
from sealwright.errors import Usage
from sealwright.operate import owner, spending

from tests.cli.runner import gone_wrong

BAD = ("n EUR", "nEUR ", "", "n\u00ebUR", "\u0435UR", "n\nEUR", "x" * 33, "\u200bnEUR")
GOOD = ("nEUR", "!", "~", "x" * 32, "kWh/2026-11")


def policy(asset):
    return {"assets": {asset: {"per_voucher": 1, "per_day": 2}}}


@pytest.mark.parametrize("asset", BAD)
def test_other_names_are_refused(asset):
    for begin in (
        lambda: spending.parse_policy(policy(asset)),
        lambda: owner.deposit(None, bytes(32), asset, 1),
        lambda: owner.withdrawal(None, bytes(32), asset, 1),
        lambda: owner.set_offer(None, None, asset, "J", 1),
    ):
        with pytest.raises(Usage, match="no name for an asset") as caught:
            begin()
        assert caught.value.code == "bad_asset" and caught.value.remedy


def test_names_of_printable_characters_are_taken():
    for asset in GOOD:
        assert list(spending.parse_policy(policy(asset)).limits) == [asset]


def test_the_commands_refuse_them(homed, tmp_path):
    words = "no name for an asset"
    for asset in ("n EUR", "n\u00ebUR"):
        money = ("a" * 64, "--asset", asset, "--amount", "1")
        gone_wrong(homed("ledger", "deposit", *money), 2, "bad_asset", words)
        gone_wrong(homed("ledger", "withdraw", *money), 2, "bad_asset", words)
        # no such board: nothing was connected
        offer = ("owner", "offer", "--device", "emulated:none", "--asset", asset, "--unit", "J", "--price", "1")
        gone_wrong(homed(*offer), 2, "bad_asset", words)
        file = tmp_path / "policy.json"
        file.write_text(json.dumps(policy(asset)))
        gone_wrong(homed("owner", "policy", file, "--device", "emulated:none"), 2, "bad_asset", words)
    assert homed.ok("ledger", "balances", "--json").out == ""
    homed.ok("ledger", "deposit", "a" * 64, "--asset", "kWh/2026-11", "--amount", "1", "--new-asset")
