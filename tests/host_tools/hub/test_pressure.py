"""A sample of `make campaign-pressure`: the ledger stands still for a while, and bundles go on coming."""

from .pressure import campaign


def test_memory_and_disk_stay_bounded_and_everything_arrives_in_the_end(tmp_path):
    assert "all of it arrived" in campaign(tmp_path, seconds=3, spool=1)
