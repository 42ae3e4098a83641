"""A sample of `make campaign-cuts`: each scenario, cut at some of its operations, after another part each time."""

import os

import littlefs
from cuts import PARTS, Campaign
from scenarios import SCENARIOS


def test_a_sample_of_cuts_in_every_scenario():
    littlefs.BLOCKS = 40
    campaign = Campaign()
    for number, scenario in enumerate(SCENARIOS):
        campaign.parts = (PARTS[(os.urandom(1)[0] + number) % len(PARTS)],)
        before = campaign.states
        campaign.run(scenario, step=scenario.step)
        assert campaign.states > before, scenario.name
    assert len(set([scenario.name for scenario in SCENARIOS])) == len(SCENARIOS)
