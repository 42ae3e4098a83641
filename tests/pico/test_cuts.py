"""A sample of `make campaign-pico`: some cuts while the guest buys. The kills of tests/e2e are of unix boards."""

import pytest

from tests.pico import cuts
from tests.pico.conftest import NO_IMAGE
from tests.pico.rig import image

pytestmark = pytest.mark.skipif(image() is None, reason=NO_IMAGE)


@pytest.mark.long
@pytest.mark.parametrize("first", ["sells", "buys"])
def test_a_sample_of_cuts(first):
    made = cuts.main(2, 1, first)
    assert made.found["cuts"] == 2 and not made.children
