"""Another's MQTT client: what a broker gives to anyone who may listen, in the order it comes."""

import time

import paho.mqtt.client as paho
from sealwright.wire.messages import Reading, parse_as


class Listener:
    """Keeps its place at the broker. `found`: the readings' numbers as they came; `payloads`: readings by number."""

    def __init__(self, broker, authority):
        self.found, self.payloads = [], {}
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False, protocol=paho.MQTTv311
        )
        self.client.tls_set(ca_certs=str(authority.path))
        self.client.reconnect_delay_set(0.1, 0.5)
        self.client.on_connect = lambda client, *_: client.subscribe("sealwright/+/+/readings", 1)
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", broker.port, 5)
        self.client.loop_start()

    def take(self, client, data, message):
        reading = parse_as(message.payload, Reading)
        self.found.append(reading.body.seq)
        self.payloads[reading.body.seq] = message.payload

    def wait(self, seq, seconds=120):
        end = time.monotonic() + seconds
        while seq not in self.payloads:
            assert time.monotonic() < end, f"{seq} never came: {self.found[-5:]}"
            time.sleep(0.02)

    def firsts(self):
        """The numbers without those that came again, in the order they came."""
        return list(dict.fromkeys(self.found))

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
