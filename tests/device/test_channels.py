"""More trades than a device remembers channels for: the old ones make room, the day's count stays."""

import gc

from check import raises
from rig import policy
from seal import buyer, channel
from seal import policy as limits
from seal.owner import Owner
from trades import connect, pair, run


def test_many_channels_make_room_and_keep_the_days_count():
    issuer, buying, selling = pair(budget=3, spending=policy(per_day=33))
    for number in range(1, 12):
        session, seller = connect(buying, selling)
        selling.board.meter.joules += 1
        assert run(session.step()) is True
        run(session.close())
        seller.gone()
        buyer.finish(buying, buyer.DONE)
        assert buying.payer.spent_today("nEUR") == 3 * number
        gc.collect()
        digests = [record[channel.DIGEST] for _, record in selling.payee.records()]
        Owner(selling).command(issuer.command(selling, "ack", {1: selling.log.seq, 2: digests}))
        order = {1: "tcp:127.0.0.1:1", 3: "nEUR", 4: "J", 5: 3, 7: 0}
        Owner(buying).command(issuer.command(buying, "trade", order))
    assert len(buying.payer.records()) == channel.MAX_CHANNELS
    assert raises(limits.Limit, connect, buying, selling).code == limits.OVER_DAY
