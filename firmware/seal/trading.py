"""Executes the owner's order over a peer link, and resumes after every interruption.

An active order is in the journal (see `order`), so a reset or a broken link only costs a new connection. A limit of the
policy or of the order ends the order with the limit's code. So does what the proven seller answers TRIES times in a row
and what no later try can change; from somebody who has not proved to be the seller nothing ends an order.
"""

import asyncio

from . import channel, notes, rollback, rpc
from .device import PROVISIONED
from .buyer import Buyer
from .compat import const, make_room, tidy_heap
from .errors import Expired, PolicyRefused, SealError, StateDamaged, WrongOffer
from .order import (
    ACTIVE,
    ADDRESS,
    DEFAULT_PAUSE_MS,
    DIGEST,
    DONE,
    FAILED,
    NUMBER,
    PAUSE_MS,
    STATUS,
    finish,
    is_standing,
    is_waiting,
)
from .protection import LEAST_LEFT
from .records import ORDER_RECORD, PAYER_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .device import Device
    from .ports import Record

TRIES = const(6)  # about 16 s
# As the seller's answer: malformed, wrong_type, not_a_party, wrong_network, unsupported, revoked, no_meter. A malformed
# reply itself may be noise
_PERMANENT = (1, 3, 15, 21, 23, 26, 30)
_MIN_RETRY_MS = const(250)
_MAX_RETRY_MS = const(8000)


async def run(device: "Device") -> None:
    """Execute orders for ever."""
    retry_ms, last_failure = _MIN_RETRY_MS, None
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
            tidy_heap()
        except Exception as error:
            # the boundary towards another machine: a fault of the peer, the link or a full flash may be temporary, and
            # the journal has every promise
            failure = current_order[NUMBER], rpc.error_code(error), _promised(device)
            if failure != last_failure:  # else the order has not proceeded, though a peer may have answered
                retry_ms = _MIN_RETRY_MS
            last_failure, device.trade_fault = failure, failure[1]
            device.is_fault_by_seller = isinstance(error, rpc.PeerError)
            if isinstance(error, MemoryError):
                device.rest.lack_memory()
            notes.trace("trade: again in %d ms" % retry_ms, error)
            await asyncio.sleep(retry_ms / 1000)
            retry_ms = min(retry_ms * 2, _MAX_RETRY_MS)


def _promised(device: "Device") -> int:
    """What the device has promised for its order."""
    order = device.journal.get(ORDER_RECORD)
    digest = order and order.get(DIGEST)
    record = digest and channel.find_record(device.journal, PAYER_ROLE, digest)
    return device.payer.paid(digest) if record else 0


_loaded: "list[Any]" = []  # the module `shopping`, once it is needed


def _shopping() -> "Any":
    if not _loaded:
        make_room()
        from . import shopping  # heap, for the devices that have a standing order

        _loaded.append(shopping)
    return _loaded[0]


async def _try_order(device: "Device", order: "Record") -> None:
    try:
        rollback.check(device.journal)
        if is_standing(order):
            shopping = _shopping()
            await shopping.attend(device, order)
            return
        if DIGEST in order:  # ends an order whose seller never returns
            terms = channel.terms(device.payer.record(order[DIGEST])[channel.OPEN])
            terms.check_open(device.now(), device.protection()[LEAST_LEFT])
            if is_waiting(device, order):  # the funding comes over a command link
                await asyncio.sleep(_MIN_RETRY_MS / 1000)
                return
        await run_session(device, order)
    except (PolicyRefused, Expired, StateDamaged) as error:
        finish(device, FAILED, error.code, order[NUMBER])


def _is_permanent(device: "Device", order: "Record", error: SealError) -> bool:
    """Whether this is the last of TRIES failures in a row that no later try can change."""
    record = DIGEST in order and channel.find_record(device.journal, PAYER_ROLE, order[DIGEST])
    place = (order[NUMBER], record[channel.SEQ] if record else 0, error.code)
    before, tries = device.trade_tries
    device.trade_tries = (place, tries + 1 if place == before else 1)
    is_permanent = isinstance(error, WrongOffer) or (isinstance(error, rpc.PeerError) and error.code in _PERMANENT)
    return is_permanent and device.trade_tries[1] >= TRIES


async def run_session(device: "Device", order: "Record") -> None:
    """Execute the order over one connection, until the order ends or is replaced."""
    link = device.peers.link_to(order[ADDRESS])
    reader, writer = await link.connect(order[ADDRESS])
    session = Buyer(device, order, rpc.Client(reader, writer))
    try:
        close_code = await session.agree()
        device.trade_fault = None
        if close_code is None:
            try:
                while device.journal.get(ORDER_RECORD) == session.order and not await session.step():
                    device.rest.has_memory()
                    await asyncio.sleep(order.get(PAUSE_MS, DEFAULT_PAUSE_MS) / 1000)
            except (PolicyRefused, Expired) as error:
                finish(device, FAILED, error.code, order[NUMBER])  # before `close`, which waits for the peer
            await session.close()
        if session.is_spent() or close_code is None:
            finish(device, DONE, None, order[NUMBER])
        else:
            finish(device, FAILED, close_code, order[NUMBER], is_by_seller=True)
    except SealError as error:
        if not session.is_seller_proven or not _is_permanent(device, session.order, error):
            raise
        finish(device, FAILED, error.code, order[NUMBER], is_by_seller=isinstance(error, rpc.PeerError))
    finally:
        await link.disconnect(writer)
