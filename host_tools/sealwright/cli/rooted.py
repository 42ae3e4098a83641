"""What commands that check messages have in common: the roots to trust, the time as of which, the custody to demand."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import Usage
from ..home import locate
from ..wire.messages import Certificate, Message
from . import options
from .session import Session

RootOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--root",
        metavar="PEM",
        help="A root to trust; may be repeated [default: the home's roots].",
        show_default=False,
    ),
]
CustodyOption = Annotated[
    int, typer.Option("--custody", metavar="N", min=0, max=2, help="The least custody: 0 open, 1 sealed, 2 element.")
]
AtOption = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Judge as of then: unix seconds or ISO 8601 [default: now].", show_default=False
    ),
]


def home_roots(session: Session) -> list[Message[Certificate]]:
    """The roots that a home trusts. Raises Usage where there is no home."""
    if not (locate(session.folder) / "home.json").exists():
        remedy = "Give the network's root with --root ROOT.pem, or name a home with --home."
        raise Usage("there is no root to check against", remedy=remedy, code="no_root")
    return [*session.home.roots(), *options.roots(session.home.config.roots)]
