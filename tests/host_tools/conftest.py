"""Settings of the host tests. Hypothesis draws the same examples every time, so that a red run can be repeated."""

from hypothesis import settings

settings.register_profile("sealwright", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("sealwright")
