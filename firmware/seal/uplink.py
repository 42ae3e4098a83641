"""The uplink to an MQTT broker: publishes signed readings, serves the requests of the owner's host.

    sealwright/NETWORK/DEVICE/      the first 16 hex digits of the network's id, all 64 of the device's
        readings                    one signed reading a message, oldest first, each after the ack of the last
        certificates                its chain, issuers first, then its rotations, a CBOR sequence; retained
        state                       "1" while connected, else "0" (the will); retained
        command, reply              frames of schema/rpc.cddl, to and from the device

The broker is not trusted: every message is signed. Only the owner's signed ack prunes readings, not their delivery. The
journal stores the last delivered number once every RESERVE readings, to spare flash: after a reset the device may
repeat up to RESERVE readings, and omits none.
"""

import asyncio
import os

from . import labels, messages, notes, reading, rpc
from .device import PROVISIONED
from .compat import const, hexlify, ticks_diff, ticks_ms
from .cose import parse
from .errors import Unreachable, Unsupported
from .policy import CLOCK_UNSET, Limit
from .records import FORWARDED_RECORD, NETWORK_PEERS, NETWORK_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
    from .device import Device
    from .ports import ConnectionHandler, Item, Record, Table
    from .ports import Uplink as BrokerLink

# Keys of the record "network", with NETWORK_PEERS
WIFI = const(1)  # [ssid, password]
BROKER = const(2)  # map:
# Keys of the broker
HOST = const(1)  # text
PORT = const(2)  # uint
AUTHORITY = const(3)  # bytes: the CA certificate, DER
USER = const(4)  # [name, password]

_MAX_AUTHORITY = const(2048)  # a command must fit a frame
# Seconds between two tries: twice as many each time, and a random time around them. When a broker restarts, all of its
# devices lose it at once; they come back spread out, the further the longer it takes to let them all in
_MIN_RETRY = const(1)
_MAX_RETRY = const(40)
_GOOD_MS = const(4000)  # a connection that stood so long, times the seconds of the last pause, was a good one
_POLL_SECONDS = 0.3
_LOOK_SECONDS = const(5)
_TIME_MS = const(900_000)  # between two questions for the network's time
_BATCH = const(4)  # readings in RAM at a time
_TRIES = const(2)  # of which a device that woke up awaits the end; the first finds that the connection is gone


def _pair(value: "Item") -> bool:
    return isinstance(value, list) and len(value) == 2 and all(messages.text(part) for part in value)


def _broker(value: "Item") -> bool:
    return messages.fit(value, _BROKER) is value


_BROKER: "Table" = {
    HOST: (True, lambda value: messages.text(value) and 0 < len(value) < 256),
    PORT: (True, lambda value: messages.uint(value) and 0 < value < 65536),
    AUTHORITY: (True, lambda value: isinstance(value, bytes) and 0 < len(value) <= _MAX_AUTHORITY),
    USER: (False, _pair),
}
_TABLE: "Table" = {WIFI: (False, _pair), BROKER: (False, _broker), NETWORK_PEERS: (False, messages.text)}


