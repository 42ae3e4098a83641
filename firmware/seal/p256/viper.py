"""The viper engine: P-256 on any port that runs native code, in fixed time. See `native`."""

# mypy: ignore-errors
from .native import Native
from .viper_field import run, scan

native = Native(run, scan)
