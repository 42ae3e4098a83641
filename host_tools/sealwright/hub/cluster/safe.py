"""What verifiers say of devices' logs, so that intake may acknowledge: runs of readings that are checked and kept."""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Run(NamedTuple):
    """Readings of a device (id in hex), each after the one before it, from one number to another. prev: the digest that
    the first one names as that of the one before it, in hex, None for a device's first. digest: of the last one."""

    device: str
    first: int
    last: int
    prev: str | None
    digest: str


def runs_of(kept: Mapping[str, Mapping[int, tuple[str, str | None]]]) -> list[Run]:
    """The runs of what was kept: by device and number each reading's digest and the one that it names."""
    found: list[Run] = []
    for device, readings in kept.items():
        runs: list[Run] = []
        for seq in sorted(readings):
            digest, prev = readings[seq]
            if runs and prev == runs[-1].digest:
                runs[-1] = runs[-1]._replace(last=seq, digest=digest)
            else:
                runs.append(Run(device, seq, seq, prev, digest))
        found += runs
    return found


def written(runs: Iterable[Run]) -> bytes:
    """Runs as one message."""
    return json.dumps([list(run) for run in runs]).encode()


def read(data: bytes) -> list[Run]:
    """As `written`. Raises ValueError."""
    try:
        rows = [
            (str(who), int(first), int(last), prev, str(digest)) for who, first, last, prev, digest in json.loads(data)
        ]
    except TypeError as error:
        raise ValueError("no runs") from error
    for who, _, _, prev, digest in rows:
        if not all(len(bytes.fromhex(one)) == 32 for one in (who, str(prev or digest), digest)):
            raise ValueError("no device, or no digest")
    return [Run(*row) for row in rows]
