"""Room for one more channel: a device stores some, and refuses the next until its owner has collected them.

Purpose: say so before an order is given and money is locked; the payer itself only hears "refused", and tries again.
Limits: as of now; another order may take the room meanwhile. Channels without a payment make room by themselves.
"""

import time
from collections.abc import Sequence
from typing import Final

from ..errors import RefusedByDevice
from ..link import Client, Info
from ..link.info import Channel
from ..wire.messages import ChannelClose, ChannelOpen, Voucher, parse_message
from ..wire.times import utc

MOST: Final = 8  # channels of each role that a device stores


def check_room(payer: Client, buyer: Info, payee: Client, seller: Info) -> None:
    """Raise RefusedByDevice (code channels_full) where the payee keeps as many paid channels as it may have: of this
    payer by its protection, or at all. buyer, seller: what these two said of themselves."""
    limit, held = seller.raw["protection"]["channels_per_payer"], seller.raw["channels"][1]
    if held < limit:
        return
    paid = [opened for opened in map(_paid, payee.channels()) if opened is not None]
    same = [one for one in paid if one[0].payer == buyer.device]
    if len(same) >= limit:
        raise _full(payee, f"{_paid_channels(same)} with {payer.url}, the most that it keeps of one payer", same)
    if held >= MOST and len(paid) >= MOST:
        raise _full(payee, f"{_paid_channels(paid)}, the most that a device keeps", paid)


def _paid(channel: Channel) -> tuple[ChannelOpen, bool] | None:
    """The terms of a channel that the device was paid in, and whether it is closed."""
    if channel.paying:
        return None
    bodies = [parse_message(raw).body for raw in channel.messages]
    opened = next((body for body in bodies if isinstance(body, ChannelOpen)), None)
    if opened is None or not any(isinstance(body, Voucher) for body in bodies):
        return None
    return opened, any(isinstance(body, ChannelClose) for body in bodies)


def _full(payee: Client, what: str, channels: Sequence[tuple[ChannelOpen, bool]]) -> RefusedByDevice:
    if any(closed or opened.expires <= time.time() for opened, closed in channels):
        remedy = f"Collect and acknowledge them: `sealwright collect {payee.url} --ack --out FILE`; then settle FILE."
    else:
        first = min(opened.expires for opened, _ in channels)
        remedy = (
            f"None of them is closed. Wait until {utc(first)}, when the first ends, then collect with --ack; or give "
            f"it room: `sealwright owner protect --device {payee.url} --channels-per-payer N`, at most {MOST}."
        )
    return RefusedByDevice(
        f"{payee.url} has no room for another channel: it has {what}", remedy=remedy, code="channels_full"
    )


def _paid_channels(some: Sequence[object]) -> str:
    return f"{len(some)} paid channel{'' if len(some) == 1 else 's'}"
