"""The hub's own broker: who may say what, a board's readings through it, and its end at any moment."""

import os
import signal
import ssl
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from sealwright import emulator
from sealwright.emulator.board import free_port
from sealwright.errors import Usage
from sealwright.hub.accounts import Accounts
from sealwright.link.broker.session import Session
from sealwright.link.broker.trust import authority_der
from sealwright.operate import owner, provisioning
from sealwright.operate.renewing import revoke

from .site import PARTS

NAMES = ("readings", "certificates", "state", "command", "reply")


class Guest:
    """A client of MQTT at the hub's broker."""

    def __init__(self, broker, user, password, name):
        self.got, self._granted, self._said = [], {}, threading.Condition()
        self.reason = None
        self._client = client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311)
        client.username_pw_set(user, password)
        context = ssl.create_default_context(cafile=broker.authority)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        client.tls_set_context(context)
        client.on_connect = lambda c, d, f, reason, p: self._say(lambda: setattr(self, "reason", str(reason)))
        client.on_subscribe = lambda c, d, n, reasons, p: self._say(lambda: self._granted.update({n: reasons[0]}))
        client.on_message = lambda c, d, message: self._say(lambda: self.got.append((message.topic, message.payload)))
        client.connect(broker.host, broker.port)
        client.loop_start()
        self.wait(lambda: self.reason is not None)

    def _say(self, change):
        with self._said:
            change()
            self._said.notify_all()

    def wait(self, condition):
        with self._said:
            assert self._said.wait_for(condition, 30)

    def subscribe(self, topic, qos):
        number = self._client.subscribe(topic, qos)[1]
        self.wait(lambda: number in self._granted)
        return not self._granted[number].is_failure

    def publish(self, topic, payload):
        self._client.publish(topic, payload, 1, retain=True).wait_for_publish(30)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def board(site):
    """An emulated board of the site's home."""
    made = emulator.create(site.home, "unix", "roof", ["ina219"])
    made.start()
    yield made
    made.kill()


def point(site, board, port):
    """Let a board in, and give it the hub's broker."""
    Accounts(site.home).set_up(port=port)
    with emulator.resolve(site.home, "emulated:roof") as client:
        device = bytes.fromhex(provisioning.provision(site.home, client, "roof").entry.device)
        broker = Accounts(site.home).issue(device, test=True)
        owner.set_interval(site.home, client, 1)
        owner.set_network(site.home, client, {2: broker.settings(authority_der(broker.authority))})
    return device, broker


def test_a_device_speaks_under_its_own_id_and_loses_its_account(site, board):
    device, own = point(site, board, free_port())
    board.kill()
    accounts = Accounts(site.home)
    mine = f"sealwright/{site.home.network_id(test=True).hex()[:16]}/{device.hex()}"
    other = mine[:-64] + "ab" * 32
    with site.parts("broker"):
        site.wait(lambda: "mqtts://" in site.states().get("broker", {}).get("text", ""))
        assert site.states()["broker"]["counts"]["accounts"] == 1
        hub = Guest(own, "hub", accounts.broker.password, "watcher")
        assert hub.subscribe("sealwright/#", 1)
        thief = Guest(own, own.user, own.password, "thief")
        wanted = ["#", "sealwright/#", "$MQTT/#", "$MQTT/sub/#", "$MQTT/sub/+", "$SYS/#", "$JS/#"]
        wanted += [f"{other}/{name}" for name in NAMES] + [f"{mine}/{name}" for name in NAMES if name != "command"]
        assert [topic for topic in wanted for qos in (0, 1) if thief.subscribe(topic, qos)] == []
        assert thief.subscribe(f"{mine}/command", 1)
        said = [f"{other}/{name}" for name in NAMES] + [f"{mine}/command", "elsewhere", "$MQTT/sub/x"]
        for topic in (*said, f"{mine}/readings"):
            thief.publish(topic, topic.encode())
        hub.wait(lambda: (f"{mine}/readings", f"{mine}/readings".encode()) in hub.got)
        assert {topic for topic, _ in hub.got} == {f"{mine}/readings"}, "and they came in order"
        assert thief.got == []
        stranger = Guest(own, own.user, "guessed", "stranger")
        assert stranger.reason == "Not authorized"
        revoke(site.home, site.home.find(device), "lost")
        site.wait(lambda: site.states()["broker"]["counts"]["accounts"] == 0)

        def is_out():
            again = Guest(own, own.user, own.password, "again")
            again.close()
            return again.reason == "Not authorized"

        site.wait(is_out)
        for one in (hub, thief, stranger):
            one.close()


def test_readings_go_on_when_the_broker_and_the_hub_are_killed(site, board):
    hub = site.start("--allow-test")
    try:
        site.wait(lambda: "mqtts://" in site.states().get("broker", {}).get("text", ""))
        device, _ = point(site, board, None)
        site.wait(lambda: len(site.readings()) >= 2)
        left = int((site.folder.broker / "nats.pid").read_text())
        assert site.kill_part("broker")
        hub.kill()
        hub.wait()
        hub = site.start("--allow-test")
        site.wait(lambda: int((site.folder.broker / "nats.pid").read_text() or left) != left)
        before = len(site.readings())
        site.wait(lambda: len(site.readings()) > before)
        with emulator.resolve(site.home, "emulated:roof") as client:
            last = client.info().raw["reading_seq"]
        site.wait(lambda: site.numbers()[-1] >= last)
        board.kill()
        assert site.numbers() == list(range(1, site.numbers()[-1] + 1)), "each of them, once"
    finally:
        hub.terminate()
        hub.wait(40)
    assert not [part for part in (*PARTS, "broker") if site.is_running(part)]
    assert not (site.folder.broker / "nats.pid").exists(), "no server is left"


def command_of(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("victim", ["part", "keeper"])
def test_no_server_is_left_where_its_part_or_its_keeper_is_killed(site, victim):
    part = site.start("--only", "broker")
    try:
        site.wait(lambda: "mqtts://" in site.states().get("broker", {}).get("text", ""))
        server = int((site.folder.broker / "nats.pid").read_text())
        assert b"nats.conf" in command_of(server)
        if victim == "part":
            part.kill()
        else:
            os.kill(int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1]), signal.SIGKILL)
        assert part.wait(40)
        site.wait(lambda: b"nats.conf" not in command_of(server))
    finally:
        part.kill()
        part.wait()


def test_there_is_no_account_before_there_is_a_broker(site):
    with pytest.raises(Usage) as refused:
        Accounts(site.home).issue(bytes(32), test=True)
    assert refused.value.code == "no_broker" and not Accounts(site.home).exists


def test_who_only_publishes_is_let_in(site):
    accounts = Accounts(site.home)
    accounts.set_up(port=free_port())
    with site.parts("broker"):
        site.wait(lambda: "mqtts://" in site.states().get("broker", {}).get("text", ""))
        session = Session(accounts.broker, [])
        session.publish("sealwright/x/readings", b"x")
        session.close()
