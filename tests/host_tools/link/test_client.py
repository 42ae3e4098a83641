"""A client and a device that does not answer at once, or not at all: the far end is frames in memory."""

import pytest
from sealwright.errors import RefusedByDevice, Unreachable
from sealwright.link import client
from sealwright.link.client import Client
from sealwright.link.frames import Frame, FrameReader, pack

INFO = {
    **{"state": "blank", "fault": None, "firmware": "0.1.0", "model": "m", "custody": 0, "engine": "plain"},
    **{"clock": [0, 0], "device": None, "peer": None, "sensors": []},
}


class Starting:
    """A device that loses the first `lost` requests, as one does that is starting; `slow`: it answers each only when
    the next one has come."""

    def __init__(self, lost, slow=False):
        self.lost, self.asked, self._frames, self._out = lost, 0, FrameReader(), b""
        self._slow, self._made = slow, b""

    def write(self, data):
        for frame in self._frames.feed(data):
            self.asked += 1
            self._out += self._made
            self._made = b"\0" + pack(Frame(frame.id, client.REPLY, INFO)) if self.asked > self.lost else b""
            if not self._slow:
                self._out, self._made = self._out + self._made, b""

    def read(self, _):
        out, self._out = self._out, b""
        return out

    def close(self):
        pass


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(client, "AGAIN_SECONDS", 0.02)


def test_a_device_that_is_starting_is_asked_again():
    device = Starting(2)
    assert Client(device, "serial:x").info().state == "blank"
    assert device.asked == 3


def test_a_device_that_is_slow_is_not_asked_for_ever():
    device = Starting(0, slow=True)
    assert Client(device, "serial:x").info().state == "blank"
    assert device.asked == 2


def test_one_that_never_answers_is_told_as_that_in_all_the_seconds_it_had():
    device = Starting(1000)
    with pytest.raises(Unreachable, match=r"^serial:x: no answer in 2 s$") as error:
        Client(device, "serial:x", 0.5, patience=4).info()
    assert error.value.code == "unreachable" and "firmware" in error.value.remedy and device.asked > 2


def test_a_prompt_without_firmware_is_told_at_once():
    device = Starting(1000)
    device._out = b"\r\nraw REPL; CTRL-B to exit\r\n>"
    with pytest.raises(Unreachable, match=r"^serial:x: MicroPython's prompt answers") as error:
        Client(device, "serial:x").info()
    assert "sealwright deploy --board BOARD --device serial:x" in error.value.remedy and device.asked == 1


def test_no_other_request_is_sent_twice():
    device = Starting(1)
    with pytest.raises(Unreachable, match="no answer in 0 s"):
        Client(device, "serial:x", 0.1).selftest()
    assert device.asked == 1


class Short(Starting):
    """A device that has no memory for the first `lost` requests."""

    def write(self, data):
        for frame in self._frames.feed(data):
            self.asked += 1
            short = self.asked <= self.lost
            self._out += pack(Frame(frame.id, client.ERROR, [34]) if short else Frame(frame.id, client.REPLY, INFO))


def test_a_device_without_memory_is_asked_again_for_what_is_only_read():
    device = Short(2)
    assert Client(device, "serial:x").info().state == "blank" and device.asked == 3
    device = Short(1)
    with pytest.raises(RefusedByDevice) as error:
        Client(device, "serial:x").call(client.COMMAND, b"")
    assert error.value.code == "no_memory" and device.asked == 1
    device = Short(1000)
    with pytest.raises(RefusedByDevice) as error:
        Client(device, "serial:x", 0.1).info()
    assert error.value.code == "no_memory" and device.asked > 2
