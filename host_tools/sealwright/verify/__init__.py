"""Offline checking: a verdict and a reason for every message of a bundle.

`channels` and `readings` hold the rules, `memory` what they read, `judge` decides who signed and which rule applies,
`verifier` checks a bundle. A ledger composes a `Judge` with a memory of its own. Imports `wire` and nothing above.
"""

from ..wire.certificates import Fault
from .codes import ALREADY_SETTLED, OK, REMEDIES
from .finding import Finding
from .judge import Judge
from .log_receipts import ReceiptFile, ReceiptVerdict
from .memory import BundleMemory, Lane, Memory, Terms
from .policy import Policy
from .ticks import MAX_TICKS, hash_times, tick_holds
from .verdict import Verdict
from .verifier import Verifier, verify_bundle

__all__ = [
    "ALREADY_SETTLED",
    "MAX_TICKS",
    "OK",
    "REMEDIES",
    "BundleMemory",
    "Fault",
    "Finding",
    "Judge",
    "Lane",
    "Memory",
    "Policy",
    "ReceiptFile",
    "ReceiptVerdict",
    "Terms",
    "Verdict",
    "Verifier",
    "hash_times",
    "tick_holds",
    "verify_bundle",
]
