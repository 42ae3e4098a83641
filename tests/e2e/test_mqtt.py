"""Readings through a real broker: forwarded in order, none lost over outages and power cuts, nothing without proof."""

import itertools
import os
import socket
import ssl
import threading
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sealwright.link import Client
from sealwright.link.broker import Broker as Address
from sealwright.link.broker import DeviceTopics, authority_der, device_of, topic_of
from sealwright.link.broker.session import COMMAND, REPLY, STATE, Session
from sealwright.link.frames import Frame, pack, unpack
from sealwright.operate import owner

from .broker import Authority, Broker
from .lab import LONG
from .listener import Listener
from .waiting import take_readings

REFUSED, EXPIRED, UNPROVEN, UNREACHABLE = 7, 19, 22, 24
RESERVE = 16  # readings that may come again after a reset


@pytest.fixture
def listener(broker, authority):
    made = Listener(broker, authority)
    yield made
    made.close()


def point(lab, board, broker, authority, host="127.0.0.1", user=None):
    """Tell a board of its broker."""
    der = authority.certificate.public_bytes(Encoding.DER)
    lab.tell(board, "network", {2: {1: host, 2: broker.port, 3: der} | ({4: user} if user else {})})


def connected(result):
    return result["uplink"][1]


def test_two_days_of_readings_arrive_in_order(lab, broker, authority, listener, record_property):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 86400)
    board.kill()
    last = take_readings(board, 2 * 24 * 15)  # one every four minutes
    board.start()
    heap = lab.info(board)["heap_free"]
    point(lab, board, broker, authority)
    begun = time.monotonic()
    listener.wait(last, 300)
    record_property("readings a second", round(last / (time.monotonic() - begun)))
    found = listener.firsts()  # the board may have measured since
    assert found == list(range(1, len(found) + 1)) and len(listener.found) == len(found) >= last
    result = lab.wait(board, lambda result: result["uplink"][3] >= last)
    assert result["acknowledged"] == 0, "that the broker has them frees nothing"
    assert result["heap_free"] > heap - 40000
    assert all(verdict.ok for verdict in lab.verify(lab.collect(board)))


def test_nothing_is_lost_when_broker_and_board_lose_power(lab, broker, authority, listener):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 1)
    board.kill()
    last = take_readings(board, 600)
    board.start()
    point(lab, board, broker, authority)
    for at in (60, 200, 340):
        listener.wait(at)
        (broker if at == 200 else board).kill()
        time.sleep(0.5)
        broker.start() if at == 200 else board.start()
    broker.kill()
    lab.wait(board, lambda result: result["uplink"][2] == UNREACHABLE)
    seq = lab.info(board)["reading_seq"]
    lab.wait(board, lambda result: result["reading_seq"] >= seq + 3)  # it goes on without
    broker.start()
    for number in range(1, max(last, seq + 3) + 1):
        listener.wait(number)  # a killed broker gives half a minute later what it was giving
    firsts = listener.firsts()
    assert sum(two < one for one, two in itertools.pairwise(firsts)) <= 2, "in order, but for the broker's two kills"
    assert len(listener.found) - len(firsts) <= 2 * RESERVE + 2, "two resets of the board, two of the broker"
    board.kill()
    board.start()
    lab.wait(board, connected)
    assert lab.info(board)["uplink"][3] >= seq + 3 - RESERVE, "a reset does not begin anew"


def test_a_broker_without_the_right_certificate_gets_nothing(lab, tmp_path, authority, listener, broker):
    stranger = Authority(tmp_path, "stranger")
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 1)
    (tmp_path / "other").mkdir()
    (tmp_path / "old").mkdir()
    elsewhere = Broker(tmp_path / "other", authority.server("elsewhere.example"))
    expired = Broker(tmp_path / "old", authority.server("127.0.0.1", timedelta(hours=-1)))
    try:
        for wrong, believed, code in (
            (broker, stranger, UNPROVEN),
            (elsewhere, authority, UNPROVEN),
            (expired, authority, EXPIRED),
        ):
            wrong.start() if wrong is not broker else None
            point(lab, board, wrong, believed)
            result = lab.wait(board, lambda result: result["uplink"][2] is not None and not connected(result))
            assert result["uplink"] == [f"127.0.0.1:{wrong.port}", False, code, 0], lab.console(board)
            lab.tell(board, "network")
            assert lab.wait(board, lambda result: result["uplink"][2] is None)["uplink"] == [None, False, None, 0]
    finally:
        elsewhere.kill()
        expired.kill()
    assert not listener.found
    point(lab, board, broker, authority)
    listener.wait(1)


