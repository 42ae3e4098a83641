"""Who is between a hub and a device may keep readings back, and hand on the ack that has the device forget them: an ack
goes past no gap that the device has not signed away."""

import random
import time

import pytest
from sealwright import emulator
from sealwright.hub import polling
from sealwright.hub.fleet import Fleet
from sealwright.hub.log import Log, Safe
from sealwright.link import Client
from sealwright.operate import owner, provisioning
from sealwright.wire.messages import Reading, parse_as


def digest(seq):
    return b"%d" % seq


def take(log, *numbers, before=None):
    for seq in numbers:
        log.take(seq, digest(seq), digest(seq - 1) if seq > 1 else before)


def test_an_ack_stops_at_what_was_kept_back_and_goes_on_once_it_comes():
    log = Log()
    take(log, 1, 2, 4, 5, 7)
    assert log.safe == Safe(2, digest(2)) and log.gap == (3, 6), "what comes last is kept of what came after it"
    take(log, 3)
    assert log.safe.seq == 3
    take(log, 4, 5, 6)
    assert log.safe == Safe(7, digest(7)) and log.gap is None


def test_a_log_that_lost_numbers_goes_on_where_the_device_signs_that_nothing_is_between():
    log = Log()
    take(log, 1, 2)
    log.take(17, digest(17), digest(2))
    assert log.safe == Safe(17, digest(17)) and log.gap is None
    fresh = Log()
    fresh.take(17, digest(17), None)
    assert fresh.safe.seq == 17, "its first reading, whatever its number"


def test_a_hub_that_begins_anew_acknowledges_nothing_before_the_device_says_what_it_forgot():
    log = Log()
    take(log, 6, 7, 8)
    assert log.safe == Safe() and log.is_unsure
    log.forget(4)
    assert log.safe == Safe() and log.gap == (1, 5), "5 is on the device alone"
    log.forget(5)
    assert log.safe == Safe(8, digest(8)) and not log.is_unsure
    later = Log()
    later.forget(100)
    take(later, 97, 99, 101, 102)
    assert later.safe.seq == 102
    take(later, 104)
    assert later.safe.seq == 102 and later.gap == (103, 103)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_in_whatever_order_nothing_that_did_not_come_is_safe(seed):
    draw, log, came = random.Random(seed), Log(), set()
    forgotten = draw.randrange(10)
    for _ in range(200):
        if draw.random() < 0.1:
            log.forget(forgotten)
        seq = draw.randrange(1, 30)
        came.add(seq)
        take(log, seq)
        assert came | set(range(1, forgotten + 1)) >= set(range(1, log.safe.seq + 1))
    log.forget(forgotten)
    take(log, *range(1, 30))
    assert log.safe.seq == 29 and log.gap is None


@pytest.fixture
def board(site):
    made = emulator.create(site.home, "unix", "roof", ["ina219"])
    made.start()
    with emulator.resolve(site.home, "emulated:roof") as client:
        provisioning.provision(site.home, client, "roof")
        owner.set_interval(site.home, client, 1)
    yield made
    made.kill()


def test_a_device_keeps_what_somebody_between_keeps_back(site, board, monkeypatch):
    monkeypatch.setattr(polling, "ACK_SECONDS", 0.1)
    kept_back, show = {3}, Client.readings

    def readings(client, after):
        for raw in show(client, after):
            if parse_as(raw, Reading).body.seq not in kept_back:
                yield raw

    monkeypatch.setattr(Client, "readings", readings)

    def said():
        with emulator.resolve(site.home, "emulated:roof") as client:
            return client.info().raw

    def is_told():
        with Fleet(site.folder.fleet) as fleet:
            return any(one.code == "gap" and "reading 3 did not come" in one.text for one in fleet.faults())

    options = {"allow_test": True, "every": 0.2}
    with site.parts(**options):
        site.wait(lambda: set(site.readings() and site.numbers()) >= {1, 2, 4, 5, 6})
        time.sleep(1)  # acks were due several times by then
        assert said()["acknowledged"] <= 2
        site.wait(is_told)
    with site.parts(**options):  # a hub that knows nothing of before
        site.wait(lambda: site.numbers()[-1] > 8)
        time.sleep(1)
        assert said()["acknowledged"] <= 2
        kept_back.clear()
        site.wait(lambda: said()["acknowledged"] > 6)
        site.wait(lambda: site.numbers()[:6] == [1, 2, 3, 4, 5, 6])
    before = said()["acknowledged"]
    with site.parts(**options):
        site.wait(lambda: said()["acknowledged"] > before)
