"""The request about the chip that keeps the keys. Loaded when it is asked for, to spare the heap."""

from . import compat, messages
from .device import BLANK, KEYED, PROVISIONED
from .errors import Malformed, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Item


def answer(device: "Device", wanted: "Item") -> "Item":
    """None -> what the chip that keeps the keys holds, see schema/rpc.cddl; a nonce -> what it says of the device key,
    signed by it; the 128 bytes that it would be locked with -> true, once it is, for ever. Raises Unsupported without
    such a chip."""
    keystore = device.board.keystore
    if not hasattr(keystore, "report"):
        raise Unsupported("no chip keeps the keys here")
    if wanted is None:
        return keystore.report()
    if messages.hash32(wanted):
        device.require_state(KEYED, PROVISIONED)
        compat.make_room()
        return keystore.attest(wanted)  # type: ignore[attr-defined]  # who reports can attest
    device.require_state(BLANK)
    if not isinstance(wanted, bytes):
        raise Malformed("a configuration is bytes")
    keystore.lock(wanted)  # type: ignore[attr-defined]  # who reports can be locked
    return True