def test_a_broker_signed_by_itself_is_taken_by_its_own_certificate(lab, tmp_path, authority):
    files = authority.self_signed()
    broker = Broker(tmp_path, files)
    broker.start()
    try:
        board = lab.board("station", ["bme280"])
        lab.tell(board, "network", {2: {1: "127.0.0.1", 2: broker.port, 3: authority_der(files[0])}})
        assert lab.wait(board, connected)["uplink"][2] is None
    finally:
        broker.kill()


def test_a_broker_that_wants_a_password(lab, tmp_path, authority):
    closed = Broker(tmp_path, authority.server(), {"station": "sesame"})
    closed.start()
    try:
        board = lab.board("station")
        point(lab, board, closed, authority, user=["station", "wrong"])
        assert lab.wait(board, lambda result: result["uplink"][2])["uplink"][2] == REFUSED
        point(lab, board, closed, authority, user=["station", "sesame"])
        assert lab.wait(board, connected)["uplink"][2] is None
        assert "sesame" not in str(lab.info(board)) and "sesame" not in lab.console(board)
    finally:
        closed.kill()


def client(lab, broker, authority, name):
    address = Address("127.0.0.1", broker.port, authority=authority.path)
    topic = topic_of(lab.home, name)
    return Client(DeviceTopics(address, topic), f"mqtts:{name}", device=device_of(topic))


def test_the_command_link_over_the_broker(lab, broker, authority):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 86400)
    point(lab, board, broker, authority)
    lab.wait(board, connected)
    with client(lab, broker, authority, "station") as far:
        assert far.info().raw["uplink"][1] is True
        owner.set_interval(lab.home, far, 7)
        assert all(value is True for value in far.selftest().values())
        assert len(list(far.readings(0))) == 1 and len(far.chain()) == 2
    assert lab.info(board)["interval"] == 7
    board.kill()
    with pytest.raises(Exception, match="not at the broker now"):  # its will tells
        client(lab, broker, authority, "station").close()
    board.start()
    lab.wait(board, connected)
    with client(lab, broker, authority, "station") as far:
        assert far.info().state == "provisioned"


def taken(session):
    """The next message that a session brings."""
    arrived = session.take(LONG)
    session.settle(arrived)
    return arrived


def test_what_somebody_left_at_the_broker_is_no_request_and_no_reply(lab, broker, authority):
    board = lab.board("station", ["bme280"])
    point(lab, board, broker, authority)
    lab.wait(board, connected)
    topic = topic_of(lab.home, "station")
    address = Address("127.0.0.1", broker.port, authority=authority.path)
    session = Session(address, [topic + REPLY, topic + STATE])
    for left in (b"half of a frame", pack(Frame(9999, 1, None))):
        board.kill()
        while taken(session).payload != b"0":
            pass  # while the broker has it for connected, what is left there is sent to it at once
        for end in (COMMAND, REPLY):
            session._client.publish(topic + end, left, qos=1, retain=True).wait_for_publish(LONG)
        board.start()
        lab.wait(board, connected)
        with client(lab, broker, authority, "station") as far:
            assert far.info().state == "provisioned"
            chain = [one.raw for one in far.chain()]
        reply = None
        while reply is None or reply.item != chain:
            arrived = taken(session)
            if arrived.topic.endswith(REPLY) and not arrived.retained and arrived.payload != left:
                reply = unpack(arrived.payload[:-1])
                assert reply.id != 9999, "the device answered what was left there"
    session.close()


NONSENSE = (
    b"",
    b"\x20\x02\x00\x05",
    b"\x20\x02\x00\x00" + b"\x30" + b"\xff" * 5,
    b"\x20\x02\x00\x00" + b"\x00" * 50,
    b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x80",
    b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x00" + b"\x30\xff\xff\x03" + b"\x00\x01a" + b"x" * 65532 + b"\x40\x00",
    b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x00" + b"\x30\x02\xff\xff" + b"\x40\x02\x00\x02" + b"\x32\x01\x00",
    os.urandom(3000),
)


def test_a_broker_that_talks_nonsense_harms_nothing(lab, authority):
    board = lab.board("station", ["bme280"])
    lab.tell(board, "interval", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server())
    said = []

    def serve(listening):
        for nonsense in NONSENSE:
            try:
                near, _ = listening.accept()
                near.settimeout(3)
                with context.wrap_socket(near, server_side=True) as wire:
                    wire.recv(4096)
                    wire.sendall(nonsense)
                    wire.recv(4096)
            except OSError:
                pass  # it hung up, as it should
            said.append(nonsense)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()

        class There:
            port = listening.getsockname()[1]

        heap = lab.info(board)["heap_free"]
        for number in range(len(NONSENSE)):
            point(lab, board, There, authority)  # at once, not after the pause
            lab.wait(board, lambda result: len(said) > number)
    result = lab.info(board)
    assert result["reading_seq"] > 1 and result["sensor_fault"] is None and result["heap_free"] > heap - 40000
