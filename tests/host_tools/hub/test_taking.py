"""What a device may be told to forget: only what came of its own log, by that way, in order, and is on disk."""

import threading

import pytest
from sealwright.hub.checking import Checking
from sealwright.hub.fleet import BUNDLE, URL, Fleet
from sealwright.hub.known import Known
from sealwright.hub.safe import Log, Safe
from sealwright.hub.spool import Spool, SpoolFull
from sealwright.hub.state import State
from sealwright.hub.taking import Stopped, Taker
from sealwright.verify.policy import CHAINED, Policy


@pytest.fixture
def desk(site):
    """A taker, and two devices."""
    known = Known(site.home, None)
    checking = Checking(site.home.roots(), Policy(proof=CHAINED), known)
    site.spool, site.stop = Spool(site.folder.spool), threading.Event()
    with Fleet(site.folder.fleet, write=True) as fleet:
        state = State(site.folder.state("intake"), "intake")
        site.taker = Taker(checking, known, site.spool, fleet=fleet, state=state, stop=site.stop)
        yield site


def take(site, messages, how=URL, logs=None):
    for _ in site.taker.take([one.raw for one in messages], how, logs):
        pass


def test_only_what_came_by_a_way_may_be_forgotten_by_it(desk):
    roof, car = desk.device("roof"), desk.device("car")
    log, others = [desk.reading(roof) for _ in range(9)], [desk.reading(car) for _ in range(12)]
    mine = {roof.id: Log()}
    take(desk, [roof.certificate, *log[:3]], logs=mine)
    assert mine[roof.id].safe == Safe(3, log[2].digest)
    take(desk, [car.certificate, *others], logs=mine)  # another device's readings, shown by this one
    take(desk, log[5:], BUNDLE)
    assert mine == {roof.id: mine[roof.id]} and mine[roof.id].safe.seq == 3, "4 and 5 are on the device alone"
    take(desk, log[3:7], logs=mine)
    assert mine[roof.id].safe == Safe(7, log[6].digest)


def test_nothing_is_forgotten_from_a_reading_on_that_was_not_taken(desk):
    toy = desk.device("toy", expires=1)
    log = [desk.reading(toy) for _ in range(6)]
    mine = {toy.id: Log()}
    take(desk, [toy.certificate, *log], logs=mine)
    assert mine[toy.id].safe == Safe(), "its certificate has ended"
    again = Log()
    again.take(1, b"1")
    again.refuse(3)
    for seq in (4, 5):
        again.take(seq, b"%d" % seq)
    assert again.safe == Safe(1, b"1")
    for seq in (2, 3, 4):
        again.take(seq, b"%d" % seq)
    assert again.safe == Safe(4, b"4"), "it has come again"


def test_a_disk_that_is_full_holds_intake_until_there_is_room_and_nothing_is_safe(desk, monkeypatch):
    roof = desk.device("roof")
    log, mine, tries = [desk.reading(roof) for _ in range(4)], {roof.id: Log()}, []
    add = desk.spool.add

    def full(messages, support):
        tries.append(mine[roof.id].safe)
        if len(tries) < 3:
            raise SpoolFull("no room")
        add(messages, support)

    monkeypatch.setattr(desk.spool, "add", full)
    take(desk, [roof.certificate, *log], logs=mine)
    assert tries == [Safe()] * 3 and mine[roof.id].safe.seq == 4

    def never(messages, support):
        desk.stop.set()
        raise SpoolFull("no room")

    monkeypatch.setattr(desk.spool, "add", never)
    with pytest.raises(Stopped):
        take(desk, [desk.reading(roof)], logs=mine)
    assert mine[roof.id].safe.seq == 4
