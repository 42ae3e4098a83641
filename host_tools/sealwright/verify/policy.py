"""What a checker demands and knows."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import Usage
from ..wire.keys import PublicKey
from .channels import LEAST_WINDOW

EACH: Final = "each"  # every message by its own signature
CHAINED: Final = "chained"  # readings by a later one's signature and the digests that lead back from it


def known_proof(proof: str) -> str:
    """`proof`, one of EACH and CHAINED. Raises Usage for anything else."""
    if proof not in (EACH, CHAINED):
        remedy = f"Choose {EACH} or {CHAINED}; `verify --forks FILE` writes contradictions."
        raise Usage(f"no proof is called {proof!r}", remedy=remedy)
    return proof


@dataclass(frozen=True, slots=True)
class Policy:
    """Demands on, and knowledge for, a check.

    network: the one network to accept (32 bytes), None for any under the roots. custody_floor: 0 open, 1
    sealed, 2 element. at: unix seconds as of which to judge, None for now. allow_test: accept roots of
    emulated machines. secrets: preimages (bytes) that open hash-locks. ticks: for a chain root (32 bytes) the
    number of the best tick revealed and its 32 bytes. owners: keys whose commands count. least_window: seconds a claim
    stays open at least after a channel's close or expiry. Raises Usage for values that cannot be.
    """

    network: bytes | None = None
    custody_floor: int = 0
    at: int | None = None
    allow_test: bool = False
    secrets: tuple[bytes, ...] = ()
    ticks: Mapping[bytes, tuple[int, bytes]] = field(default_factory=dict)
    owners: tuple[PublicKey, ...] = ()
    least_window: int = LEAST_WINDOW
    proof: str = EACH

    def __post_init__(self) -> None:
        known_proof(self.proof)
        if self.custody_floor not in (0, 1, 2):
            raise Usage(f"custody {self.custody_floor}", remedy="Demand 0 (open), 1 (sealed) or 2 (element).")
        if self.network is not None and len(self.network) != 32:
            raise Usage("a network id is 32 bytes", remedy="Give the id that `sealwright init` printed.")
        for root, (index, value) in self.ticks.items():
            if len(root) != 32 or len(value) != 32 or index < 0:
                raise Usage("a tick is a number from 0 up and 32 bytes, under a root of 32 bytes")

    def now(self) -> int:
        """The unix time as of which to judge."""
        return int(time.time()) if self.at is None else self.at
