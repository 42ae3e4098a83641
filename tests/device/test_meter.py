"""What a meter bills, and to whom: one buyer at a time, nothing for nothing, and no reading without need."""

import gc

from rig import policy, provisioned, restarted
from seal import channel
from seal.errors import Refused
from seal.owner import Owner
from trades import best, connect, pair, refused, run


def test_one_meter_serves_one_buyer():
    issuer, first, selling = pair()
    session, seller = connect(first, selling)
    second = provisioned(issuer, policy())
    order = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 100, 7: 0}
    Owner(second).command(issuer.command(second, "trade", order))
    refused(Refused.code, connect, second, selling)
    seller.gone()
    _, seller = connect(second, selling)
    digests = [first.payer.records()[0][1][channel.DIGEST], second.payer.records()[0][1][channel.DIGEST]]
    assert [channel.CLOSE in selling.payee.record(digest) for digest in digests] == [True, False]
    seller.gone()
    connect(first, selling)  # its channel is closed: it learns so, and closes nobody else's
    assert channel.CLOSE in first.payer.record(digests[0])
    assert [channel.CLOSE in selling.payee.record(digest) for digest in digests] == [True, False]


def test_a_buyer_whose_old_connection_is_not_known_to_be_dead_comes_again():
    _, buying, selling = pair()
    _, dead = connect(buying, selling)
    session, alive = connect(restarted(buying), selling)
    dead.gone()
    assert selling.selling is alive
    selling.board.meter.joules += 5
    run(session.step())
    assert best(selling) == [(1, 15)]


def test_readings_for_bills_that_stay_unpaid_run_out():
    _, buying, selling = pair()
    session, seller = connect(buying, selling)
    for _ in range(20):
        selling.board.meter.joules += 1
        seller.bill(None)
        gc.collect()
    assert selling.log.seq == 1 + 16
    run(session.step())
    assert best(selling) == [(1, 48)], "what was billed already can still be paid"
    run(session.step())
    assert best(selling) == [(2, 60)]


def test_a_meter_that_stands_still_costs_no_readings():
    _, buying, selling = pair()
    session, _ = connect(buying, selling)
    for _ in range(40):
        assert run(session.step()) is False
    assert selling.log.seq == 1
    selling.board.meter.joules += 2
    run(session.step())
    assert best(selling) == [(1, 6)]
