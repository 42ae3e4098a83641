"""A connection to a broker, and a device's command link over it as a byte stream."""

import queue
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ...errors import Unreachable
from ...extras import load
from .address import PASSWORD, Broker
from .trust import context, not_tls, refusal

CONNECT_SECONDS: Final = 10.0
STATE_SECONDS: Final = 10.0  # for what the broker keeps of a device's state
KEEPALIVE: Final = 30
TAKEN_SECONDS: Final = 15.0  # a connection that is cut within them counts as taken over,
TAKEN_TIMES: Final = 3  # if that comes so often in a row
COMMAND: Final = "command"
REPLY: Final = "reply"
STATE: Final = "state"
ONLINE: Final = b"1"


class Arrived(NamedTuple):
    """A message from the broker. `settle` it once it is safe, or the broker sends it again. retained: it was there
    before us."""

    topic: str
    payload: bytes
    id: int
    qos: int
    retained: bool = False


class Session:
    """Subscribed to `topics` at a broker, and again after each outage. `name`: under which the broker keeps messages
    while we are away; None: it keeps nothing. Only one connection of a name lasts: see `take`. Raises Unreachable,
    Rejected for a broker whose certificate is not the one it should have, Usage without paho-mqtt."""

    def __init__(self, broker: Broker, topics: Sequence[str], name: str | None = None) -> None:
        paho = load("paho-mqtt", "mqtt", "paho.mqtt.client", "brokers need", "no_mqtt")
        self.broker = broker
        self.connected = False
        self._arrived: queue.Queue[Arrived] = queue.Queue()
        self._topics = [(topic, 1) for topic in topics]
        self._ready, self._refusal = threading.Event(), ""
        self._began, self._cuts = 0.0, 0  # of this connection; how many in a row were cut soon
        self._client = client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=name or "",
            clean_session=name is None,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_subscribe, client.on_message = self._on_subscribe, self._on_message
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        self._open()

    def _open(self) -> None:
        broker, client = self.broker, self._client
        try:
            client.tls_set_context(context(broker))
            client.connect(broker.host, broker.port, KEEPALIVE)
        except ssl.SSLCertVerificationError as error:
            raise refusal(broker, error) from error
        except ssl.SSLError as error:
            cause, remedy = not_tls(broker, error)
            raise Unreachable(cause, remedy=remedy) from error
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            remedy = "Check that the broker runs and takes MQTT over TLS there."
            raise Unreachable(f"no broker answers at {broker.name}: {why}", remedy=remedy) from error
        client.loop_start()
        if not self._ready.wait(CONNECT_SECONDS) or self._refusal:
            self.close()
            remedy = f"Check the user in the URL and ${PASSWORD}." if self._refusal else "Check the broker."
            why = self._refusal or f"it did not subscribe us within {CONNECT_SECONDS:.0f} s"
            raise Unreachable(f"the broker {broker.name} refuses us: {why}", remedy=remedy)

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            self._ready.set()
            return
        self.connected, self._began = True, time.monotonic()
        if self._topics:
            client.subscribe(self._topics)
        else:  # who only publishes
            self._ready.set()

    def _on_subscribe(self, client: Any, data: Any, id: int, reasons: Any, properties: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refusal = "it does not let us read these topics"
        self._ready.set()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if self.connected:
            self._cuts = self._cuts + 1 if time.monotonic() - self._began < TAKEN_SECONDS else 0
        self.connected = False

    def _on_message(self, client: Any, data: Any, message: Any) -> None:
        self._arrived.put(Arrived(message.topic, message.payload, message.mid, message.qos, message.retain))

    def take(self, seconds: float) -> Arrived | None:
        """The next message, waiting up to `seconds`; None where there is none. Raises Unreachable (code taken_over)
        once another connection of our name keeps ending ours: both would go on like that for ever."""
        if self._cuts >= TAKEN_TIMES:
            remedy = "Stop the other one: a home has one listener at a broker, and a copy of the home counts."
            why = f"another listener of this home is connected to {self.broker.name}: each ends the other's connection"
            raise Unreachable(why, remedy=remedy, code="taken_over")
        try:
            return self._arrived.get(timeout=max(seconds, 0.001))
        except queue.Empty:
            return None

    def settle(self, arrived: Arrived) -> None:
        """Tell the broker that it may forget this one."""
        if arrived.qos:
            self._client.ack(arrived.id, arrived.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        """Returns when the broker has it. Raises Unreachable."""
        sent = self._client.publish(topic, payload, qos=1)
        try:
            sent.wait_for_publish(CONNECT_SECONDS)
            done = sent.is_published()
        except (RuntimeError, ValueError):  # paho's way to tell that it is not connected, or its queue is full
            done = False
        if not done:
            raise Unreachable(f"the broker {self.broker.name} is gone", remedy="Check that it runs.")

    def close(self) -> None:
        """Leave the broker; again does nothing."""
        self._client.disconnect()
        self._client.loop_stop()


class DeviceTopics:
    """The command link of the device whose topics begin with `topic`, as a `device.transport.Transport`. Raises
    Unreachable where the broker knows no such device, or has lost it."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self._topic = topic
        self._session = Session(broker, [self._topic + REPLY, self._topic + STATE])
        try:
            state = self._take(STATE_SECONDS)
            if state is None:
                remedy = "Tell the device of it first: `sealwright owner network --device URL --broker URL --ca FILE`."
                raise Unreachable(f"the device has never been at the broker {broker.name}", remedy=remedy)
            self._note(state)
        except Unreachable:
            self.close()
            raise

    def _take(self, seconds: float) -> Arrived | None:
        """The next message but for what somebody left on the topic of replies: that answers no request of ours."""
        end = time.monotonic() + seconds
        while arrived := self._session.take(end - time.monotonic()):
            if not (arrived.retained and arrived.topic.endswith(REPLY)):
                return arrived
            self._session.settle(arrived)
        return None

    def _note(self, state: Arrived) -> None:
        self._session.settle(state)
        if state.payload != ONLINE:
            remedy = "Check its power and its network; it comes back by itself."
            raise Unreachable("the device is not at the broker now", remedy=remedy)

    def read(self, seconds: float) -> bytes:
        """What the device has said, waiting up to `seconds`; empty on a time-out."""
        end = time.monotonic() + seconds
        while arrived := self._take(end - time.monotonic()):
            if arrived.topic.endswith(REPLY):
                self._session.settle(arrived)
                return arrived.payload
            self._note(arrived)
            if time.monotonic() >= end:
                break
        if not self._session.connected:
            raise Unreachable(f"the broker {self._session.broker.name} is gone", remedy="Check that it runs.")
        return b""

    def write(self, data: bytes) -> None:
        """Send all of `data` in one message."""
        self._session.publish(self._topic + COMMAND, data)

    def close(self) -> None:
        self._session.close()
