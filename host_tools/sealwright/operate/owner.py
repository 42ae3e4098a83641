"""The owner's commands to a device: built, signed with the home's owner key, numbered above the device's last."""

import time
from typing import Final

from ..errors import RefusedByDevice
from ..home import Home
from ..link import Client
from ..wire import cbor
from ..wire.messages import (
    Command,
    DepositArguments,
    DevicePolicy,
    Message,
    WithdrawArguments,
    sign_message,
    write_arguments,
)
from ..wire.messages.schema import write

READING: Final = "reading"
ORDER_SECONDS: Final = 600  # how long an order to a ledger is good


def command(home: Home, client: Client, op: str, arguments: cbor.Value = None) -> None:
    """Have the device carry out `op`. Raises RefusedByDevice, also for a device that is not provisioned."""
    info = client.info()
    if info.device is None or not info.provisioned:
        remedy = "Provision it first: `sealwright provision --device URL --name NAME`."
        raise RefusedByDevice(f"the device is {info.state}", remedy=remedy, code=f"device_{info.state}")
    client.command(sign(home, info.device, info.raw["command_seq"] + 1, op, arguments).raw)


def sign(home: Home, device: bytes, seq: int, op: str, arguments: cbor.Value = None) -> Message[Command]:
    """A signed command. device: 32 bytes. seq: above every one the device has taken."""
    return sign_message(home.key("owner"), Command(device, seq, op, arguments))


def deposit(home: Home, device: bytes, asset: str, amount: int) -> Message[Command]:
    """The owner's word to a ledger that `amount` of `asset` came in for `device`. Its number is the time in
    microseconds, which rises."""
    arguments = write_arguments(DepositArguments(asset, amount, home.ledger_id))
    return sign(home, device, time.time_ns() // 1000, DepositArguments.OP, arguments)


def withdrawal(home: Home, device: bytes, asset: str, amount: int, reference: str | None = None) -> Message[Command]:
    """The owner's order to the home's ledger that `amount` of `asset` leaves from `device`. It expires in ten minutes.
    reference: what the payment out is to name."""
    arguments = write_arguments(WithdrawArguments(asset, amount, home.ledger_id, reference))
    now = time.time_ns()
    body = Command(device, now // 1000, WithdrawArguments.OP, arguments, not_after=now // 10**9 + ORDER_SECONDS)
    return sign_message(home.key("owner"), body)


def pause(home: Home, client: Client) -> None:
    """Stop it from spending."""
    command(home, client, "pause")


def resume(home: Home, client: Client) -> None:
    """Let it spend again."""
    command(home, client, "resume")


def set_policy(home: Home, client: Client, policy: DevicePolicy) -> None:
    """Replace its spending policy."""
    command(home, client, "policy", write(policy))


def set_offer(home: Home, client: Client, asset: str, unit: str, price: int) -> None:
    """Have it sell one `unit` (a SenML unit that its meter counts in, such as J, or "reading") for `price`."""
    command(home, client, "offer", [asset, unit, price])


def end_offer(home: Home, client: Client) -> None:
    """Have it sell nothing."""
    command(home, client, "offer")


def set_interval(home: Home, client: Client, seconds: int) -> None:
    """Have it take a reading every `seconds`, 1 to 86400."""
    command(home, client, "interval", seconds)


def set_clock(home: Home, client: Client) -> None:
    """Set its clock to this host's, where it has no better one."""
    command(home, client, "clock", int(time.time()))


def set_network(home: Home, client: Client, settings: dict[cbor.Key, cbor.Value] | None) -> None:
    """Tell it the broker to hand its readings on to and the way there: {1: [ssid, password], 2: Broker.settings}, each
    where there is one. None: it forgets both."""
    command(home, client, "network", settings)


def stop_trade(home: Home, client: Client) -> None:
    """End the trade it pays in."""
    command(home, client, "stop")


def acknowledge(home: Home, client: Client, seq: int, channels: list[bytes]) -> None:
    """Tell it that readings up to `seq` and these closed channels are safe, so that it may forget them."""
    command(home, client, "ack", {1: seq, 2: channels})  # type: ignore[dict-item]


def set_update_key(home: Home, client: Client, public: bytes) -> None:
    """Have it refuse updates without a signature by this HSS public key, from now on and for good."""
    command(home, client, "update-key", public)


def wipe(home: Home, client: Client) -> None:
    """Erase its key, its promises and its readings, for good."""
    command(home, client, "wipe")
