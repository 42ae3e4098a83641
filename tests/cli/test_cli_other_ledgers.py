"""A copy of the ledger that an option names once: the home's own log goes on as if nothing were."""

import shutil

import pytest


@pytest.mark.parametrize("configured", [False, True], ids=["default", "config"])
def test_the_head_of_a_copy_is_not_the_homes(homed, tmp_path, configured):
    homed.provisioned("car").kill()
    own, other = homed.home / "ledger.db", tmp_path / "other.db"
    deposit = ("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "5")
    if configured:
        own = own.rename(tmp_path / "own.db")
        (homed.home / "config.toml").write_text(f'ledger = "{own}"\n')
    homed.ok(*deposit)
    shutil.copy(own, other)
    head = (homed.home / "ledger.head").read_text()
    homed.ok(*deposit, "--ledger", other)
    assert (homed.home / "ledger.head").read_text() == head
    homed.ok(*deposit, "--ledger", own)
    homed.ok(*deposit)
    found = homed.ok("ledger", "audit", "--allow-test", "--json").last
    assert f"{found['head']}\n" == (homed.home / "ledger.head").read_text()
