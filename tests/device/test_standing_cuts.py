"""A standing order with a power cut at every write of the buyer: the budget holds over two sellers."""

import asyncio
import gc

from market_rig import Net, order_of, shop
from rig import Issuer, PowerCut, policy, restarted
from seal import channel, shopping, standing_order

BUDGET = 30
MADE = []


def made():
    """A buyer with an order and two sellers, made once."""
    if not MADE:
        net = Net(Issuer())
        sellers = [net.seller(name, price) for name, price in (("cheap", 2), ("dear", 3))]
        MADE.append((net.issuer, sellers, net.buyer(budget=BUDGET, spending=policy())))
    return MADE[0]


def gained(sellers):
    found = 0
    for seller in sellers:
        found += sum([seller.payee.paid(record[channel.DIGEST]) for _, record in seller.payee.records()])
    return found


def trade_with_cut(cut, late):
    """Whether the cut came. The cheap seller dies on the way."""
    issuer, sellers, buyer = made()
    net = Net(issuer)
    sellers = [net.join(restarted(seller), name) for seller, name in zip(sellers, ("cheap", "dear"))]
    buyer = net.restart(buyer, "buyer")
    buyer.board.store.cut_after(cut, late)
    cuts = []

    def meter():
        for seller in sellers:
            seller.board.meter.joules += 2
        if gained(sellers[:1]) >= BUDGET // 2:
            net.dead = ["net:cheap"]
        if net.dead:
            net.devices["net:buyer"].peers.market().tries = shopping.TRIES - 1
        assert gained(sellers) <= standing_order.spent(buyer, order_of(buyer)) <= BUDGET

    for _ in range(3):
        try:
            asyncio.run(shop(net, [buyer], lambda: order_of(buyer)[8] == 1, meter))
            break
        except PowerCut:
            cuts.append(cut)
            buyer = net.restart(buyer, "buyer")
    digests = [record[channel.DIGEST] for _, record in buyer.payer.records()]
    promised = {channel.terms(buyer.payer.record(one)[1]).payee: buyer.payer.committed(one) for one in digests}
    cheap, dear = [promised.get(seller.device_id, 0) for seller in sellers]
    spent = standing_order.spent(buyer, order_of(buyer))
    assert cheap + dear == spent and BUDGET - 3 < spent <= BUDGET, (cut, late, promised)
    assert (gained(sellers[:1]) <= cheap) and gained(sellers[1:]) == dear, "what died may lack the last voucher"
    return bool(cuts)


def test_budget_holds_at_a_cut_at_every_write():
    for late in (False, True):
        cut = 1
        while trade_with_cut(cut, late):
            cut += 7  # a sample: every seventh write, before and after
            gc.collect()
        assert cut > 20, cut
