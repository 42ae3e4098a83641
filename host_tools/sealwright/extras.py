"""What only some uses need: packages that come with an extra of this one, and modules that Windows does not have. Each
is asked for where it is used."""

import importlib
import sys
from typing import Any

from .errors import Usage, how_to_install


class _Absent:
    """A module that this system does not have: its use raises Usage."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, wanted: str) -> Any:
        why = f"this needs {self._name}.{wanted}, which {sys.platform} does not have"
        raise Usage(why, remedy="Use Linux or macOS for it; verifying needs neither.", code="needs_unix")


def unix(module: str) -> Any:
    """A module that Linux and macOS alone have. Elsewhere only its use raises Usage: verifying works anywhere."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return _Absent(module)


def load(package: str, extra: str, module: str, need: str, code: str) -> Any:
    """The `module` of a package, imported now. need: who needs it, such as "brokers need". Raises Usage where it is
    not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        remedy = how_to_install(package, extra)
        raise Usage(f"{need} {package}, which is not installed", remedy=remedy, code=code) from error
