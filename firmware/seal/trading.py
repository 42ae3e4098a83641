"""Carries out the owner's order over a peer link, and goes on after every interruption.

An order stays in the journal until it is over (see `order`), so a reset or a broken link only means a new connection.
What the policy or the order itself forbids ends it, with the code of the limit.
"""

import asyncio

from . import channel, device, notes, rpc
from .buyer import Buyer
from .compat import const
from .errors import Expired, PolicyRefused, StateDamaged
from .order import ACTIVE, ADDRESS, DEFAULT_PAUSE_MS, DIGEST, DONE, FAILED, NUMBER, PAUSE_MS, RECORD, STATUS, finish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Record

_MIN_RETRY_MS = const(250)
_MAX_RETRY_MS = const(8000)


async def run(this: "Device") -> None:
    """Carry out orders for ever."""
    retry_ms = _MIN_RETRY_MS
    while True:
        current = this.journal.get(RECORD) if this.state == device.PROVISIONED else None
        if current is None or current[STATUS] != ACTIVE:
            await asyncio.sleep(0.2)
            continue
        try:
            await _attempt(this, current)
            retry_ms = _MIN_RETRY_MS
        except Exception as error:
            # the boundary of what another machine can do to this one: whatever it, the link or a full flash did may be
            # over next time, and what was promised is in the journal
            if this.trade_fault is None:  # it went on since the last failure
                retry_ms = _MIN_RETRY_MS
            this.trade_fault = rpc.error_code(error)
            notes.trace("trade: again in %d ms" % retry_ms, error)
            await asyncio.sleep(retry_ms / 1000)
            retry_ms = min(retry_ms * 2, _MAX_RETRY_MS)


async def _attempt(this: "Device", wanted: "Record") -> None:
    try:
        if DIGEST in wanted:  # or a seller that never comes back would keep the order for ever
            channel.terms(this.payer.record(wanted[DIGEST])[channel.OPEN]).check_open(this.now())
        await trade(this, wanted)
    except (PolicyRefused, Expired, StateDamaged) as error:
        finish(this, FAILED, error.code, wanted[NUMBER])


async def trade(this: "Device", wanted: "Record") -> None:
    """One connection's worth of the order `wanted`. Returns when it is over or no longer active."""
    reader, writer = await this.board.peer_link.connect(wanted[ADDRESS])
    try:
        session = Buyer(this, wanted, rpc.Client(reader, writer))
        over = await session.agree()
        this.trade_fault = None
        if over is None:
            try:
                while this.journal.get(RECORD) == session.order and not await session.step():
                    await asyncio.sleep(wanted.get(PAUSE_MS, DEFAULT_PAUSE_MS) / 1000)
            except (PolicyRefused, Expired) as error:
                finish(this, FAILED, error.code, wanted[NUMBER])  # first: the other side cannot hold that up
            await session.close()
        if session.is_spent() or over is None:
            finish(this, DONE, None, wanted[NUMBER])
        else:
            finish(this, FAILED, over, wanted[NUMBER])
    finally:
        await this.board.peer_link.disconnect(writer)
