"""The engine for the RP2350's Cortex-M33: the viper engine with its arithmetic in UMAAL. See `native`."""

# mypy: ignore-errors
from .native import Native
from .umaal_field import run, scan

native = Native(run, scan)
