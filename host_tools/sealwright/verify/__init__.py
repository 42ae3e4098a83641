"""Offline checking: a verdict and a reason for every message of a bundle."""

from .policy import Policy
from .ticks import MAX_TICKS, hash_times, tick_holds
from .verdict import OK, REMEDIES, Verdict
from .verifier import Verifier, verify_bundle

__all__ = [
    "MAX_TICKS",
    "OK",
    "REMEDIES",
    "Policy",
    "Verdict",
    "Verifier",
    "hash_times",
    "tick_holds",
    "verify_bundle",
]
