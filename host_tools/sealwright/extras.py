"""Packages that only some uses need: each comes with an extra of this one, and is asked for where it is used."""

import importlib
from typing import Any

from .errors import Usage, how_to_install


def load(package: str, extra: str, module: str, need: str, code: str) -> Any:
    """The `module` of a package, imported now. need: who needs it, such as "brokers need". Raises Usage where it is
    not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        remedy = how_to_install(package, extra)
        raise Usage(f"{need} {package}, which is not installed", remedy=remedy, code=code) from error
