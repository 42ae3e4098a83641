"""The owner's commands: built, and signed with the home's owner key for the one device that is meant.

A command ends after ten minutes, so that nobody who carries it can keep it for later, and is numbered above every one
signed here for the device.
"""

import secrets
import time
from typing import Any, Final

from ..errors import Malformed, RefusedByDevice
from ..files import exclusive
from ..home import Home
from ..link import Client
from ..link.labels import NONCE_BYTES
from ..money import check_name
from ..wire import cbor
from ..wire.certificates import CLOCK_SKEW
from ..wire.labels import CLOCK_HOST
from ..wire.messages import (
    Command,
    Delegation,
    DepositArguments,
    DevicePolicy,
    Message,
    Rotation,
    Status,
    WithdrawArguments,
    sign_message,
    write_arguments,
)
from ..wire.messages.schema import write
from .pinning import pin, prove

READING: Final = "reading"
COMMAND_SECONDS: Final = 600  # how long a command to a device is good
ORDER_SECONDS: Final = 600  # how long an order to a ledger is good


def command(home: Home, client: Client, op: str, arguments: cbor.Value = None) -> None:
    """Have the device carry out `op`. Raises RefusedByDevice, also for a device that is not provisioned, or is another
    one than the register has for this URL: nothing is signed then."""
    status = prove(home, client)
    device = status.body.device
    # one command at a time, from its number to the device's answer: of two, the lower number may not come second
    with exclusive(home.folder / "devices" / f"{device.hex()}.json", wait=True) as waited:
        if waited:
            status = prove(home, client)
        seq = _next_number(home, client, status.body)
        given = held(home, device, op)
        named = None if given is None else given.digest
        order = sign(home, device, seq, op, arguments, delegation=named, **end(home, status))
        client.command(order.raw, None if given is None else given.raw)


def held(home: Home, device: bytes, op: str) -> Message[Delegation] | None:
    """The delegation by which this home orders `op`; None where none was given to it: then it is the owner, or nobody.
    Raises RefusedByDevice (code not_delegated) where it was given another one."""
    key, now = home.key("owner").public, home.now()
    given = [one for one in home.delegations() if (one.body.device, one.body.operator) == (device, key)]
    good = [one for one in given if op in one.body.ops and one.body.not_after >= now]
    if given and not good:
        remedy = "See what is with `sealwright owner delegations`, and ask its owner."
        raise RefusedByDevice(f"{op} is not delegated to this home, or no more", remedy=remedy, code="not_delegated")
    return max(good, key=lambda one: one.body.signed_at, default=None)


def _next_number(home: Home, client: Client, status: Status) -> int:
    """Above the device's last and above every one signed here; noted before anything is signed with it."""
    entry = home.find(status.device)
    seq = max(status.command_seq, entry.commands if entry else 0) + 1
    if entry is not None:
        pin(home, client, entry, commands=seq)
    return seq


def end(home: Home, status: Message[Status]) -> dict[str, Any]:
    """What ends a command: ten minutes, or the device's last status where its clock could not tell."""
    now = home.now()
    if status.body.clock_quality >= CLOCK_HOST and abs(status.body.signed_at - now) <= CLOCK_SKEW:
        return {"not_after": now + COMMAND_SECONDS}
    return {"status": status.digest}


def sign(
    home: Home,
    device: bytes,
    seq: int,
    op: str,
    arguments: cbor.Value = None,
    *,
    not_after: int | None = None,
    status: bytes | None = None,
    delegation: bytes | None = None,
) -> Message[Command]:
    """A signed command. device: 32 bytes. seq: above every one the device has taken. A device takes none without
    not_after (unix seconds) or, where its clock is unset, status (the digest of its last)."""
    return sign_message(home.key("owner"), Command(device, seq, op, arguments, not_after, status, delegation))


