"""Which readings a device's key proves: each by its own signature, or a run of them by its last one's.

Purpose: what is kept and acknowledged has to be proved first. A run's last signature proves it as SECURITY.md says of
`--proof chained`: the readings before it follow each other by their digests, and of a few the own signature is checked.
Limits: a run is at most `EVERY` readings, and waits for `SECONDS`; where anything is wrong each has its own checked.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ..errors import SealwrightError
from ..verify.chained import EVERY, SHARE
from ..verify.policy import CHAINED, EACH
from ..wire.keys import PublicKey
from ..wire.messages import Message, Reading, parse_as

__all__ = ["CHAINED", "EACH", "EVERY", "Proved", "gathered", "prove"]
SECONDS: Final = 0.05  # where readings come slower than that, one signature each costs nothing


class Proved(NamedTuple):
    """A reading. holds: the key proves it. by_chain: by a later one's signature, and its own may be wrong."""

    message: Message[Reading]
    holds: bool
    by_chain: bool = False


def prove(key: PublicKey, run: Sequence[Message[Reading]]) -> Iterator[Proved]:
    """What this key proves of readings, in their order: by one signature where they are a chain."""
    if len(run) > 1 and _is_chain(run) and run[-1].signed_by(key) and _spots_hold(key, run):
        yield from (Proved(message, True, True) for message in run[:-1])
        yield Proved(run[-1], True)
    else:
        yield from (Proved(message, message.signed_by(key)) for message in run)


def _is_chain(run: Sequence[Message[Reading]]) -> bool:
    return all(two.body.prev == one.digest and two.body.seq == one.body.seq + 1 for one, two in pairwise(run))


def _spots_hold(key: PublicKey, run: Sequence[Message[Reading]]) -> bool:
    """Whether the signatures of some hold, drawn now that nobody can change them any more."""
    drawn = os.urandom(len(run) - 1)
    return all(run[at].signed_by(key) for at, byte in enumerate(drawn) if byte < SHARE)


def gathered(raws: Iterable[bytes], proof: str) -> Iterator[list[Message[Reading]]]:
    """Readings as they come, in runs to be proved. Raises what `raws` does, once what came before it was given."""
    run: list[Message[Reading]] = []
    began = 0.0
    try:
        for raw in raws:
            run.append(parse_as(raw, Reading))
            now = time.monotonic()
            began = began or now
            if proof != CHAINED or len(run) >= EVERY or now - began > SECONDS:
                yield run
                run, began = [], 0.0
    except SealwrightError:
        if run:
            yield run
        raise
    if run:
        yield run
