"""`sealwright init`: an issuer's and an owner's key, the roots of a network, an empty ledger."""

from pathlib import Path
from typing import Annotated

import typer

from ..bookkeeping import forget_head, has_ledger, is_aside, known_ledger, noted_head
from ..errors import Usage
from ..home import Home, locate
from ..home.config import note_ledger
from ..ledger.store.places import name_of
from .commands import ledger_command
from .passphrase import read_passphrase
from .session import Session


@ledger_command(
    "init",
    "Make a home: keys, roots, register and ledger.",
    """
    sealwright init
    sealwright init --network "village grid" --home ~/grid
    sealwright init --passphrase-file secret.txt
    sealwright init --ledger /srv/books/ledger.db
    """,
)
def init(
    session: Session,
    network: Annotated[
        str,
        typer.Option("--network", metavar="NAME", help="What the network is called; its id depends on its key too."),
    ] = "home",
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            metavar="FILE",
            help="Encrypt the keys with its first line [default: $SEALWRIGHT_PASSPHRASE, else they are not encrypted].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a home: keys of an issuer and an owner, root certificates, a register and a ledger.

    With --ledger the home's config.toml names its ledger from then on, without a password.
    What an interrupted init left half made is finished. Keep copies of issuer.key and owner.key: nothing can make them
    again. A home with a passphrase wants it in SEALWRIGHT_PASSPHRASE at each command that uses a key.
    """
    home = _make(session, network, None if passphrase_file is None else read_passphrase(passphrase_file))
    name = _make_ledger(home)
    if _is_named_by_option_alone(home):
        note_ledger(home.folder, _plain(home.ledger_place))
    session.emit(
        ok=True,
        home=str(home.folder),
        network=home.network,
        network_id=home.network_id().hex(),
        test_network_id=home.network_id(test=True).hex(),
        root=str(home.folder / "root.pem"),
        test_root=str(home.folder / "test-root.pem"),
        ledger=name,
    )
    session.facts(
        [
            ("home", str(home.folder)),
            ("network", home.network),
            ("network id", home.network_id().hex()),
            ("test network", f"{home.network_id(test=True).hex()}   of emulated boards"),
            ("root", f"{home.folder / 'root.pem'}   for verifiers"),
            ("test root", f"{home.folder / 'test-root.pem'}   for emulated boards only"),
            ("ledger", name),
        ]
    )
    session.say()
    session.say("Next: `sealwright emulate unix --detach`, or connect a board and see `sealwright devices`.")


def _make(session: Session, network: str, passphrase: bytes | None) -> Home:
    if not network.isprintable() or not network.strip():
        raise Usage(f"{network!r} is no name for a network", remedy="Use visible characters.")
    folder = locate(session.folder)
    if (folder / "home.json").exists():
        home = Home.open(folder, passphrase)
        home.ledger_named = session.ledger
        _check_only_one(home)
        if not has_ledger(home) or _is_named_by_option_alone(home):
            return home  # all but the ledger is there, or its name: finish that
    home = Home.init(folder, network, passphrase)
    home.ledger_named = session.ledger
    return home


def _check_only_one(home: Home) -> None:
    """Raise Usage where the option names another ledger than the one that the home has."""
    configured = home.config.ledger
    if home.ledger_named is not None and configured is not None and _plain(configured) != _plain(home.ledger_place):
        remedy = "Leave out --ledger, or take the line `ledger` out of config.toml."
        why = f"this home's config.toml names another ledger: {_plain(configured)}"
        raise Usage(why, remedy=remedy, code="bad_config")
    if is_aside(home):
        remedy = "Leave out --ledger. To move the ledger, move its file, and name it in the home's config.toml."
        raise Usage("this home has a ledger already, elsewhere", remedy=remedy, code="ledger_elsewhere")


def _is_named_by_option_alone(home: Home) -> bool:
    """Whether the next command would not find this ledger by itself."""
    own = home.config.ledger or home.folder / "ledger.db"
    return home.ledger_named is not None and _plain(home.ledger_place) != _plain(own)


def _plain(place: Path | str) -> Path | str:
    """A ledger's place, whole and without a password. Raises Usage."""
    return place.resolve() if isinstance(place, Path) else name_of(place)


def _make_ledger(home: Home) -> str:
    if not has_ledger(home):
        _begin_anew(home)
    with known_ledger(home) as ledger:
        for _ in ledger.settle([]):  # nothing to settle, but the file is made
            pass
        return ledger.name


def _begin_anew(home: Home) -> None:
    """A new log cannot have the old one's row. On a server it would be a second one beside the home's own, and what was
    deposited into one would count in both. Raises Usage."""
    noted = noted_head(home)
    if noted is not None and noted.n and not isinstance(home.ledger_place, Path):
        why = f"this home's ledger has {noted.n} rows already, and is not there"
        remedy = f"Move it: `sealwright ledger migrate`. If it is lost for good, remove {home.ledger_head_path} first."
        raise Usage(why, remedy=remedy, code="ledger_elsewhere")
    forget_head(home)
