"""A way around a fault of the unix port: its poller crashes where it grows while a TLS stream is registered.

`poll_set_add_fd` of MicroPython 1.26's extmod/modselect.c moves its table of descriptors when a fifth one comes, and
then adds the distance to the pointer of every registered object, also to the null pointer of one without a descriptor,
as a TLS stream is. The next look at that stream ends the process by SIGSEGV. No other port has such a table.
"""

from asyncio import core

_MOST = 64  # descriptors: far above what the links' places allow, see links/places.py


def reserve() -> None:
    """Have asyncio's poller make its table large before anything is registered: it never becomes smaller."""
    poller = core._io_queue.poller  # type: ignore[attr-defined]
    for descriptor in range(_MOST):
        poller.register(descriptor, 0)
    for descriptor in range(_MOST):
        poller.unregister(descriptor)
