"""What one device can do to whoever listens to all of them: take its share of time, and no more."""

import threading
import time

import pytest
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.link.broker import Broker as Address
from sealwright.link.broker import DeviceTopics
from sealwright.operate import listening
from sealwright.operate.collecting import Collector
from sealwright.operate.listening import Listener
from sealwright.operate.logs import Equivocation, Logs
from sealwright.verify import Policy, verify_bundle
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import Reading, parse_message, sign_message

from tests.e2e.broker import Authority, Broker
from tests.host_tools.link.broker.chatty import Chatty

MANY = 3000  # readings, which take a device far longer to show than it is given


@pytest.fixture
def place(tmp_path):
    """(home, broker, authority, callable(...) -> Chatty)."""
    authority = Authority(tmp_path)
    broker = Broker(tmp_path, authority.server())
    broker.start()
    home, made = Home.init(tmp_path / "home", "fields"), []

    def device(**behaviour):
        made.append(Chatty(home, broker, authority, **behaviour))
        return made[-1]

    yield home, broker, authority, device
    for one in made:
        one.close()
    broker.kill()


@pytest.fixture
def listen(place):
    """callable() -> (Listener, what it warns of), closed after the test."""
    home, broker, authority, _ = place
    made = []

    def make():
        warned = []
        address = Address("127.0.0.1", broker.port, authority=authority.path)
        made.append(Listener(home, address, Collector(), warned.append))
        return made[-1], warned

    yield make
    for one in made:
        one.close()


def seqs(found, device):
    """The numbers of a device's readings among (name, message) pairs."""
    messages = [parse_message(raw) for _, raw in found]
    return [m.body.seq for m in messages if isinstance(m.body, Reading) and m.kid == device.log.key.public.kid]


def test_a_device_that_does_not_end_is_cut_and_goes_on_later(place, listen, monkeypatch):
    monkeypatch.setattr(listening, "ASK_SECONDS", 0.2)
    *_, device = place
    endless, other = device(shows=MANY), device(shows=1)
    endless.introduce(), other.introduce()
    listener, warned = listen()
    endless.say("readings", endless.reading(MANY + 1))
    other.say("readings", other.reading(1))
    found = list(listener.look(1))
    while not seqs(found, other):
        found += listener.look(1)
    listener.settle()
    shown = len(seqs(found, endless))
    assert 0 < shown < MANY
    for _ in range(100):  # and it says nothing more by itself
        found += listener.look(0.1)
        if len(seqs(found, endless)) > shown:
            break
    else:
        raise AssertionError("the rest was never asked for")
    numbers = seqs(found, endless)
    assert numbers == list(range(1, len(numbers) + 1)) and not warned


def test_signs_of_life_win_no_time(place, listen, monkeypatch):
    monkeypatch.setattr(listening, "REPLY_SECONDS", 0.5)
    *_, device = place
    alive = device(zeros=200)
    alive.introduce()
    listener, warned = listen()
    alive.say("readings", alive.reading(2))
    assert not seqs(list(listener.look(1)), alive)
    assert 0 < alive.said < alive.zeros and len(warned) == 1 and "no answer" in warned[0]


def test_a_slow_device_is_left_alone_for_as_long_as_it_took(place, listen, monkeypatch):
    monkeypatch.setattr(listening, "ASK_AGAIN_SECONDS", 0)
    monkeypatch.setattr(listening, "REPLY_SECONDS", 1.0)
    *_, device = place
    slow = device(zeros=1)
    slow.introduce()
    listener, warned = listen()
    slow.say("readings", slow.reading(2))
    began = time.monotonic()
    while not warned:
        list(listener.look(0.1))
    assert listener._asked[slow.topic] >= began + 2.0


def test_no_room_is_kept_for_devices_that_somebody_made_up(place, listen, monkeypatch):
    monkeypatch.setattr(listening, "ASK_AGAIN_SECONDS", 0)
    *_, device = place
    strange = device()
    listener, warned = listen()
    for number in range(8):
        strange.topic = f"{strange.topic[:-65]}{number:064x}/"
        strange.say("state", b"0", retain=True)
        strange.say("readings", strange.reading(9))
    while len(warned) < 8:
        list(listener.look(0.1))
    assert len(listener._asked) < 8


