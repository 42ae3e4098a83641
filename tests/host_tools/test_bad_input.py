"""A tenth of bad input among ten thousand messages; `make campaign-bad` takes more."""

from tests.host_tools.bad_input import campaign

MANY = 10_000
KINDS = {"forged", "copy", "stale", "over", "late", "foreign", "third", "funding"}


def test_each_bad_message_has_its_code_and_all_others_count():
    found = campaign(MANY, "a sample")
    bad = sum(count for kind, count in found.items() if kind in KINDS)
    assert set(found) >= KINDS and bad > MANY * 0.09
