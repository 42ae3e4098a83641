"""The engine for RP2040 and RP2350: the viper engine with its arithmetic in Thumb instructions. See `native`."""

# mypy: ignore-errors
from .native import Native
from .thumb_field import run, scan

native = Native(run, scan)
