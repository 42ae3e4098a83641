"""Two listeners with one name at a broker: one is told, the other goes on."""

import time

import pytest
from sealwright.errors import Unreachable
from sealwright.home import Home
from sealwright.link.broker import Broker as Address
from sealwright.operate.collecting import Collector
from sealwright.operate.listening import Listener

from tests.e2e.broker import Authority, Broker
from tests.host_tools.link.broker.chatty import Chatty


def test_one_of_two_listeners_of_a_home_leaves(tmp_path):
    authority = Authority(tmp_path)
    broker = Broker(tmp_path, authority.server())
    broker.start()
    home = Home.init(tmp_path / "home", "fields")
    address = Address("127.0.0.1", broker.port, authority=authority.path)
    listeners = [Listener(home, address, Collector(), print) for _ in range(2)]
    device = Chatty(home, broker, authority)
    try:
        device.introduce()
        end, left = time.monotonic() + 60, None
        while left is None and time.monotonic() < end:
            for listener in listeners:
                try:
                    list(listener.look(0.1))
                except Unreachable as error:
                    left = listener
                    assert error.code == "taken_over" and "another listener" in str(error) and error.remedy
                    break
        assert left is not None
        left.close()
        (stays,) = [listener for listener in listeners if listener is not left]
        device.say("readings", device.reading(1))
        while not seqs(stays) and time.monotonic() < end:
            list(stays.look(0.2))
            stays.settle()
        assert seqs(stays) == [1]
    finally:
        for listener in listeners:
            listener.close()
        device.close()
        broker.kill()


def seqs(listener):
    return [heard.seq for heard in listener.heard.values() if heard.seq]


def test_outages_are_no_other_listener(tmp_path):
    authority = Authority(tmp_path)
    broker = Broker(tmp_path, authority.server())
    broker.start()
    home = Home.init(tmp_path / "home", "fields")
    listener = Listener(home, Address("127.0.0.1", broker.port, authority=authority.path), Collector(), print)
    try:
        for _ in range(2):
            broker.kill()
            list(listener.look(0.5))
            broker.start()
            while not listener._session.connected:
                list(listener.look(0.1))
        list(listener.look(0.5))
    except Unreachable as error:
        pytest.fail(str(error))
    finally:
        listener.close()
        broker.kill()
