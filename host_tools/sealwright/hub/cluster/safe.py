"""What verifiers say of devices' logs, so that intake may acknowledge: runs of readings that are checked and kept."""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Run(NamedTuple):
    """Readings of a device (id in hex) from one number to another, without a gap. digest: of the last one, in hex; None
    where that one was refused."""

    device: str
    first: int
    last: int
    digest: str | None


def runs_of(kept: Mapping[str, Mapping[int, str]], refused: Iterable[tuple[str, int]]) -> list[Run]:
    """The runs of what was kept (device, number, digest), and what was refused (device, number)."""
    found = [Run(device, seq, seq, None) for device, seq in refused]
    for device, digests in kept.items():
        first = last = -1
        for seq in sorted(digests):
            if seq != last + 1:
                if last >= 0:
                    found.append(Run(device, first, last, digests[last]))
                first = seq
            last = seq
        found.append(Run(device, first, last, digests[last]))
    return found


def written(runs: Iterable[Run]) -> bytes:
    """Runs as one message."""
    return json.dumps([list(run) for run in runs]).encode()


def read(data: bytes) -> list[Run]:
    """As `written`. Raises ValueError."""
    try:
        found = [Run(str(who), int(first), int(last), digest) for who, first, last, digest in json.loads(data)]
    except TypeError as error:
        raise ValueError("no runs") from error
    for run in found:
        if len(bytes.fromhex(run.device)) != 32 or len(bytes.fromhex(run.digest or "00" * 32)) != 32:
            raise ValueError("no device, or no digest")
    return found
