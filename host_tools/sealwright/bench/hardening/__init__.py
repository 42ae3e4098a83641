"""Sealing a bare ESP32 for ever: its fuses, its keys and the image that it boots from then on: `harden`."""

from .fuses import PLANS, Step
from .hardening import Hardening, Job
from .images import Files
from .signing import make_signing_key, sign_image

__all__ = ["PLANS", "Files", "Hardening", "Job", "Step", "make_signing_key", "sign_image"]
