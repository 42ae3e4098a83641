"""What a device says of its order, for `info`."""

from . import channel, order
from .channel import SEQ
from .records import ORDER_RECORD, PAYER_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Item, Record


def fields(device: "Device") -> "dict[str, Item]":
    """By name, for `info`."""
    current_order = device.journal.get(ORDER_RECORD)
    return {
        "order": _summary(device, current_order),
        "fault_by_seller": bool(current_order and current_order.get(order.IS_BY_SELLER, device.is_fault_by_seller)),
        "buying": order.goods(current_order),
        "ticks": _ticks(device, current_order),
    }


def _summary(device: "Device", current_order: "Record | None") -> "list[Item] | None":
    """[status, error code or None, progress] of the order, or None without one."""
    if not current_order:
        return None
    status = order.WAITING if order.is_waiting(device, current_order) else current_order[order.STATUS]
    return [status, current_order.get(order.CODE), _progress(device, current_order)]


def _progress(device: "Device", current_order: "Record") -> list[int] | None:
    """[seq, amount paid] of the order's channel, or None before there is one; of a standing order what it has
    promised to all sellers."""
    digest = current_order.get(order.DIGEST)
    record = digest and channel.find_record(device.journal, PAYER_ROLE, digest)
    if order.TOTAL in current_order:
        from . import standing_order

        return [record[SEQ] if record else 0, standing_order.spent(device, current_order)]
    return [record[SEQ], device.payer.paid(digest)] if record else None


def _ticks(device: "Device", current_order: "Record | None") -> list[int] | None:
    """[revealed, count] of the chain that the order pays by, or None."""
    digest = current_order and current_order.get(order.DIGEST)
    chain = digest and device.payer.chain(digest)
    return [chain.revealed, chain.count] if chain else None
