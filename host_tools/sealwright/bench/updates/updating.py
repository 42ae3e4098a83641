"""Send a firmware bundle to a device, and wait until it has confirmed the new version or rolled it back.

A transfer that broke goes on where it ended: the device tells how many bytes of each file are lengths. Asking for a
version that runs already changes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...errors import Malformed, RefusedByDevice, Rejected, Unreachable
from ...link import Client, Info
from ...wire.keys import PublicKey
from .checking import check_bundle, check_state
from .firmware_bundle import FirmwareBundle

PIECE: Final = 1536  # bytes of a file or the message in a request: a Pico's heap has no piece of more than 3.5 KB left
WAIT_SECONDS: Final = 420.0  # a trial has three boots of up to two minutes
_POLL_SECONDS: Final = 0.5
_ROOM_SECONDS: Final = 120.0  # in which a device that is short of memory is reset, and answers again
_RESET_SECONDS: Final = 10.0  # in which a device that took a commit is reset, and more
_ASK_SECONDS: Final = 5.0  # it answers in much less, but a request that meets a reset is never answered

Connect = Callable[[], Client]
Progress = Callable[[float, str], None]


class RolledBack(Rejected):
    """The new version did not prove healthy; the device runs the old one."""

    code = "rolled_back"
    remedy = "Its console says why. Nothing the device holds was lost; mend the firmware and send it again."


@dataclass(frozen=True, slots=True)
class Updated:
    """The outcome. sent: bytes that went over the link. slot: where the version runs. already: it ran before."""

    version: int
    slot: str
    sent: int
    seconds: float
    already: bool = False


def update(
    connect: Connect,
    bundle: FirmwareBundle,
    owner: PublicKey | None,
    lock_key: bytes | None,
    *,
    progress: Progress | None = None,
    wait: float = WAIT_SECONDS,
) -> Updated:
    """Bring the device to the bundle's version. connect: opens its link, anew after each reset.

    owner, lock_key: the keys that must have signed the bundle; owner None leaves that to the device, lock_key None too
    or where it asks for no such signature. Nothing is sent of a bundle that does not hold or is for another board.
    Raises what `checking` and `transfer` raise.
    """
    return _transfer(connect, bundle, lambda info: check_bundle(info, bundle, owner, lock_key), progress, wait)


def transfer(
    connect: Connect, bundle: FirmwareBundle, progress: Progress | None = None, wait: float = WAIT_SECONDS
) -> Updated:
    """The same with no judge but the device.

    Raises RefusedByDevice with the device's own reason, Unreachable where the link breaks (call again to go on),
    RolledBack, and Rejected where the device has not decided within `wait` seconds.
    """

    def needs(info: Info) -> bool:
        check_state(info)
        return info.raw["version"] != bundle.message.body.version and not info.raw["trial"]

    return _transfer(connect, bundle, needs, progress, wait)


def _transfer(
    connect: Connect, bundle: FirmwareBundle, needs: Callable[[Info], bool], progress: Progress | None, wait: float
) -> Updated:
    start, version = time.monotonic(), bundle.message.body.version
    sent, acknowledged = 0, True
    tell = progress or (lambda done, detail: None)
    with connect() as client:
        info = client.info()
        send = needs(info)
        already = not send and not info.raw["trial"]
        if send:
            found = _send_where_there_is_room(client, info, bundle, tell)
    if send:
        sent, acknowledged = found or _send_after_reset(connect, bundle, tell)
        tell(bundle.size, "checked; trying it")
    outcome = _await_outcome(connect, version, acknowledged, wait)
    return Updated(version, outcome.raw["slot"], sent, time.monotonic() - start, already)


def _send_where_there_is_room(
    client: Client, info: Info, bundle: FirmwareBundle, tell: Progress
) -> tuple[int, bool] | None:
    """As `_send`; None where the device has no memory for an update, for which it resets."""
    try:
        return _send(client, info, bundle, tell)
    except RefusedByDevice as error:
        if error.code != "no_memory":
            raise
    tell(0, "it resets, to have memory for the update")
    return None


def _send_after_reset(connect: Connect, bundle: FirmwareBundle, tell: Progress) -> tuple[int, bool]:
    """As `_send`, once a device that was short of memory has been reset. Raises what the last try did."""
    end = time.monotonic() + _ROOM_SECONDS
    while True:
        time.sleep(_POLL_SECONDS)
        try:
            with connect() as client:
                return _send(client, client.info(_ASK_SECONDS), bundle, tell)
        except (RefusedByDevice, Unreachable) as error:
            if time.monotonic() > end or error.code not in ("no_memory", "unreachable"):
                raise


def _send(client: Client, info: Info, bundle: FirmwareBundle, tell: Progress) -> tuple[int, bool]:
    """Stage every file and commit; the bytes sent, and whether the device said that it took them."""
    lengths = _begin(client, info, bundle)
    sent = _send_files(client, lengths, bundle, tell)
    try:
        return sent, _commit(client)
    except RefusedByDevice as error:
        if error.code != "bad_signature" or not any(lengths):
            raise
        # the staged part before was not ours, or not whole; the device has thrown it out
        sent += _send_files(client, _begin(client, info, bundle), bundle, tell)
        return sent, _commit(client)


def _begin(client: Client, info: Info, bundle: FirmwareBundle) -> list[int]:
    """How many bytes of each file the device has, once it has the message."""
    there = _offer(client, info, bundle)
    try:
        return _send_message(client, bundle, there)
    except RefusedByDevice as error:
        if error.code not in ("bad_signature", "malformed", "not_deterministic") or not there:
            raise
    # what was there of the message was not ours, or not whole; the device has thrown it out
    return _send_message(client, bundle, _offer(client, info, bundle))


def _offer(client: Client, info: Info, bundle: FirmwareBundle) -> int:
    """How many bytes of the message the device has. A lock is good for one beginning."""
    if info.raw.get("hss") and bundle.lock is not None:
        try:
            client.update_lock(bundle.lock)
        except RefusedByDevice as error:
            if error.code != "no_memory":  # for which the beginning, which the owner signed, makes room
                raise
    message = bundle.message
    return client.update_begin(len(message.raw), message.digest, message.sign1.signature)


def _send_message(client: Client, bundle: FirmwareBundle, there: int) -> list[int]:
    """Send the message from its length on the device; how many bytes of each file are there."""
    raw, at = bundle.message.raw, there
    while True:
        piece = raw[at : at + PIECE]
        found = client.update_manifest(at, piece)
        if isinstance(found, list):
            return found
        if not piece or found != at + len(piece):
            raise Rejected("the device did not take the message", remedy="Send it again.")
        at = found


def _send_files(client: Client, lengths: list[int], bundle: FirmwareBundle, tell: Progress) -> int:
    """Send each file from its length on the device; the bytes sent."""
    files = bundle.message.body.files
    if not len(files) == len(bundle.contents) == len(lengths):
        raise Malformed(
            f"{len(files)} files are named, {len(bundle.contents)} given, {len(lengths)} known to the device"
        )
    sent = done = 0
    for index, (file, content) in enumerate(zip(files, bundle.contents, strict=True)):
        at = lengths[index]
        while at < file.size:
            piece = content[at : at + PIECE]
            if client.update_write(index, at, piece) != at + len(piece):
                raise Rejected(f"the device did not take {file.path}", remedy="Send it again.")
            at += len(piece)
            sent += len(piece)
            tell(done + at, file.path)
        done += file.size
    return sent


def _commit(client: Client) -> bool:
    try:
        client.update_commit()
    except Unreachable:  # the reply may be lost with the reset: what the device says of itself next decides
        return False
    return True


def _await_outcome(connect: Connect, version: int, acknowledged: bool, wait: float) -> Info:
    """The device's info once `version` runs confirmed. acknowledged: the device confirmed the commit. Raises
    RolledBack, Rejected, and Unreachable where the commit never reached it."""
    end, last = time.monotonic() + wait, "it does not answer"
    since = None  # when it was first seen to run the old version, as before the reset
    while time.monotonic() < end:
        try:
            with connect() as client:
                info = client.info(_ASK_SECONDS)
        except Unreachable as error:
            last, since = str(error), None
        else:
            raw = info.raw
            if raw["version"] == version and not raw["trial"]:
                return info
            if raw.get("rolled_back") == version:
                raise RolledBack(f"version {version} was rolled back: version {raw['version']} runs")
            if not (acknowledged or raw["trial"]):
                since = since or time.monotonic()
                if time.monotonic() - since > _RESET_SECONDS:
                    remedy = "Send it again: it goes on where it ended."
                    raise Unreachable(f"the link broke before version {version} began", remedy=remedy)
            last = f"it runs version {raw['version']}" + (" on trial" if raw["trial"] else "")
        time.sleep(_POLL_SECONDS)
    remedy = "Look at its console; ask again with `sealwright info`, or send the update again."
    raise Rejected(f"the device has not confirmed version {version}: {last}", remedy=remedy, code="not_confirmed")
