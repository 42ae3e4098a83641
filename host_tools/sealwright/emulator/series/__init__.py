"""Measured series for emulated sensors: from a CSV file to the series file an emulated board replays.

    spec = parse_spec("ina219=csv:roof.csv,scale=1/100,speed=60")
    summary = write_series(spec, Path("roof.series"))

See `spec` for what a SPEC may say, `sensors` for the columns a CSV needs, `measured` for the series that come
with Sealwright, `convert` for the file that is written.
"""

from .convert import Summary, write_series
from .spec import SensorSpec, parse_spec

__all__ = ["SensorSpec", "Summary", "parse_spec", "write_series"]
