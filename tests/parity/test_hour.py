"""Trades by ticks from the devices' own code to the ledger: what they cost, and settlement by the meter's count."""

import itertools

from seal import channel, labels, messages, voucher
from seal.service import Service
from sealwright.operate.promises import Promises
from sealwright.wire.messages import parse_message
from trades import PRICE

from tests.parity.hour import Hour

UNITS = 300  # of 3,600: `make hour` trades them all
TICKS = 64


def test_hour_of_ticks_is_settled_to_the_unit_and_spares_flash_and_link(tmp_path):
    hour = Hour(UNITS, TICKS)
    counts = hour.trade(UNITS, until_spent=True)
    assert counts.units == UNITS
    steps = -(-UNITS // TICKS)
    assert counts.vouchers <= steps + 1
    assert UNITS - 2 * steps <= counts.ticks <= UNITS + 5, "one request a unit"
    assert counts.tick_bytes <= 75 * counts.ticks
    assert counts.bytes <= 75 * counts.ticks + 1600 * (steps + 1) + 2000
    buyer, seller = counts.writes
    assert buyer <= steps + 4 and seller <= 2 * steps + 4, "the voucher, and the seller's reading beside it"
    assert counts.signatures[0] <= steps + 2 and counts.signatures[1] <= 2 * steps + 3
    for number, devices in enumerate(((hour.buying, hour.selling), (hour.selling,))):
        ledger = hour.ledger(tmp_path / f"{number}.db")
        assert hour.settled(ledger, hour.bundle(*devices)) == ([], UNITS * PRICE)


def broken_off():
    """A trade whose buyer is gone in the middle of its second chain."""
    hour = Hour(1000, 8)
    hour.trade(14)
    paid = hour.buying.payer.paid(hour.session._terms.digest)
    assert hour.counts.vouchers == 2 and paid > hour.buying.payer.records()[0][1][channel.AMOUNT]
    return hour, paid


def test_sellers_bundle_alone_pays_ticks_of_last_voucher_in_every_order(tmp_path):
    hour, paid = broken_off()
    sellers = hour.bundle(hour.selling)
    ledger = hour.ledger(tmp_path / "together.db")
    assert hour.settled(ledger, sellers) == ([], paid)
    assert hour.settled(ledger, sellers) == ([], paid), "again: nothing more"
    promises = Promises()
    for raw in sellers:
        promises.note(parse_message(raw))
    assert promises.promised(hour.session._terms.digest) == paid
    (record,) = [record for _, record in hour.selling.payee.records()]
    opened, best, receipt = Service(hour.selling).channels(0)[2]
    early = hour.selling.signer.sign(
        labels.RECEIPT,
        voucher.receipt_payload(parse_best(record), [1, hour.buying.payer.chain(hour.session._terms.digest).reveal(1)]),
    )[0]
    close = hour.selling.payee.close(hour.session._terms.digest, hour.selling.board.clock.now())
    others = [raw for raw in sellers if raw not in (best, receipt)]
    parts = {"voucher": best, "receipt": receipt, "early": early, "close": close}
    for number, order in enumerate(list(itertools.permutations(parts))[::5]):
        ledger = hour.ledger(tmp_path / f"{number}.db")
        hour.settled(ledger, others)
        for name in order:  # each in a bundle of its own; what rests on the voucher waits for it, and comes again
            hour.settled(ledger, [parts[name]])
        for name in order:
            bad, held = hour.settled(ledger, [parts[name]])
            assert bad == [], (order, name)
        assert held == paid, order


def parse_best(record):
    return messages.parse(record[channel.VOUCHER], labels.VOUCHER)


def test_receipts_with_false_ticks_pay_nothing(tmp_path):
    hour, paid = broken_off()
    (record,) = [record for _, record in hour.selling.payee.records()]
    best, chain = parse_best(record), hour.buying.payer.chain(hour.session._terms.digest)
    tick = hour.selling.payee.best_tick(hour.session._terms.digest)
    wrong = (
        [tick[0] + 1, tick[1]],
        [tick[0], bytes(32)],
        [9, chain.reveal(8)],
        [2**63, tick[1]],
    )
    ledger = hour.ledger(tmp_path / "ledger.db")
    first = [raw for raw in hour.bundle(hour.selling) if parse_message(raw).type != "receipt"]
    _, held = hour.settled(ledger, first)
    assert held == best.payload[voucher.AMOUNT] < paid
    for false in wrong:
        raw, _ = hour.selling.signer.sign(labels.RECEIPT, voucher.receipt_payload(best, false))
        ((code, _),), now = hour.settled(ledger, [raw])
        assert code == "bad_tick" and now == held, false
    mine, _ = hour.buying.signer.sign(labels.RECEIPT, voucher.receipt_payload(best, tick))
    ((code, _),), now = hour.settled(ledger, [mine])
    assert code == "not_a_party" and now == held
