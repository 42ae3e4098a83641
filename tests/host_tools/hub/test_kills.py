"""A small sample of the campaign `kills`, and two hubs of one home."""

import signal

from .kills import campaign
from .site import PARTS


def test_kill_9_of_parts_and_of_the_hub_loses_nothing_and_counts_nothing_twice(tmp_path):
    hits = campaign(tmp_path, kills=3, seed=5)
    assert sum(hits.values()) > 1, hits


def test_a_second_hub_is_refused_and_one_that_was_killed_leaves_no_part(site):
    first = site.start()
    try:
        site.wait(lambda: len([one for one in site.states() if one in PARTS]) == len(PARTS))
        second = site.start("--json")
        assert second.wait(30) == 2
        told = (site.folder.path / "test.log").read_text()
        assert '"code": "hub_runs"' in told and f"process {first.pid}" in told
        first.send_signal(signal.SIGKILL)
        first.wait()

        def free():
            try:
                for part in PARTS:
                    with site.folder.held(part):
                        pass
            except Exception:
                return False
            return True

        site.wait(free)
    finally:
        for one in (first, second):
            if one.poll() is None:
                one.kill()
                one.wait()
