"""What must hold for any bytes, one function each: for `guided`, and for the inputs that it found. Each raises
AssertionError, or whatever the device's code should not have raised."""

from rig import Issuer, policy, provisioned
from seal import cbor, link, rpc
from seal.compat import crc32
from seal.errors import SealError
from seal.seller import Seller
from seal.service import Service

SLOW = (rpc.SELFTEST, rpc.BENCH)
_DEVICE = []


def decode(data):
    """One encoding for each value, and no error without a code."""
    try:
        value = cbor.decode(data)
    except SealError:
        return
    assert cbor.encode(value) == data


def frames(data):
    """A reader takes any bytes in any pieces; a frame whose CRC holds comes out as what it was, or not at all."""
    reader = link.FrameReader()
    size = data[0] + 1 if data else 1
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
    frame = link.cobs_encode(data + crc32(data).to_bytes(4, "big"))
    reader.feed(b"\x00")
    for identifier, kind, item in reader.feed(bytes(frame) + b"\x00"):
        packed = cbor.encode([link.VERSION, identifier, kind]) + cbor.encode(item)
        assert packed == data, "another frame than was sent"


def requests(data):
    """Any request is answered or refused by a code of its own, and changes nothing."""
    if not data or data[0] in SLOW:
        return
    if not _DEVICE:
        device = provisioned(Issuer(), policy())
        handlers = Service(device).handlers()
        handlers.update(Seller(device).handlers())
        _DEVICE.extend([device, handlers, dict(device.board.store.files)])
    device, handlers, before = _DEVICE
    try:
        item = cbor.decode(data[1:])
    except SealError:
        return
    reply, result = rpc.answer(handlers, data[0], item)
    assert reply == rpc.REPLY or result != [rpc.INTERNAL], (data, result)
    link.pack(1, reply, result)
    files = {name: content for name, content in device.board.store.files.items() if name != "j-noise"}
    assert files == {name: before[name] for name in files}, "a request changed the state"


TARGETS = {"cbor": decode, "link": frames, "rpc": requests}
