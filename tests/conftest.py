"""How all tests run: the same examples every time, nothing that depends on how busy the machine is, long tests first.

Hypothesis draws the same examples at each run; SEALWRIGHT_FUZZ=1 (`make fuzz`) draws others.
"""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "sealwright",
    derandomize=not os.environ.get("SEALWRIGHT_FUZZ"),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sealwright")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """Two workers for a core: most tests wait for a device's process, or for its clock."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # as the user says
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores * 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Put the tests marked `long` where workers begin, so that none of them is alone with one at the end. A worker
    first gets its part of the list, in one piece."""
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    longest = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    if workers == 1 or not longest:
        return
    mixed = []
    for n in range(workers):
        part = (len(items) - len(mixed)) // (workers - n)  # as pytest-xdist's worksteal deals them out
        mine = longest[n::workers]
        rest = max(0, part - len(mine))
        mixed += [*mine, *others[:rest]]
        del others[:rest]
    items[:] = [*mixed, *others]


def pytest_collection_finish():
    """Have no collection of garbage look at what lives until the end: a device's program asks for one at each step, and
    with all tests imported each would take a fifth of a second."""
    gc.collect()
    gc.freeze()
