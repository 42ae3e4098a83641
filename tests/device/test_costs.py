"""What one request may cost the device: messages parsed and bytes read from flash, whatever the log holds."""

from rig import RamStore
from seal import channel, cose, messages, p256, rpc, voucher
from seal.errors import SealError
from seal.seller import Seller
from seal.service import Service
from trades import connect, pair, run

READINGS = 70  # five segments and more
MOST_PARSES = 12
MOST_BYTES = 3 * 4096


class CountingStore(RamStore):
    """Counts bytes read."""

    read_bytes = 0

    def read(self, name):
        data = super().read(name)
        self.read_bytes += len(data or b"")
        return data


class Costs:
    """Counts what a device does, from `begin` on."""

    def __init__(self, device):
        self._device = device
        self._store = CountingStore(device.board.store.files)
        device.log._store = device.journal._store = device.board.store = self._store
        self._parse = cose.parse
        self.parses = 0

    def _count(self, *arguments):
        self.parses += 1
        return self._parse(*arguments)

    def of(self, call, *arguments):
        """(parses, bytes read) of a call, refused or not."""
        self.parses = self._store.read_bytes = 0
        cose.parse = self._count
        try:
            call(*arguments)
        except SealError:
            pass
        finally:
            cose.parse = self._parse
        return self.parses, self._store.read_bytes


def full_log(selling):
    while selling.log.seq < READINGS:
        selling.log.append(selling.board.meter.read())
    assert len(selling.log.segments()) >= 5


def worst_requests(selling, seller, digest, payer):
    """(name, handler, item) of requests that look far."""
    service = Service(selling).handlers()
    peer = seller.handlers()
    signed = payer.signer.sign
    for item in (bytes(32), None):
        claims = voucher.payload(digest, 0, 900, 9, item)
        raw = signed(messages.labels.VOUCHER, claims)[0]
        yield "pay for goods never billed", peer[rpc.PAY], raw
        yield "pay by a bad signature", peer[rpc.PAY], raw[:-1] + bytes([raw[-1] ^ 1])
    yield "bill", peer[rpc.BILL], None
    for first in (0, READINGS // 2, READINGS - 1, 1 << 63):
        yield "readings", service[rpc.READINGS], [first, 8]
    yield "channels", service[rpc.CHANNELS], 0
    yield "info", service[rpc.INFO], bytes(32)


def test_no_request_costs_more_with_a_full_log():
    _, buying, selling = pair("reading", budget=30)
    session, seller = connect(buying, selling)
    run(session.step())
    full_log(selling)
    costs = Costs(selling)
    digest = buying.payer.records()[0][1][channel.DIGEST]
    for name, handler, item in worst_requests(selling, seller, digest, buying):
        parses, read = costs.of(handler, item)
        assert parses <= MOST_PARSES and read <= MOST_BYTES, (name, parses, read)


def test_signature_is_checked_before_anything_is_looked_up():
    _, buying, selling = pair("reading", budget=30)
    session, seller = connect(buying, selling)
    run(session.step())
    full_log(selling)
    costs = Costs(selling)
    digest = buying.payer.records()[0][1][channel.DIGEST]
    raw, _ = buying.signer.sign(messages.labels.VOUCHER, voucher.payload(digest, 0, 900, 9, bytes(32)))
    stranger = raw[:-1] + bytes([raw[-1] ^ 1])
    assert costs.of(seller.pay, stranger) == (1, 0)  # the voucher; the best one before it is kept parsed


def test_goods_billed_long_ago_are_found_by_their_number():
    _, buying, selling = pair("reading", budget=30)
    session, seller = connect(buying, selling)
    run(session.step())
    billed, due, _ = seller.bill(None)
    full_log(selling)
    digest = buying.payer.records()[0][1][channel.DIGEST]
    raw, _ = buying.signer.sign(messages.labels.VOUCHER, voucher.payload(digest, 0, 900, due, billed))
    _, goods = seller.pay(raw)
    assert cose.digest_of(goods) == billed
    assert selling.log.find(billed) is None, "it is not among the newest"


def test_digest_by_slices_is_that_of_the_parser():
    _, _, selling = pair()
    raw, digest = selling.log.append(selling.board.meter.read())
    assert cose.digest_of(raw) == digest == cose.parse(raw).digest
    for wrong in (b"", raw[:-1], raw + b"\x00", b"\xd2\x84\x58", b"\xd2\x84\x40\xa0\x58", b"\x00" + raw[1:]):
        assert cose.digest_of(wrong) is None


def test_a_pause_comes_before_each_signature_that_a_hello_has_checked():
    _, buying, selling = pair("reading", budget=30)
    checked, verify = [], p256.verify

    def counting(*arguments):
        checked.append(arguments[0])
        return verify(*arguments)

    def hello():
        """Signatures checked in each step of a hello, with those that its reply's own signature needs left out."""
        steps, counts = Seller(selling).hello([bytes(32), buying.chain]), []
        p256.verify = counting
        try:
            while True:
                before = len(checked)
                next(steps)
                counts.append(len(checked) - before)
        except StopIteration:
            counts.append(len(checked) - before)
        finally:
            p256.verify = verify
        return counts

    first = hello()
    assert first[0] == 0 and sum(first) == 1, "the root is the device's own: checked when it was loaded"
    assert sum(hello()) == 0, "the same bytes need no second check"
