"""A trade with a power cut at writes of either side: amounts neither fall nor vanish. All: `make campaign-cuts`."""

import gc

from rig import PowerCut, restarted
from seal import messages
from trades import best, connect, pair, promised, run

EVERY = 3  # of the writes, from another one on for each kind of trade, side and moment


def test_cut_at_a_write_of_either_side_neither_lowers_nor_loses_amounts():
    first = 0
    for unit in ("J", "reading"):
        for side in (0, 1):
            for late in (False, True):
                first = first % EVERY + 1
                cut = first - EVERY
                done = False
                while not done:
                    cut += EVERY
                    done = _trade_with_a_cut(unit, side, cut, late)
                    gc.collect()
                assert cut > 6, (unit, side, cut)


ISSUERS = {}


def _devices(unit):
    # the pair is made once for each unit: provisioning is not what is tested here
    if unit not in ISSUERS:
        ISSUERS[unit] = pair(unit, budget=9)
    return [restarted(device) for device in ISSUERS[unit][1:]]


def _trade_with_a_cut(unit, side, cut, late):
    devices = _devices(unit)
    devices[1].board.meter.joules = 1000
    devices[side].board.store.cut_after(cut, late)
    sent = {}
    for _ in range(3):
        cut_off = _some_steps(devices, sent)
        if not cut_off:
            break
        devices = [restarted(device) for device in devices]
        devices[1].board.meter.restore(1000)
    assert best(devices[1]) == [(best(devices[1])[0][0], 9)], (unit, side, cut, late, best(devices[1]))
    assert promised(devices[0])[0][1] == 9
    return devices[side].board.store.changes > 0 and not cut_off and len(sent.get("cuts", [])) == 0


def _some_steps(devices, sent):
    buying, selling = devices
    try:
        session, seller = connect(buying, selling)
        for _ in range(12):
            selling.board.meter.joules += 1
            done = run(session.step())
            amount = promised(buying)[0]
            earlier = sent.get(amount[0], amount[1])
            assert earlier == amount[1], "one number has two amounts"
            assert amount[1] >= max([0] + [value for key, value in sent.items() if key != "cuts"])
            sent[amount[0]] = amount[1]
            receipt = messages.parse(session._receipt).payload if session._receipt else {4: 0}
            kept = restarted(selling)
            assert best(kept)[0][1] >= receipt[4], "a voucher was lost after its receipt"
            if done:
                break
        return False
    except PowerCut:
        sent["cuts"] = sent.get("cuts", []) + [1]
        return True