class Uplink:
    """A device's connection to its broker, on a board with the port Uplink."""

    _settings: "Record | None"
    _fault: int | None

    def __init__(self, device: "Device") -> None:
        self._device = device
        self._settings = None
        self._connected = False
        self._fault = None
        self._seq = 0
        self._tries = _TRIES  # left until the device may sleep again
        self._is_roused = False

    def check(self, value: "Item") -> "Record | None":
        """The settings in an owner's command, or None for none. Raises Malformed, Unsupported."""
        settings = None if value is None else messages.fit(value, _TABLE)
        radio = self._device.board.radio
        if settings and NETWORK_PEERS in settings and (radio is None or settings[NETWORK_PEERS] not in radio.kinds):
            raise Unsupported("peer links of kind %s" % settings[NETWORK_PEERS])
        return settings

    def configure(self, settings: "Record | None") -> None:
        """Store the settings and restart delivery: a new broker has none of the readings."""
        journal = self._device.journal
        journal.remove(FORWARDED_RECORD)
        if settings is None:
            journal.remove(NETWORK_RECORD)
        else:
            journal.put(NETWORK_RECORD, settings)

    def status(self) -> "list[Item]":
        """["host:port" or null, connected, error code or null, seq of the last delivered reading]."""
        settings = self._device.journal.get(NETWORK_RECORD)
        broker = (settings or {}).get(BROKER)
        name = broker and "%s:%d" % (broker[HOST], broker[PORT])
        if settings is not self._settings:  # `run` reloads the settings soon
            return [name, False, None, 0]
        return [name, self._connected, self._fault, self._seq]

    def has_work(self) -> bool:
        """Whether readings wait for a broker that has not failed _TRIES times in a row since the device woke up."""
        device = self._device
        if self._tries <= 0 or BROKER not in device.journal.get(NETWORK_RECORD, {}):
            return False
        return bool(device.log.seq > max(self._seq, device.log.acknowledged))

    def rouse(self) -> None:
        """Try the broker at once: the device has slept."""
        self._tries, self._is_roused = _TRIES, True

    async def run(self, serve_host: "ConnectionHandler") -> None:
        """Stay connected while the owner's settings name a broker, for ever. serve_host: serves a host's requests."""
        retry, link = _MIN_RETRY, None
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if self._reload_settings() or self._is_roused:
                retry, self._is_roused = _MIN_RETRY, False
            if self._settings is None:
                continue
            link = link or self._device.board.uplink()
            began = ticks_ms()
            try:
                await self._run_connection(link, serve_host)
                self._fault = None
            except Exception as error:
                # the boundary towards the network: its faults may be temporary
                # a broker that lets everybody in and drops them has the same pauses as one that is away
                if ticks_diff(ticks_ms(), began) > _GOOD_MS * retry and self._connected:
                    retry = _MIN_RETRY
                self._fault = rpc.error_code(error)
                self._tries -= 1
                notes.trace("uplink: again in %d s" % retry, error)
            finally:
                self._connected = False
                await link.disconnect()
            if self._fault is not None:
                # nothing secret rests on it; the id tells boards apart whose urandom is a poor one
                spread = os.urandom(1)[0] ^ self._device.device_id[retry & 31]
                await self._pause(retry * (64 + spread) / 128)
                retry = min(retry * 2, _MAX_RETRY)

    async def _pause(self, seconds: float) -> None:
        began = ticks_ms()  # a board that signs, or trades, comes back from a sleep late
        while (
            ticks_diff(ticks_ms(), began) < seconds * 1000
            and self._device.journal.get(NETWORK_RECORD) is self._settings
            and not self._is_roused
        ):
            await asyncio.sleep(_POLL_SECONDS)

    def _reload_settings(self) -> bool:
        """Load the settings. Returns whether they changed."""
        device = self._device
        settings = device.journal.get(NETWORK_RECORD) if device.state == PROVISIONED else None
        if settings is self._settings:
            return False
        self._settings, self._fault = settings, None
        self._seq = device.journal.get(FORWARDED_RECORD, 0)
        return True

    async def _run_connection(self, link: "BrokerLink", serve_host: "ConnectionHandler") -> None:
        """Run one connection, until the settings change."""
        device, settings = self._device, self._settings
        asked = await self._join(link, settings)
        broker = settings.get(BROKER)
        if broker is None:
            await self._pause(_LOOK_SECONDS)  # then see whether the network is still joined
            return
        if device.now() is None:
            raise Limit(CLOCK_UNSET, "certificates are valid for a time and the clock is not set")
        name = hexlify(device.device_id)
        topic = "sealwright/%s/%s/" % (hexlify(device.network)[:16], name)
        will = (topic + "state", b"0")
        await link.connect(
            broker[HOST], broker[PORT], broker[AUTHORITY], "sealwright-" + name[:12], will, broker.get(USER)
        )
        await link.subscribe(topic + "command")
        await link.publish(
            topic + "certificates", b"".join(list(reversed(device.chain)) + device.rotations()), retain=True
        )
        await link.publish(topic + "state", b"1", retain=True)
        self._connected, self._fault, self._tries = True, None, _TRIES
        serving = asyncio.create_task(serve_host(link, _Reply(link, topic + "reply")))
        try:
            while device.journal.get(NETWORK_RECORD) is settings:
                link.check()
                if serving.done():
                    raise Unreachable("the command link has ended")
                if ticks_diff(ticks_ms(), asked) >= _TIME_MS:
                    asked = await self._join(link, settings)
                if not await self._forward(link, topic + "readings"):
                    await asyncio.sleep(_POLL_SECONDS)
        finally:
            serving.cancel()

    async def _join(self, link: "BrokerLink", settings: "Record") -> "Any":
        """Be on the network, and take its time. Returns the ticks of now. Raises Unreachable."""
        unix = await link.join(settings.get(WIFI))
        if unix is not None:
            self._device.timekeeper.take_network_time(unix)
        return ticks_ms()

    async def _forward(self, link: "BrokerLink", topic: str) -> bool:
        """Publish a batch of readings. Returns False if none waits."""
        log = self._device.log
        self._seq = max(self._seq, log.acknowledged)
        if log.seq <= self._seq:
            return False
        batch = log.since(self._seq, _BATCH)
        for raw in batch:
            await link.publish(topic, raw)
            self._record_forwarded(parse(raw).header[labels.CWT_CLAIMS][labels.SEQ])
        if not batch:
            self._record_forwarded(log.seq)  # the readings with these numbers are lost on flash
        return True

    def _record_forwarded(self, seq: int) -> None:
        journal = self._device.journal
        self._seq = seq
        if journal.get(NETWORK_RECORD) is self._settings and seq >= journal.get(FORWARDED_RECORD, 0) + reading.RESERVE:
            journal.put(FORWARDED_RECORD, seq)


class _Reply:
    """The writer of the command link: each drain publishes one message."""

    def __init__(self, link: "BrokerLink", topic: str) -> None:
        self._link = link
        self._topic = topic
        self._data = b""

    def write(self, data: "bytes | bytearray") -> None:
        self._data += data

    async def drain(self) -> None:
        data, self._data = self._data, b""
        await self._link.publish(self._topic, data)
