"""The viper engine: P-256 on any port that runs native code, in fixed time. See `native`."""

# mypy: ignore-errors
from .native import Native
from .viper_field import run

native = Native(run)
public_key = native.public_key
sign_with = native.sign_with
verify = native.verify
learn = native.learn
