"""Sealwright on the host: read, check and settle what small machines sign.

    from sealwright import Policy, load_roots, verify_bundle

    for verdict in verify_bundle("readings.bundle", load_roots("root.pem"), Policy(custody_floor=1)):
        print(verdict.n, verdict.type, verdict.code, verdict.why)

Modules: `messages` (what the wire carries), `keys`, `certificates`, `bundle`, `verify`, and below them
`cose`, `cbor` and `errors`. Device ids, digests and network ids are 32 bytes; amounts are integers in an
asset's smallest unit; times are unix seconds. The wire contract is firmware/schema/sealwright.cddl.

Importing this package imports next to nothing; `api` has its names, and is imported with the first of them.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import *  # noqa: F403
    from .api import __all__ as __all__


def __getattr__(name: str) -> Any:
    if not name.startswith("__") and find_spec(f".{name}", __name__):
        return import_module(f".{name}", __name__)  # a wing must not wait for the names below: imports would go round
    if name == "__all__" or not name.startswith("__"):  # `inspect` and doctest ask for others
        api = import_module(".api", __name__)
        globals().update({one: getattr(api, one) for one in api.__all__}, __all__=api.__all__)
        if name in globals():
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module(".api", __name__).__all__})
