"""A sample of `make campaign-cluster`: a server, a verifier, a settler and PostgreSQL are killed under a load."""

import pytest

from .cluster_run import campaign
from .cluster_site import needs_servers


@pytest.mark.long
def test_every_message_that_a_server_acknowledged_counts_once(tmp_path):
    needs_servers()
    found = campaign(tmp_path, seconds=12, seed=2, devices=60, every=4)
    assert min(found["kills"].get(victim, 0) for victim in ("server", "verify", "settle")) >= 1, found["kills"]
    assert found["messages"] > 500, found
