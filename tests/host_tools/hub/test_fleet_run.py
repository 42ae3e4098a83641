"""A sample of `make campaign-fleet`: boards at a hub's broker, while the hub, the broker and a board fail."""

from .fleet_run import campaign


def test_nothing_is_lost_and_nothing_comes_twice(tmp_path, capsys):
    campaign(tmp_path, boards=3, seconds=12, seed=1, kills=4)
    assert "each once; 0 numbers without one" in capsys.readouterr().out
