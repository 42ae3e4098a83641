"""Which device answers: the register pins names and URLs to device ids, and a signed status proves the id.

A link, a broker and a name service prove nothing of who answers. So the owner asks for a status over a fresh nonce
before it signs anything, and signs only for the device that the register has for this URL, or that the caller named.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .. import emulator
from ..errors import RefusedByDevice, Usage
from ..home import RETIRED, Home, Registered
from ..link import Client
from ..wire.messages import Message, Status


def prove(home: Home, client: Client) -> Message[Status]:
    """The signed status of the device behind `client`, if that is the device which `expected` names.

    Raises RefusedByDevice (code wrong_device, unknown_device, device_STATE or no_status), Unreachable, Malformed.
    """
    status = client.status()
    wanted = expected(home, client)
    if wanted is None:
        remedy = f"Say which device it is, by the name that `sealwright devices` shows: --device NAME@{client.url}."
        raise RefusedByDevice(f"the register has no device at {client.url}", remedy=remedy, code="unknown_device")
    if status.body.device != wanted:
        names = home.names()
        found = names.get(status.body.device, status.body.device.hex())
        remedy = f"If {found} is the device you mean, name it: --device NAME@{client.url}. Nothing was changed."
        name = names.get(wanted, wanted.hex())
        raise RefusedByDevice(f"{found} answers at the URL of {name}", remedy=remedy, code="wrong_device")
    return status


def expected(home: Home, client: Client) -> bytes | None:
    """The id (32 bytes) of the device that the caller named or the register has for the client's URL, or None."""
    if client.device is not None:
        return client.device
    entry = at_url(home, client.url)
    return None if entry is None else bytes.fromhex(entry.device)


def pin(home: Home, client: Client, entry: Registered, **changes: Any) -> None:
    """Note in the register that the owner named this device at the client's URL, and other changes of its entry."""
    url, named_here = client.url, client.device is not None and not client.url.startswith("mqtts:")
    if named_here and url != entry.url and url not in entry.urls:
        for other in home.registered():
            if url in other.urls:
                home.register(replace(other, urls=[known for known in other.urls if known != url]))
        changes["urls"] = [*entry.urls, url]
    if changes:
        home.register(replace(entry, **changes))


def at_url(home: Home, url: str) -> Registered | None:
    """The device that the register has for this URL; of several, the one that was provisioned last."""
    aliases = _aliases(home, url)
    entries = [entry for entry in home.registered() if entry.state != RETIRED]
    for found in (
        [entry for entry in entries if url in entry.urls],
        [entry for entry in entries if entry.url in aliases],
    ):
        if found:
            return max(found, key=lambda entry: entry.registered_at)
    return None


def _aliases(home: Home, url: str) -> Iterable[str]:
    return next((board.urls for board in emulator.boards(home) if url in board.urls), (url,))


def named(home: Home, text: str) -> Registered:
    """The device in the register with this name, did:key, or beginning of its id (4 digits at least). Raises Usage."""
    entries = [entry for entry in home.registered() if entry.state != RETIRED]
    found = [entry for entry in entries if text == entry.name]
    if not found and len(text) >= 4:
        found = [entry for entry in entries if entry.device.startswith(text.lower())]
    if len(found) != 1:
        what = "several devices are" if found else "no device is"
        remedy = "`sealwright devices` lists the names and ids of this home's devices."
        raise Usage(f"{what} named {text!r} in the register", remedy=remedy, code="unknown_device")
    return found[0]
