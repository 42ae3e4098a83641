"""Devices behind an MQTT broker: their command links by topic. `operate.listening` takes what they hand on.

    broker, name = Broker.parse(home, "mqtts://HOST:PORT/NAME")
    with Client(DeviceTopics(broker, topic_of(home, name)), url) as client: ...

Topics are those of firmware/seal/uplink.py. The broker is not trusted: devices, issuers and owners are believed what
they signed. Needs the extra `mqtt` (paho-mqtt).
"""

from .address import Broker, device_of, topic_of
from .session import DeviceTopics
from .trust import authority_der

__all__ = ["Broker", "DeviceTopics", "authority_der", "device_of", "topic_of"]
