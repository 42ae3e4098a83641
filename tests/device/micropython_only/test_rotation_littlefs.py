"""A rotation on a real LittleFS whose power goes at operations of its flash, and goes again after that: one key, the
rotations that lead to it. `make cuts` tries far more states."""

from emulated.flash import SCATTERED
from rotation_cuts import Campaign


def test_one_key_after_every_cut():
    campaign = Campaign()
    campaign.run(0, parts=(0, SCATTERED))
    campaign.run(1, parts=(5, 16), step=3, again=12)
    assert campaign.states > 35 and campaign.rotated, (campaign.states, campaign.rotated)
