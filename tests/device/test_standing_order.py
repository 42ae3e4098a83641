"""A standing order: the cheapest seller that may be trusted, a budget over all of them, periods, resets and liars."""

import asyncio

from check import raises
from market_rig import Net, order_of, shop
from rig import Issuer, pass_time, policy
from seal import channel, market, shopping, standing_order
from seal.errors import Malformed, NoMemory, Refused
from seal.owner import Owner


def count(*devices):
    """Every meter goes on."""

    def meter():
        for device in devices:
            device.board.meter.joules += 7

    return meter


def run(coroutine):
    asyncio.run(coroutine)


def gained(device):
    """What a seller was paid: its best vouchers, and the ticks revealed since."""
    return sum([device.payee.paid(record[channel.DIGEST]) for _, record in device.payee.records()])


def test_cheapest_seller_is_paid_up_to_the_budget():
    net = Net(Issuer())
    dear, cheap = net.seller("dear", 5), net.seller("cheap", 3)
    buyer = net.buyer(budget=100)
    run(shop(net, [buyer], lambda: order_of(buyer)[8] == 1, count(dear, cheap)))
    assert (gained(cheap), gained(dear)) == (100, 0)
    assert standing_order.spent(buyer, order_of(buyer)) == 100
    chosen = [code for _, seller, code in buyer.peers.market().choices if seller == cheap.device_id]
    assert chosen == [standing_order.CHOSEN]


def test_dead_seller_is_left_and_the_budget_is_over_all():
    net = Net(Issuer())
    dear, cheap = net.seller("dear", 5), net.seller("cheap", 3)
    buyer = net.buyer(budget=200)

    def meter():
        count(dear, cheap)()
        if gained(cheap) > 50 and not net.dead:
            net.dead.append("net:cheap")
        if net.dead:
            buyer.peers.market().tries = 5  # the last try is next

    run(shop(net, [buyer], lambda: order_of(buyer)[8] == 1, meter))
    paid = gained(cheap)
    assert 50 < paid < 200 and gained(dear) == 200 - paid
    assert [24] == [code for _, seller, code in buyer.peers.market().choices if seller == cheap.device_id and code]
    closes = [record for _, record in buyer.payer.records() if channel.CLOSE in record]
    assert len(closes) == 2, "the channel with the dead seller is closed by its payer"


def test_seller_out_of_policy_or_not_named_is_not_asked():
    net = Net(Issuer())
    named, other, forbidden = net.seller("named", 4), net.seller("other", 2), net.seller("forbidden", 1)
    spending = policy(payees=[named.device_id, other.device_id])
    buyer = net.buyer(spending=spending, budget=50, sellers=[named.device_id, forbidden.device_id])
    table = buyer.peers.market().table

    async def main():
        await shop(net, [], lambda: len(table.seen) == 3)  # all are heard before one is chosen
        await shop(net, [buyer], lambda: gained(named) > 0, count(named, other, forbidden))

    run(main())
    codes = {row[0]: row[8] for row in buyer.peers.market().show()[0]}
    assert codes == {named.device_id: 0, other.device_id: standing_order.NOT_NAMED, forbidden.device_id: 42}
    assert set(net.connects) == {"net:named"}


def test_meter_that_counts_too_fast_bars_its_seller():
    net = Net(Issuer())
    liar, honest = net.seller("liar", 1), net.seller("honest", 2)
    buyer = net.buyer(budget=3000, rate=50)

    def meter():
        honest.board.meter.joules += 1
        liar.board.meter.joules += 100000

    run(shop(net, [buyer], lambda: gained(honest) > 2, meter))
    assert order_of(buyer)[standing_order.BARRED] == [[liar.device_id, 49]]
    again = net.restart(buyer, "buyer")
    run(shop(net, [again], lambda: gained(honest) > 6, meter))
    assert order_of(again)[standing_order.BARRED] == [[liar.device_id, 49]]
    assert standing_order.spent(again, order_of(again)) >= gained(honest) + gained(liar)


def test_dearer_hello_than_announced_is_a_lie():
    net = Net(Issuer())
    liar, honest = net.seller("liar", 2), net.seller("honest", 5)
    buyer = net.buyer(budget=60)

    async def main():
        await shop(net, [], lambda: len(buyer.peers.market().table.seen) == 2)
        net.offer(liar, 9)  # within the buyer's limit
        await shop(net, [buyer], lambda: order_of(buyer)[8] == 1, count(liar, honest))

    run(main())
    assert (gained(liar), gained(honest)) == (0, 60)
    assert [code for _, seller, code in buyer.peers.market().choices if seller == liar.device_id] == [0, 48]


