"""Carries out the standing order: chooses a seller, buys from it, and moves to another when it fails.

The cheapest offer wins that the order and the owner's policy allow; at one price, a seller with which the order has a
channel. A seller keeps the order until the channel, the budget or the period is used up, or until it fails: TRIES
times in a row once there is a channel, the first time before. What fails is left alone for a while, longer each time;
a seller whose meter counts too fast is barred for as long as the order lasts. What the device's own owner forbids fails
nobody: the order waits.
"""

import asyncio

from . import billing, channel, notes, order as orders, policy, rpc, standing_order
from .compat import const, ticks_diff, ticks_ms
from .errors import BadSignature, Expired, OverCapacity, Refused, SealError, StateDamaged, Unfunded
from .order import ADDRESS, BUDGET, DEFAULT_PAUSE_MS, DIGEST, DONE, EVERY, FAILED, LIMIT, MAX_PRICE, NUMBER, PAUSE_MS
from .order import PAYEE, finish
from .order_buyer import OrderBuyer
from .records import ORDER_RECORD
from .standing_order import CHOSEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .market import Market
    from .sightings import Seen
    from .ports import Record

TRIES = const(6)
_MIN_RETRY_MS = const(250)
_MAX_RETRY_MS = const(8000)
_WAIT_SECONDS = 0.5
_FUNDING_MS = const(600000)  # that a seller is waited for with, for the ledger's funding
_OWN_LIMITS = (
    policy.OVER_DAY,
    policy.NEEDS_BUTTON,
    policy.ENDED,
    policy.PAUSED,
    policy.NO_ASSET,
    policy.CLOCK_UNSET,
)
# As a seller's answer: no later try with this channel can change it, or the seller serves somebody else
_AT_ONCE = (1, 3, Refused.code, 15, 21, 23, 26, 30, 31)


async def attend(device: "Device", order: "Record") -> None:
    """Proceed with the order by one session, or wait a moment. Raises StateDamaged."""
    market = device.peers.market()
    order = standing_order.roll(device, order)
    if PAYEE in order and DIGEST not in order:  # a power cut came before the channel
        order = standing_order.leave(device, order)
    if DIGEST in order:
        await _resume(device, market, order)
        return
    seen = _choose(device, market, order)
    if seen is not None:
        await _begin(device, market, order, seen)
    elif EVERY not in order and _is_used_up(device, market, order):
        _end(device, order)
    else:
        market.ask()
        await asyncio.sleep(_WAIT_SECONDS)


def _is_used_up(device: "Device", market: "Market", order: "Record") -> bool:
    """Whether nothing but the budget keeps the order from a seller."""
    if standing_order.left(device, order) < 1:
        return True
    codes = [standing_order.why_not(device, order, seen) for seen in market.table.seen]
    return standing_order.spent(device, order) > 0 and OverCapacity.code in codes and CHOSEN not in codes


def _end(device: "Device", order: "Record") -> None:
    """Close the order's channels that are still open, as their payer, and end it."""
    for digest in standing_order.channels(order):
        if channel.CLOSE not in device.payer.record(digest):
            device.payer.close(digest, device.board.clock.now())
    finish(device, DONE, None, order[NUMBER])


def _choose(device: "Device", market: "Market", order: "Record") -> "Seen | None":
    """The offer to take, or None. Tells people why, once for each answer."""
    market.table.expire(device.now())
    best, best_rank, others = None, (), []
    for seen in market.table.seen:
        code = standing_order.why_not(device, order, seen)
        if code != CHOSEN:
            others.append((seen, code))
            continue
        terms = standing_order.open_channel(device, order, seen.seller)
        rank = (terms.price if terms else seen.price, terms is None, seen.public is None)
        if best is not None and rank >= best_rank:
            others.append((seen, standing_order.DEARER))
            continue
        if best is not None:
            others.append((best, standing_order.DEARER))
        best, best_rank = seen, rank
    market.explain(best, others)
    return best


async def _begin(device: "Device", market: "Market", order: "Record", seen: "Seen") -> None:
    """Buy from the seller of an offer, in the order's channel with it if there is one."""
    terms = standing_order.open_channel(device, order, seen.seller)
    trial = dict(order)
    trial[ADDRESS], trial[PAYEE] = seen.address, seen.seller
    trial[MAX_PRICE] = min(order[LIMIT], seen.price)
    trial[BUDGET] = standing_order.capacity(device, order)
    if terms is not None:
        trial[DIGEST], trial[BUDGET] = terms.digest, terms.capacity
    market.tries = 0
    await _run(device, market, trial, order, seen)


