"""How long an owner waits at most while others send what costs a full board most, on an emulated Pico.

The guest has a log of READINGS readings and a channel. The worst frames of a stranger, a proven peer and a host are
answered step by step, as `rpc.serve` does; between two steps the owner is answered. So the longest wait is that of the
longest step: its decoding, its handler, and its reply.
"""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.pico.bench_trade import Selling
from tests.pico.rows import Row
from tests.pico.whole import ROOT, Whole  # it puts the device's code on the path

from keystore.software import SoftwareKeyStore  # isort: skip
from rig import NOW, RamStore, policy, provisioned  # isort: skip
from seal import buyer, channel, cose, identity, labels, link, rpc, voucher  # isort: skip
from seal.owner import Owner  # isort: skip
from seal.records import ORDER_RECORD  # isort: skip

WAIT = Row("longest wait of an owner, hostile peer", "ms", 300)
READINGS = 120
LARGE = 1000  # bytes: the heap of a board in use rarely has a longer piece, and a longer frame is dropped

STEPS = f"""
REPLY, ERROR = {rpc.REPLY}, {rpc.ERROR}
def raw_frame(kind, item):
    gc.collect()
    body = cbor.encode([{link.VERSION}, 1, kind]) + item
    frame = link.cobs_encode(body + compat.crc32(body).to_bytes(4, "big"))
    frame.append(0)
    return frame
def steps(frame):
    longest = 0
    gc.collect()
    began = time.ticks_us()
    for number, kind, item in link.FrameReader().feed(frame):
        try:
            result = handlers[kind](item)
            if hasattr(result, "send"):
                while True:
                    longest = max(longest, time.ticks_diff(time.ticks_us(), began))
                    began = time.ticks_us()
                    try:
                        next(result)
                    except StopIteration as end:
                        result = end.value
                        break
            kind = REPLY
        except Exception as error:
            kind, result = ERROR, [rpc.error_code(error)]
        frame = link.pack(number, kind, result)
    print(max(longest, time.ticks_diff(time.ticks_us(), began)))
"""


def new_key() -> tuple[SoftwareKeyStore, bytes]:
    """A key of this process, and its public key."""
    keys = SoftwareKeyStore(RamStore(), engine="plain")
    return keys, keys.generate(0, secrets.token_bytes)


def long_chain(issuer: Any) -> list[bytes]:
    """A leaf's certificate, three issuers', and the root: the longest chain that a device checks."""
    middles: list[bytes] = []
    signer, public = issuer.signer, issuer.public
    for depth in (2, 1, 0):
        keys, own = new_key()
        middles.insert(0, issuer.certificate(own, may_issue=depth, issuer=public, signer=signer))
        signer, public = cose.Signer(keys, 0, identity.kid(identity.device_id(own))), own
    return [issuer.certificate(new_key()[1], issuer=public, signer=signer), *middles, issuer.root]


def large(head: bytes, content: str, size: int) -> str:
    """The guest's own expression for a frame with a large item: a script of its size would not fit the guest."""
    return f"raw_frame({rpc.HELLO}, {head + size.to_bytes(2, 'big')!r} + {content})"


def of_strangers(guest: Whole, chain: list[bytes]) -> Iterator[tuple[str, bytes | bytearray | str]]:
    """(what it is, frame or the guest's expression for it) of what anyone may send."""
    size = LARGE
    yield "items", large(b"\x99", f"bytes({size})", size)
    yield "text", large(b"\x79", f"{'é'.encode()!r} * {size // 2}", size)
    yield "zeros", large(b"\x59", f"bytes({size})", size)
    yield "hello by a chain of five", link.pack(1, rpc.HELLO, [bytes(32), long_chain(guest.issuer)])
    yield "hello", link.pack(1, rpc.HELLO, [bytes(32), chain])
    for first in (0, READINGS // 2, READINGS - 8):
        yield "readings", link.pack(1, rpc.READINGS, [first, 8])
    for kind, item in ((rpc.INFO, bytes(32)), (rpc.CHANNELS, 0), (rpc.SELFTEST, None), (rpc.BENCH, 2)):
        yield f"request {kind}", link.pack(1, kind, item)
    command = guest.issuer.command(guest, "offer", ["nEUR", "reading", 3], seq=1)
    yield "command, bad signature", link.pack(1, rpc.COMMAND, changed(command))


def of_a_buyer(buying: Any) -> Iterator[tuple[str, bytearray]]:
    """(what it is, frame) of what a buyer may send in its channel."""
    ((_, record),) = buying.payer.records()
    digest = record[channel.DIGEST]
    for what, item in (("for a far reading", bytes(32)), ("for none", None)):
        raw, _ = buying.signer.sign(labels.VOUCHER, voucher.payload(digest, 0, 900, 900, item))
        yield "payment " + what, link.pack(1, rpc.PAY, raw)
        yield f"payment {what}, bad signature", link.pack(1, rpc.PAY, changed(raw))
    yield "bill", link.pack(1, rpc.BILL, None)
    yield "close", link.pack(1, rpc.CLOSE, digest)


def changed(raw: bytes) -> bytes:
    """A message with its last bit flipped, which is the signature's."""
    return raw[:-1] + bytes([raw[-1] ^ 1])


async def meet(session: buyer.Buyer) -> None:
    """Open a channel and pay once."""
    await session.agree()
    await session.step()


def rows(uf2: Path, board: Path = ROOT / "boards" / "pico") -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    guest = Whole(uf2, board)
    guest.command("offer", ["nEUR", "reading", 3])
    buying = provisioned(guest.issuer, policy())
    wanted = {1: "tcp:127.0.0.1:1", 2: guest.device_id, 3: "nEUR", 4: "reading", 5: 3000, 7: 0}
    Owner(buying).command(guest.issuer.command(buying, "trade", wanted, seq=NOW))
    asyncio.run(meet(buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), Selling(guest))))
    guest.run(f"for _ in range({READINGS}):\n    this.sample()\n    compat.tidy_heap()\n")
    guest.run(STEPS)
    longest = 0.0
    for frames in (of_a_buyer(buying), of_strangers(guest, buying.chain)):  # a hello ends the session
        for name, frame in frames:
            shown = frame if isinstance(frame, str) else repr(bytes(frame))
            spent = guest.number(f"steps({shown})") / 1000
            yield Row("  " + name, "ms"), spent
            longest = max(longest, spent)
    yield WAIT, longest
