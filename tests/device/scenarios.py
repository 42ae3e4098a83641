"""Everything that `cuts` cuts: a line for each file of scenarios, a row for each scenario in its SCENARIOS."""

import cut_commands
import cut_readings
import cut_trades
import cut_updates

SCENARIOS = []
for part in (cut_commands, cut_readings, cut_trades, cut_updates):
    SCENARIOS.extend(part.SCENARIOS)
