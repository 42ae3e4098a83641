"""What Hypothesis does in all tests: the same examples every time, and nothing that depends on how busy the machine is.

SEALWRIGHT_FUZZ=1 (`make fuzz`) draws others at each run.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "sealwright",
    derandomize=not os.environ.get("SEALWRIGHT_FUZZ"),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sealwright")
