"""Which device answers: the register pins names and URLs to device ids, and a signed status proves the id.

A link, a broker and a name service prove nothing of who answers. So the owner asks for a status over a fresh nonce
before it signs anything, and signs only for the device that the register has for this URL, or that the caller named.
"""

from dataclasses import replace
from typing import Any

from ..errors import RefusedByDevice
from ..home import Home, Registered
from ..home.urls import aliases
from ..link import Client, Info
from ..wire.messages import Message, Status
from .rotating import note_rotations


def prove(home: Home, client: Client) -> Message[Status]:
    """The signed status of the device behind `client`, if that is the device which `expected` names.

    The register keeps the rotations of its key that are new. Raises RefusedByDevice (code wrong_device, unknown_device,
    superseded_key, device_STATE or no_status), Unreachable, Malformed.
    """
    status = client.status()
    wanted = expected(home, client)
    if wanted is None:
        remedy = f"Say which device it is, by a name that `sealwright devices` lists: NAME@{client.url}."
        raise RefusedByDevice(f"the register has no device at {client.url}", remedy=remedy, code="unknown_device")
    if status.body.device != wanted:
        raise wrong_device(home, client, status.body.device)
    note_rotations(home, status.body.device, client.rotations())
    return status


def check_named(home: Home, client: Client) -> None:
    """Ask the device behind `client` which it is, where the caller named one: a courtesy, which proves nothing.

    Raises RefusedByDevice (code wrong_device), Unreachable, Malformed.
    """
    if client.device is not None:
        check_said(home, client, client.info())


def check_said(home: Home, client: Client, said: Info) -> None:
    """Raise RefusedByDevice (code wrong_device) where a device says that it is another than `expected` names."""
    wanted = expected(home, client)
    if wanted is None or said.device == wanted:
        return
    if said.device is None:
        what = f"a device without an identity answers at {client.url}: it is {said.state}"
        remedy = f"See it with `sealwright info {client.url}`."
        raise RefusedByDevice(what, remedy=remedy, code="wrong_device")
    raise wrong_device(home, client, said.device)


def wrong_device(home: Home, client: Client, found: bytes) -> RefusedByDevice:
    """The error where the device `found` answers in place of the one that `expected` names."""
    names, wanted = home.names(), expected(home, client) or b""
    here, meant = names.get(found, found.hex()), names.get(wanted, wanted.hex())
    remedy = f"Name {meant} where it is now: {meant}@URL. Nothing was changed."
    if client.device is None:
        remedy = f"If {here} is the device you mean, name it: {here}@{client.url}. Nothing was changed."
    return RefusedByDevice(f"{here} answers at {client.url}, not {meant}", remedy=remedy, code="wrong_device")


def lasting(home: Home, url: str) -> str:
    """The URL to note for a device reached at `url`: of an emulated board its name, for its port may change."""
    return aliases(home.folder / "boards", url)[0]


def elsewhere(home: Home, url: str) -> str:
    """The URL by which another home of this machine reaches what is at `url` here: the boards of this home are unknown
    there by name."""
    return aliases(home.folder / "boards", url)[1] if url.startswith("emulated:") else url


def expected(home: Home, client: Client) -> bytes | None:
    """The id (32 bytes) of the device that the caller named or the register has for the client's URL, or None."""
    if client.device is not None:
        return client.device
    entries = home.at(client.url)  # of several the latest: the signed status proves whether it is that one
    return bytes.fromhex(entries[-1].device) if entries else None


def pin(home: Home, client: Client, entry: Registered, **changes: Any) -> None:
    """Note in the register that the owner named this device at the client's URL, and other changes of its entry."""
    url, named_here = client.url, client.device is not None and not client.url.startswith("mqtts:")
    if named_here and url != entry.where:
        for other in home.registered():
            if url in other.urls and other.device != entry.device:
                home.register(replace(other, urls=[known for known in other.urls if known != url]))
        changes["urls"] = [*(known for known in entry.urls if known != url), url]
    if changes:
        home.register(replace(entry, **changes))