def test_nonsense_is_told_of_once_and_the_device_goes_on(place, listen):
    *_, device = place
    wrong = device()
    wrong.introduce()
    listener, warned = listen()
    for _ in range(20):
        wrong.say("readings", b"nonsense")
    wrong.say("readings", wrong.reading(1))
    found = []
    while not seqs(found, wrong):
        found += listener.look(0.2)
    assert len(warned) == 1 and "no bundle" not in warned[0]


def test_what_comes_without_end_does_not_hold_a_look_or_a_read(place, listen):
    home, broker, authority, device = place
    busy = device()
    busy.introduce()
    listener, _ = listen()
    topics = DeviceTopics(Address("127.0.0.1", broker.port, authority=authority.path), busy.topic)
    try:
        for _ in range(50):
            busy.say("readings", b"nonsense")
            busy.say("state", b"1")
        for session in (listener._session, topics._session):
            while session._arrived.qsize() < 20:
                time.sleep(0.01)
        list(listener.look(0))
        assert topics.read(0) == b""
        for session in (listener._session, topics._session):
            assert session._arrived.qsize() > 10
    finally:
        topics.close()


def test_certificates_without_end_do_not_hold_the_beginning(place, listen, monkeypatch):
    monkeypatch.setattr(listening, "_MOST_RETAINED_SECONDS", 1.0)
    *_, device = place
    busy, left = device(), [10_000]

    def go_on():
        while left[0]:
            left[0] -= 1
            busy.introduce()
            time.sleep(0.1)

    going = threading.Thread(target=go_on)
    going.start()
    try:
        listener, _ = listen()
        assert left[0] > 0
        assert [name for name, _ in listener.look(0.5)] == [busy.log.id.hex()[:16]]
    finally:
        left[0] = 0
        going.join()


def test_a_device_that_has_gone_is_told(place):
    home, broker, authority, device = place
    gone = device()
    topics = DeviceTopics(Address("127.0.0.1", broker.port, authority=authority.path), gone.topic)
    try:
        gone.say("state", b"0", retain=True)
        with pytest.raises(Unreachable, match="not at the broker now"):
            while True:
                topics.read(0.1)
    finally:
        topics.close()


def test_a_fork_heard_through_a_broker_is_kept_as_proof(place, tmp_path):
    home, broker, authority, device = place
    address = Address("127.0.0.1", broker.port, authority=authority.path)
    forked, honest = device(), device()
    forked.introduce(), honest.introduce()
    warned, logs = [], Logs(home)
    listener = Listener(home, address, Collector(logs), warned.append)
    try:
        for number in (1, 2, 3):
            forked.say("readings", forked.reading(number))
        other = forked.log.reading(999, seq=2, prev=parse_message(forked.reading(1)).digest)
        forged = sign_message(PrivateKey.generate(), other.body)  # by somebody who is not the device
        forked.say("readings", forged.raw)
        found = []
        while len(seqs(found, forked)) < 3:
            found += listener.look(0.2)
        forked.say("readings", forked.reading(3))  # a copy is no contradiction
        found += listener.look(0.5)
        assert not listener.forks
        forked.say("readings", other.raw)
        while not listener.forks:
            found += listener.look(0.2)
        forked.say("readings", forked.log.reading(seq=4, prev=parse_message(forked.reading(3)).digest).raw)
        honest.say("readings", honest.reading(1))
        while not seqs(found, honest):
            found += listener.look(0.2)
        assert seqs(found, forked) == [1, 2, 3] and len(listener.forks) == 1 and not warned
    finally:
        listener.close()
    logs.keep()
    proof = listener.forks[0][1].proof
    codes = [verdict.code for verdict in verify_bundle(proof, home.roots(), Policy())]
    assert codes == ["ok", "ok", "equivocation"]
    # from then on with nothing but what the home remembers
    known = Logs(home)
    assert known.head(forked.log.id).body.seq == 3
    with pytest.raises(Equivocation):
        known.note(forked.log.key.public, forked.log.reading(1, seq=3))