def deposit(home: Home, device: bytes, asset: str, amount: int) -> Message[Command]:
    """The owner's word to a ledger that `amount` of `asset` came in for `device`. Its number is the time in
    microseconds, which rises. Raises Usage for an asset that is none."""
    arguments = write_arguments(DepositArguments(check_name(asset), amount, home.ledger_id))
    return sign(home, device, time.time_ns() // 1000, DepositArguments.OP, arguments)


def withdrawal(
    home: Home, device: bytes, asset: str, amount: int, reference: str | None = None, *, ledger: bytes | None = None
) -> Message[Command]:
    """The owner's order to the home's ledger that `amount` of `asset` leaves from `device`. It expires in ten minutes.
    reference: what the payment out is to name. ledger: id of another one than the home's.
    Raises Usage for an asset that is none."""
    arguments = write_arguments(WithdrawArguments(check_name(asset), amount, ledger or home.ledger_id, reference))
    now = time.time_ns()
    body = Command(device, now // 1000, WithdrawArguments.OP, arguments, not_after=now // 10**9 + ORDER_SECONDS)
    return sign_message(home.key("owner"), body)


def pause(home: Home, client: Client) -> None:
    """Stop it from spending."""
    command(home, client, "pause")


def resume(home: Home, client: Client) -> None:
    """Let it spend again."""
    command(home, client, "resume")


def unlock(home: Home, client: Client) -> None:
    """Let it pay again after its flash was put back to an earlier state."""
    command(home, client, "unlock")


def set_policy(home: Home, client: Client, policy: DevicePolicy) -> None:
    """Replace its spending policy."""
    command(home, client, "policy", write(policy))


def set_offer(home: Home, client: Client, asset: str, unit: str, price: int) -> None:
    """Have it sell one `unit` (a SenML unit that its meter counts in, such as J, or "reading") for `price`.

    Raises Usage for an asset that is none.
    """
    command(home, client, "offer", [check_name(asset), unit, price])


def end_offer(home: Home, client: Client) -> None:
    """Have it sell nothing."""
    command(home, client, "offer")


def set_interval(home: Home, client: Client, seconds: int, batch: int = 1, awake: int | None = None) -> None:
    """Have it sample every `seconds`, 1 to 86400. batch: samples in a signed reading, 1 to 60. awake: it sleeps, but
    for so many seconds after a reading, 5 to 3600; None: it never does."""
    pace: dict[cbor.Key, cbor.Value] = {1: seconds}
    if batch > 1:
        pace[2] = batch
    if awake is not None:
        pace[3] = awake
    # older firmware knows the number alone
    command(home, client, "interval", pace if len(pace) > 1 else seconds)


def set_clock(home: Home, client: Client) -> None:
    """Set its clock to this host's, whatever it was."""
    command(home, client, "clock", home.now())


def set_network(home: Home, client: Client, settings: dict[cbor.Key, cbor.Value] | None) -> None:
    """Tell it the broker to hand its readings on to and the way there: {1: [ssid, password], 2: Broker.settings}, each
    where there is one. None: it forgets both."""
    command(home, client, "network", settings)


def stop_trade(home: Home, client: Client) -> None:
    """End the trade it pays in."""
    command(home, client, "stop")


def acknowledge(home: Home, client: Client, seq: int, channels: list[bytes], digest: bytes | None = None) -> None:
    """Tell it that readings up to `seq` and these closed channels are safe, so that it may forget them. digest: of the
    reading `seq`; the device forgets nothing where its own is another (code equivocation)."""
    named: dict[cbor.Key, cbor.Value] = {1: seq, 2: list(channels)}
    if digest is not None:
        named[3] = digest
    command(home, client, "ack", named)


def set_update_key(home: Home, client: Client, public: bytes) -> None:
    """Have it refuse updates without a signature by this HSS public key, from now on and for good."""
    command(home, client, "update-key", public)


def rotate(home: Home, client: Client) -> Message[Rotation]:
    """Have it make a new key, which its old one signs in; returns the rotation, which the register keeps too."""
    command(home, client, "rotate", secrets.token_bytes(NONCE_BYTES))
    prove(home, client)
    shown = client.rotations()
    if not shown:
        raise Malformed(f"{client.url} took the command and shows no rotation")
    return shown[-1]


def wipe(home: Home, client: Client) -> None:
    """Erase its key, its promises and its readings, for good."""
    command(home, client, "wipe")
