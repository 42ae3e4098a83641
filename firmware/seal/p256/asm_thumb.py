"""The engine for RP2040 and RP2350: the viper engine with field arithmetic in Thumb instructions. See `native`."""

# mypy: ignore-errors
from .native import Native
from .thumb_field import run

native = Native(run)
public_key = native.public_key
sign_with = native.sign_with
verify = native.verify
learn = native.learn
