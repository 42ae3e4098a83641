"""`sealwright demo`: three emulated machines measure, sign, pay each other and get settled."""

from pathlib import Path
from typing import Annotated, Final

import typer

from .. import demo as scenario
from .commands import command
from .session import Session

_FOLDER: Final = "sealwright-demo"


@command(
    "demo",
    "See all of it in half a minute.",
    """
    sealwright demo
    sealwright demo --home build/demo --keep
    """,
)
def demo(
    session: Session,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the three machines running.")] = False,
) -> int:
    """Show all of it in half a minute: three emulated machines measure, sign, pay each other and get settled.

    It makes a home of its own in --home, or in ./sealwright-demo; an earlier demo there is replaced, and nothing else.
    """
    folder = Path(session.folder or _FOLDER).expanduser().resolve()
    outcome = scenario.run(folder, session.say, keep=keep)
    session.emit(**scenario.as_dict(outcome))
    scenario.render(outcome, session.out)
    return 0 if outcome.ok else 1
