"""The whole of Sealwright in half a minute: three emulated machines measure, sign, pay each other and get settled."""

from .report import as_dict, render
from .scenario import Outcome, run

__all__ = ["Outcome", "as_dict", "render", "run"]
