"""A computer whose clock was never set gives its time to no device."""

import time

import pytest
from sealwright.errors import Usage
from sealwright.operate.clock import MAX_TIME, MIN_TIME, now


def test_times_that_no_device_takes_are_refused(monkeypatch):
    for unix, words in ((0, "1970-01-01"), (MIN_TIME - 1, "2025-12-31"), (MAX_TIME, "2100-01-01"), (2**62, "2100")):
        monkeypatch.setattr(time, "time", lambda unix=unix: unix)
        with pytest.raises(Usage, match=f"this computer's clock says {words}") as caught:
            now()
        assert caught.value.code == "bad_clock"
    for unix in (MIN_TIME, MAX_TIME - 1):
        monkeypatch.setattr(time, "time", lambda unix=unix: unix + 0.5)
        assert now() == unix