async def _resume(device: "Device", market: "Market", order: "Record") -> None:
    """Go on with the channel that the order is at, unless it has to wait."""
    terms = channel.terms(device.payer.record(order[DIGEST])[channel.OPEN])
    least = max(1, terms.price) if terms.unit == billing.PIECE else 1
    if EVERY in order and standing_order.left(device, order) < least:
        await asyncio.sleep(_WAIT_SECONDS)  # for the next period
    elif orders.is_waiting(device, order):
        market.waiting = market.waiting or ticks_ms()
        if ticks_diff(ticks_ms(), market.waiting) < _FUNDING_MS:
            await asyncio.sleep(_WAIT_SECONDS)  # the funding comes over a command link
        else:
            _leave(device, market, order, Unfunded.code)
    else:
        market.waiting = None
        await _run(device, market, order, order, market.table.find(order[PAYEE], order[ADDRESS]))


async def _run(device: "Device", market: "Market", order: "Record", base: "Record", seen: "Seen | None") -> None:
    """One connection, and what follows from how it ended."""
    try:
        link = device.peers.link_to(order[ADDRESS])
        reader, writer = await link.connect(order[ADDRESS])
        try:
            await _buy(device, market, OrderBuyer(device, order, rpc.Client(reader, writer), base, seen))
        finally:
            await link.disconnect(writer)
    except StateDamaged:
        raise
    except Exception as error:
        # the boundary towards another machine: its fault, or the link's, must not end the order
        current = device.journal.get(ORDER_RECORD)
        if orders.is_standing(current) and current[NUMBER] == base[NUMBER]:
            await _fail(device, market, current, seen, error)


async def _buy(device: "Device", market: "Market", session: OrderBuyer) -> None:
    code = await session.agree()
    device.trade_fault = None
    seen = market.table.find(session.order[PAYEE], session.order[ADDRESS])
    if seen is not None:
        seen.succeed()
    if code is not None:  # the seller has closed the channel
        market.note(session.order[PAYEE], code)
        standing_order.fold(device, session.order[DIGEST])
        return
    while device.journal.get(ORDER_RECORD) == session.order and not await session.step():
        market.tries = 0
        device.rest.has_memory()
        await asyncio.sleep(session.order.get(PAUSE_MS, DEFAULT_PAUSE_MS) / 1000)
    if device.journal.get(ORDER_RECORD) != session.order:
        return
    is_over = EVERY not in session.order and session.is_budget_spent()
    if is_over or session.is_channel_spent():
        await session.close()
        order = standing_order.fold(device, session.order[DIGEST])
        if is_over:
            _end(device, order)


async def _fail(device: "Device", market: "Market", order: "Record", seen: "Seen | None", error: Exception) -> None:
    """What follows from a failure. order: the journal's record now."""
    code, is_own = rpc.error_code(error), isinstance(error, SealError) and not isinstance(error, rpc.PeerError)
    device.trade_fault, device.is_fault_by_seller = code, isinstance(error, rpc.PeerError)
    notes.trace("order", error)
    if isinstance(error, MemoryError):  # no fault of the seller
        device.rest.lack_memory()
        market.note(None, code)
        await asyncio.sleep(_WAIT_SECONDS)
    elif is_own and code in _OWN_LIMITS:
        market.note(None, code)
        await asyncio.sleep(4 * _WAIT_SECONDS)
    elif is_own and code == policy.OVER_RATE:
        _bar(device, market, order, code)
    elif is_own and isinstance(error, Expired):
        _expire(device, market, order)
    elif DIGEST in order and code == Unfunded.code:
        await asyncio.sleep(_WAIT_SECONDS)
    else:
        market.tries += 1
        is_lost = DIGEST not in order or market.tries >= TRIES or isinstance(error, (policy.Limit, BadSignature))
        if is_lost or (not is_own and code in _AT_ONCE):
            _leave(device, market, order, code, seen)
        else:
            await asyncio.sleep(min(_MIN_RETRY_MS << market.tries, _MAX_RETRY_MS) / 1000)


def _leave(device: "Device", market: "Market", order: "Record", code: int, seen: "Seen | None" = None) -> None:
    """Leave a seller alone for a while."""
    if seen is None and PAYEE in order:
        seen = market.table.find(order[PAYEE], order[ADDRESS])
    if seen is not None:
        if not seen.is_forged():  # it said nothing, somebody else did
            seen.fail(code)
        market.note(seen.seller, code)
    if PAYEE in order:
        standing_order.leave(device, order)
    market.tries, market.waiting = 0, None


def _bar(device: "Device", market: "Market", order: "Record", code: int) -> None:
    market.note(order[PAYEE], code)
    digest = order[DIGEST]
    order = standing_order.leave(device, order, barred=code)
    device.payer.close(digest, device.board.clock.now())
    standing_order.fold(device, digest)


def _expire(device: "Device", market: "Market", order: "Record") -> None:
    """The channel has expired, or one for so few seconds as the order says could not be used at all."""
    market.note(order.get(PAYEE), Expired.code)
    if DIGEST in order:
        standing_order.fold(device, order[DIGEST])
    else:
        finish(device, FAILED, Expired.code, order[NUMBER])
