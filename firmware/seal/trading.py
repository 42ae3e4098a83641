"""Executes the owner's order over a peer link, and resumes after every interruption.

An active order is in the journal (see `order`), so a reset or a broken link only costs a new connection. A limit of the
policy or of the order ends the order with the limit's code.
"""

import asyncio

from . import channel, notes, rollback, rpc
from .device import PROVISIONED
from .buyer import Buyer
from .compat import const
from .errors import Expired, PolicyRefused, StateDamaged
from .order import ACTIVE, ADDRESS, DEFAULT_PAUSE_MS, DIGEST, DONE, FAILED, NUMBER, PAUSE_MS, STATUS, finish, is_waiting
from .protection import LEAST_LEFT
from .records import ORDER_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Record

_MIN_RETRY_MS = const(250)
_MAX_RETRY_MS = const(8000)


async def run(device: "Device") -> None:
    """Execute orders for ever."""
    retry_ms = _MIN_RETRY_MS
    while True:
        current_order = device.journal.get(ORDER_RECORD) if device.state == PROVISIONED else None
        if device.days is not None:
            device.days.advance()
        if current_order is None or current_order[STATUS] != ACTIVE:
            await asyncio.sleep(0.2)
            continue
        try:
            await _try_order(device, current_order)
            retry_ms = _MIN_RETRY_MS
        except Exception as error:
            # the boundary towards another machine: a fault of the peer, the link or a full flash may be temporary, and
            # the journal has every promise
            if device.trade_fault is None:  # the order proceeded since the last failure
                retry_ms = _MIN_RETRY_MS
            device.trade_fault = rpc.error_code(error)
            notes.trace("trade: again in %d ms" % retry_ms, error)
            await asyncio.sleep(retry_ms / 1000)
            retry_ms = min(retry_ms * 2, _MAX_RETRY_MS)


async def _try_order(device: "Device", order: "Record") -> None:
    try:
        rollback.check(device.journal)
        if DIGEST in order:  # ends an order whose seller never returns
            terms = channel.terms(device.payer.record(order[DIGEST])[channel.OPEN])
            terms.check_open(device.now(), device.protection()[LEAST_LEFT])
            if is_waiting(device, order):  # the funding comes over a command link
                await asyncio.sleep(_MIN_RETRY_MS / 1000)
                return
        await run_session(device, order)
    except (PolicyRefused, Expired, StateDamaged) as error:
        finish(device, FAILED, error.code, order[NUMBER])


async def run_session(device: "Device", order: "Record") -> None:
    """Execute the order over one connection, until the order ends or is replaced."""
    link = device.peers.link_to(order[ADDRESS])
    reader, writer = await link.connect(order[ADDRESS])
    try:
        session = Buyer(device, order, rpc.Client(reader, writer))
        close_code = await session.agree()
        device.trade_fault = None
        if close_code is None:
            try:
                while device.journal.get(ORDER_RECORD) == session.order and not await session.step():
                    await asyncio.sleep(order.get(PAUSE_MS, DEFAULT_PAUSE_MS) / 1000)
            except (PolicyRefused, Expired) as error:
                finish(device, FAILED, error.code, order[NUMBER])  # before `close`, which waits for the peer
            await session.close()
        if session.is_spent() or close_code is None:
            finish(device, DONE, None, order[NUMBER])
        else:
            finish(device, FAILED, close_code, order[NUMBER])
    finally:
        await link.disconnect(writer)
