"""`sealwright selftest` and `bench`: what a device can do."""

from typing import Annotated, Any

import typer

from ..link.codes import meaning
from .commands import command
from .options import DeviceOption
from .session import Session


@command(
    "selftest",
    "Have a device check its parts.",
    """
    sealwright selftest --device serial:/dev/ttyACM0
    """,
)
def selftest(session: Session, device: DeviceOption) -> int:
    """Have a device check its curve, entropy, flash, state and sensors. Exits 1 if one of them fails."""
    with session.connect(device) as client, session.progress("testing"):
        found = client.selftest()
    parts = {part: True if outcome is True else _failure(outcome) for part, outcome in sorted(found.items())}
    good = all(outcome is True for outcome in parts.values())
    session.emit(ok=good, url=device, parts=parts)
    session.facts((part, "ok" if outcome is True else f"FAILED: {outcome}") for part, outcome in parts.items())
    return 0 if good else 1


def _failure(code: Any) -> str:
    return meaning(code).name if isinstance(code, int) and code else "unnamed"


@command(
    "bench",
    "Time a device's signatures.",
    """
    sealwright bench --device serial:/dev/ttyACM0
    sealwright bench --device emulated:solar --rounds 50 --json
    """,
)
def bench(
    session: Session,
    device: DeviceOption,
    rounds: Annotated[
        int, typer.Option("--rounds", metavar="N", min=1, max=50, help="How many of each, for the mean.")
    ] = 10,
) -> None:
    """Time a device's signature and verification, over a key made for this and thrown away."""
    with session.connect(device) as client, session.progress("signing and verifying"):
        found = client.info()
        sign, verify = client.bench(rounds)
    engine = str(found.raw["engine"])
    session.emit(ok=True, url=device, engine=engine, rounds=rounds, sign_us=sign, verify_us=verify)
    session.facts(
        [
            ("model", f"{found.model}, curve engine {engine}"),
            ("sign", f"{sign / 1000:.1f} ms"),
            ("verify", f"{verify / 1000:.1f} ms, the mean of {rounds}"),
        ]
    )