def test_offer_in_the_name_of_another_costs_it_nothing():
    net = Net(Issuer())
    victim = net.seller("victim", 5)
    thief = net.seller("thief", 1)
    buyer = net.buyer(budget=60, sellers=[victim.device_id])
    from seal import cose, labels

    now = buyer.now() + 100
    claims = {1: victim.device_id, 2: "J", 3: 5, 4: "nEUR", 5: now + 600, 6: now, 7: "net:thief"}
    forged = cose.Signer(thief.board.keystore, 0, victim.device_id[:8])

    async def main():
        await shop(net, [], lambda: len(buyer.peers.market().table.seen) == 2)
        for address in ("net:thief", "net:victim"):
            claims[7] = address
            raw = forged.sign(labels.OFFER, dict(claims))[0]
            buyer.peers.market().table.hear(raw, None, "thief", buyer.now())
        victim.board.clock.unix += 200
        buyer.board.clock.unix += 200
        victim.peers.market()._stands[0].raw = None
        await shop(net, [buyer], lambda: order_of(buyer)[8] == 1, count(victim), 400)

    run(main())
    assert (gained(victim), gained(thief)) == (60, 0)


def test_budget_of_a_period_and_the_next():
    net = Net(Issuer())
    seller = net.seller("seller", 1)
    buyer = net.buyer(budget=50, every=3600)

    async def main():
        await shop(net, [buyer], lambda: gained(seller) == 50, count(seller))
        for _ in range(5):
            buyer.board.clock.unix += 3600  # a clock alone gives no other budget: the device was not up so long
            await shop(net, [buyer], lambda: True, count(seller))
            await asyncio.sleep(0.1)
        assert gained(seller) == 50
        pass_time(buyer, 3700)
        seller.board.clock.unix = buyer.board.clock.unix
        await shop(net, [buyer], lambda: gained(seller) == 100, count(seller))

    run(main())
    assert len(seller.payee.records()) == 1, "one channel lasts for several periods"
    assert order_of(buyer)[8] == 0


def test_readings_stop_where_the_budget_is_below_a_price():
    net = Net(Issuer())
    seller = net.seller("seller", 30, unit="reading")
    buyer = net.buyer(budget=100, unit="reading", limit=30)
    run(shop(net, [buyer], lambda: order_of(buyer)[8] == 1))
    assert gained(seller) == 90


def test_one_order_at_a_time():
    net = Net(Issuer())
    buyer = net.buyer(budget=100)
    trade = {1: "net:x", 3: "nEUR", 4: "J", 5: 10}
    raises(Refused, Owner(buyer).command, net.issuer.command(buyer, "trade", trade))
    raises(Refused, net.order, buyer)
    Owner(buyer).command(net.issuer.command(buyer, "stop"))
    raises(Malformed, net.order, buyer, every=59)
    net.order(buyer)


def test_owner_stops_it_at_once():
    net = Net(Issuer())
    seller = net.seller("seller", 1)
    buyer = net.buyer(budget=500)

    async def main():
        await shop(net, [buyer], lambda: gained(seller) > 20, count(seller))
        Owner(buyer).command(net.issuer.command(buyer, "stop"))
        paid = gained(seller)
        await shop(net, [buyer], lambda: True, count(seller))
        await asyncio.sleep(0.3)
        assert gained(seller) == paid

    run(main())
    assert order_of(buyer)[8] == 2


def test_paused_device_waits_and_leaves_nobody():
    net = Net(Issuer())
    seller = net.seller("seller", 1)
    buyer = net.buyer(budget=50)
    Owner(buyer).command(net.issuer.command(buyer, "pause"))

    async def main():
        await shop(net, [buyer], lambda: buyer.peers.market().table.seen, count(seller))
        await asyncio.sleep(0.2)
        assert not net.connects
        Owner(buyer).command(net.issuer.command(buyer, "resume"))
        await shop(net, [buyer], lambda: order_of(buyer)[8] == 1, count(seller))

    run(main())
    assert gained(seller) == 50


def test_buyer_whose_heap_is_short_keeps_its_seller():
    net = Net(Issuer())
    seller = net.seller("seller", 1)
    buyer = net.buyer(budget=50)
    agree, tries = shopping.OrderBuyer.agree, []

    async def short(self):
        tries.append(1)
        if len(tries) < 9:
            raise MemoryError
        return await agree(self)

    shopping.OrderBuyer.agree = short
    try:
        run(shop(net, [buyer], lambda: order_of(buyer)[8] == 1, count(seller)))
    finally:
        shopping.OrderBuyer.agree = agree
    choices = [entry[1:] for entry in buyer.peers.market().choices]
    assert gained(seller) == 50 and [None, NoMemory.code] in choices
    assert [code for party, code in choices if party == seller.device_id and code != standing_order.CHOSEN] == []


def test_market_request_explains_what_a_device_sees():
    net = Net(Issuer())
    seller, other = net.seller("seller", 1), net.seller("other", 12)
    buyer = net.buyer(budget=5000)

    async def main():
        await shop(net, [buyer], lambda: gained(seller) > 10, count(seller))

    run(main())
    rows, choices = buyer.peers.market().show()
    found = {row[0]: row for row in rows}
    assert found[seller.device_id][1:5] == ["nEUR", "J", 1, "net:seller"]
    assert found[seller.device_id][7:] == [True, 0] and found[other.device_id][7:] == [False, 48]
    assert [entry[1:] for entry in choices] == [[seller.device_id, 0]]
    assert market.OFFER == 5
