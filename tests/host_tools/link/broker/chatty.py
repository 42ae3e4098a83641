"""A device at a real broker that has a certificate and no manners: it answers as it likes, for as long as it likes."""

import threading
import time

import paho.mqtt.client as paho
from sealwright.link.broker.address import network_topic
from sealwright.link.frames import Frame, FrameReader, pack
from sealwright.link.labels import CHAIN, READINGS, REPLY
from sealwright.wire.certificates import issue
from sealwright.wire.keys import PrivateKey

from tests.host_tools.factory import Device


class Chatty:
    """Certified by the home, and online. `shows`: how many readings it has; `zeros`: how many signs of life it gives
    before it answers nothing."""

    def __init__(self, home, broker, authority, shows=0, zeros=0):
        key = PrivateKey.generate()
        leaf = issue(
            home.key("issuer"), key.public, network=home.network_id(), custody=0, issued_at=int(time.time()), model="x"
        )
        self.log = Device(key, home.network_id(), (leaf,), seq=1)
        self.topic = f"{network_topic(home, test=False)}{key.public.device_id.hex()}/"
        self.shows, self.zeros, self.asked, self.said = shows, zeros, 0, 0
        self._raw = {}
        self._frames = FrameReader()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self.client.tls_set(ca_certs=str(authority.path))
        ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe(self.topic + "command", 1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = self._take
        self.client.connect("127.0.0.1", broker.port, 30)
        self.client.loop_start()
        assert ready.wait(120)
        self.say("state", b"1", retain=True)

    def say(self, part, payload, retain=False):
        """Publish, and return once the broker has it."""
        self.client.publish(self.topic + part, payload, 1, retain).wait_for_publish(10)

    def introduce(self):
        """Show its certificate, which the broker keeps."""
        self.say("certificates", self.log.certificate.raw, retain=True)

    def reading(self, seq):
        """The bytes of its reading `seq`."""
        while seq not in self._raw:
            message = self.log.reading()
            self._raw[message.body.seq] = message.raw
        return self._raw[seq]

    def _take(self, client, data, message):
        for frame in self._frames.feed(message.payload):
            self.asked += 1
            if self.zeros:
                threading.Thread(target=self._live, daemon=True).start()
            elif frame.kind == CHAIN:
                self._answer(frame, [self.log.certificate.raw])
            elif frame.kind == READINGS:
                after, most = frame.item
                there = range(after + 1, min(after + most, self.shows) + 1)
                self._answer(frame, [self.reading(seq) for seq in there])

    def _answer(self, frame, item):
        self.client.publish(self.topic + "reply", pack(Frame(frame.id, REPLY, item)), 1)

    def _live(self):
        while self.said < self.zeros:
            self.said += 1
            self.client.publish(self.topic + "reply", b"\0", 1)
            time.sleep(0.05)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
