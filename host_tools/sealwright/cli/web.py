"""`sealwright web`: the page and the API of a home, and the keys to them."""

from typing import Annotated, Any, Final

import typer

from ..errors import Usage
from ..web import serving
from ..web.access.keys import LINK_SECONDS, OPERATOR, ROLES, VIEWER, Key, Keys
from ..web.settings import HOST, LOCAL, PORT, Settings
from ..wire.times import utc
from .commands import Group, command
from .ending import Ending
from .session import Session

_Role = Annotated[
    str,
    typer.Option(
        "--role", metavar="|".join(ROLES), help="viewer reads; operator also hands bundles in and asks the agent."
    ),
]

_Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0: a free one.")]
_Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Where others reach it, through a reverse proxy.", show_default=False),
]
_MINUTES: Final = LINK_SECONDS // 60


@command(
    "web",
    "Show the home as a page, and serve its API.",
    """
    sealwright web
    sealwright web --port 0 --json
    sealwright web --url https://fleet.example
    """,
)
def serve(
    session: Session,
    *,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = HOST,
    port: _Port = PORT,
    url: _Url = None,
    role: _Role = OPERATOR,
) -> None:
    """Serve the page of the home on this machine until Ctrl-C, and print a link that signs one browser in.

    The page reads the register, the readings, the ledger and what `sealwright hub` notices. It needs no owner's key and
    opens none: what needs a signature is shown as the command to run. Let others in through a reverse proxy that has
    TLS, with --url; README.md has an example.
    """
    settings, keys = Settings(host, port, url), Keys(session.home.folder)
    if host not in (*LOCAL, "::1") and not settings.secure:
        session.note("All who reach this address can read what is sent: it has no TLS. Prefer a reverse proxy, --url.")

    def ready(known: Settings, at: int) -> None:
        address = known.address(at)
        link = f"{address}/sign-in?link={keys.new_link(role)}"
        session.emit(ok=True, url=address, port=at, link=link, role=role)
        session.say(f"The page is at {address}. This link signs one browser in as {role}, once, within {_MINUTES} min:")
        session.say(link)

    with Ending() as ending:
        serving.run(session.home, settings, _Stop(ending), ready=ready)
    session.say("The page is closed.")


class _Stop:
    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    def is_set(self) -> bool:
        """Whether somebody pressed Ctrl-C."""
        return self._ending.over


@command(
    "link",
    "Print a link that signs one browser in.",
    """
    sealwright web link
    sealwright web link --role viewer --url https://fleet.example
    """,
)
def link(session: Session, *, role: _Role = VIEWER, port: _Port = PORT, url: _Url = None) -> None:
    """Print a link that signs one browser in, once, within 15 minutes. The page must be running to take it.

    Give --port or --url as `sealwright web` or `sealwright hub` was given.
    """
    text = Keys(session.home.folder).new_link(role)
    address = f"{Settings(port=port, url=url).address(port)}/sign-in?link={text}"
    session.emit(ok=True, link=address, role=role)
    session.say(address)


@command(
    "token",
    "Make a token for a program.",
    """
    sealwright web token --role viewer --name prometheus
    sealwright web token --role viewer --name grafana --json
    """,
)
def token(
    session: Session,
    *,
    role: _Role = VIEWER,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What it is for, to revoke it by.")] = "token",
) -> None:
    """Make a token for a program, good until it is revoked, and print it this once: a hash is all that is kept.

    The program sends the header Authorization: Bearer TOKEN.
    """
    text = Keys(session.home.folder).new_token(role, name)
    session.emit(ok=True, name=name, role=role, token=text)
    session.say(text)
    session.note(f"This token, {name}, reads as {role}. It is shown this once: `sealwright web revoke {name}` ends it.")


@command(
    "tokens",
    "List the tokens of programs.",
    """
    sealwright web tokens
    sealwright web tokens --json
    """,
)
def tokens(session: Session) -> None:
    """List the tokens that programs have: their names and roles."""

    def row(key: Key) -> tuple[str, ...]:
        return key.name, key.role, utc(key.made)

    def values(key: Key) -> dict[str, Any]:
        return {"name": key.name, "role": key.role, "made": key.made}

    if not session.listing(("name", "role", "made"), Keys(session.home.folder).tokens(), row, values):
        session.note("There is none: `sealwright web token --name NAME` makes one.")


@command(
    "revoke",
    "End a token, or every sign-in.",
    """
    sealwright web revoke prometheus
    sealwright web revoke --sessions
    """,
)
def revoke(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The token's name.", show_default=False)] = "",
    *,
    sessions: Annotated[bool, typer.Option("--sessions", help="Sign every browser out, and end unused links.")] = False,
) -> None:
    """End a token at once, also where the page runs; or sign every browser out."""
    if bool(name) == sessions:
        raise Usage("what is to end?", remedy="Name a token, or give --sessions.")
    keys = Keys(session.home.folder)
    if sessions:
        count = keys.end_sessions()
        session.emit(ok=True, sessions=count)
        session.say(f"{count} browsers are signed out.")
        return
    keys.revoke(name)
    session.emit(ok=True, revoked=name)
    session.say(f"The token {name} is no good any more.")


GROUP: Final = Group("web", serve, (link, token, tokens, revoke))
