"""What a member can do to whoever watches claims at a broker: take its share of time, and no more."""

import pytest
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.link.broker import Broker as Address
from sealwright.operate import watching
from sealwright.operate.watching import Presence

from tests.e2e.broker import Authority, Broker
from tests.host_tools.link.broker.chatty import Chatty


@pytest.fixture
def place(tmp_path, monkeypatch):
    """(callable(...) -> Chatty, callable() -> Presence)."""
    monkeypatch.setattr(watching, "LOOK_SECONDS", 1.0)
    monkeypatch.setattr(watching, "REPLY_SECONDS", 1.0)
    authority = Authority(tmp_path)
    broker = Broker(tmp_path, authority.server())
    broker.start()
    home, made = Home.init(tmp_path / "home", "fields"), []

    def device(**behaviour):
        made.append(Chatty(home, broker, authority, **behaviour))
        return made[-1]

    def presence():
        made.append(Presence(home, Address("127.0.0.1", broker.port, authority=authority.path)))
        return made[-1]

    yield device, presence
    for one in made:
        one.close()
    broker.kill()


def noted():
    """(what failed: topics and errors, what notes it)."""
    failures = []
    return failures, lambda target, error: error is None or failures.append((target.topic, error))


def test_a_device_that_never_ends_is_left_alone_for_a_while(place):
    device, presence = place
    endless = device(zeros=10**6)
    watched, (failures, looked) = presence(), noted()
    for _ in range(3):
        assert list(watched.looks(looked)) == [[]]
    ((topic, error),) = failures
    assert isinstance(error, Unreachable) and endless.topic == topic
    endless.say("state", b"0", retain=True)
    endless.say("state", b"1", retain=True)
    while watched._take(2) is not None:
        pass
    assert watched.came(0.01, looked) == [] and len(failures) == 1, "coming again does not help it"


def test_one_device_asked_shows_its_chain_and_what_came_before_it_failed(place):
    device, presence = place
    silent = device()  # shows its chain, and answers nothing to a request for channels
    failures, looked = noted()
    assert list(presence().looks(looked)) == [[silent.log.certificate.raw]]
    assert [topic for topic, _ in failures] == [silent.topic]


def test_only_topics_of_devices_in_the_home_s_networks_are_asked(place):
    device, presence = place
    liar = device()
    liar.say("state", b"0", retain=True)
    for name in ("nobody", "ab" * 31, "AB" * 32, "ab" * 32 + "x"):
        topic = liar.topic[: liar.topic.rindex("/", 0, -1) + 1] + name
        liar.client.publish(f"{topic}/state", b"1", 1, True).wait_for_publish(10)
    assert list(presence().looks(lambda target, error: None)) == []


def test_one_that_comes_and_goes_without_end_hides_nobody(place, monkeypatch):
    device, presence = place
    restless, other = device(), device()
    other.say("state", b"0", retain=True)
    watched = presence()
    for number in range(200):
        restless.say("state", b"01"[number % 2 : number % 2 + 1])
    other.say("state", b"1")
    asked = []
    monkeypatch.setattr(watching, "gather", lambda targets, *_: asked.extend(one.topic for one in targets) or [])
    while other.topic not in asked:
        watched.came(1, lambda target, error: None)
    assert sorted(asked) == sorted([restless.topic, other.topic]), "it was looked at once"
