"""Whoever answers on a command link may be anyone: what it says is checked before anything relies on it."""

import socket
import threading
from contextlib import contextmanager, suppress

import pytest
from sealwright.errors import Malformed, Unreachable
from sealwright.link import connect
from sealwright.link.frames import Frame, FrameReader, pack
from sealwright.link.labels import CHAIN, CHANNELS, ERROR, INFO, READINGS, REPLY

from tests.cli.runner import gone_wrong
from tests.host_tools.factory import Network

BLANK = {
    "state": "blank",
    "fault": None,
    "firmware": "9.9",
    "model": "emulated-unix",
    "custody": 0,
    "engine": "none",
    "clock": [0, 0],
    "device": None,
    "peer": None,
    "sensors": [],
}
PROVISIONED = {
    **BLANK,
    "state": "provisioned",
    "device": bytes(32),
    "network": bytes(32),
    "command_seq": 0,
    "paused": False,
    "policy": None,
    "offer": None,
    "interval": 10,
    "reading_seq": 0,
    "acknowledged": 0,
    "sensor_fault": None,
    "trade_fault": None,
    "uplink": None,
    "bought": None,
    "order": None,
    "channels": [0, 0],
}


@contextmanager
def stranger(answers):
    """A TCP server that answers requests with `answers`: kind -> item, or an exception's code as (ERROR, item)."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()

    def talk(connection):
        frames = FrameReader()
        with suppress(OSError), connection:
            while data := connection.recv(65536):
                for frame in frames.feed(data):
                    if frame.kind in answers:
                        connection.sendall(answer(frame, answers[frame.kind]))

    def answer(frame, item):
        if callable(item):
            return item(frame)
        return pack(Frame(frame.id, *item)) if isinstance(item, tuple) else pack(Frame(frame.id, REPLY, item))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"tcp:127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


def without(info, name):
    return {key: value for key, value in info.items() if key != name}


@pytest.mark.parametrize(
    "info",
    [
        None,
        [],
        "provisioned",
        {},
        {**BLANK, "state": "happy"},
        {**BLANK, "custody": 9},
        {**BLANK, "clock": [0]},
        {**BLANK, "clock": [0, 7]},
        {**BLANK, "device": b"short"},
        {**BLANK, "sensors": [1]},
        {**BLANK, "state": "provisioned"},
        {**PROVISIONED, "device": None},
        {**PROVISIONED, "command_seq": -1},
        {**PROVISIONED, "command_seq": None},
        {**PROVISIONED, "offer": ["nEUR", "J"]},
        {**PROVISIONED, "offer": ["nEUR", "J", "free"]},
        {**PROVISIONED, "order": [9, None, None]},
        {**PROVISIONED, "order": [0, None, [1]]},
        {**PROVISIONED, "policy": {1: {}}},
        {**PROVISIONED, "bought": [["t"]]},
        {**PROVISIONED, "channels": 3},
        {**PROVISIONED, "protection": [1]},
        {**PROVISIONED, "protection": {"credit": "none"}},
        {**PROVISIONED, "protection": {1: 2}},
        *(without(PROVISIONED, name) for name in ("model", "order", "reading_seq")),
    ],
)
def test_a_state_that_is_none(fleet, info):
    with stranger({INFO: info}) as url:
        for line in (
            ("info", "--device", url),
            ("owner", "pause", "--device", url),
            ("pay", "--payer", "emulated:charger", "--payee", url, "--amount", "5"),
            ("provision", "--device", url, "--name", "n"),
        ):
            gone_wrong(fleet(*line), 1, "malformed", url)


def test_a_board_without_a_way_to_a_broker(fleet):
    with stranger({INFO: PROVISIONED}) as url:
        gone_wrong(fleet("owner", "network", "--device", url, "--none"), 4, "unsupported", "no network")


def test_a_newer_firmware_may_say_more(fleet):
    with stranger({INFO: {**PROVISIONED, "mood": {1: [b"\x01", "good"]}}}) as url:
        shown = fleet("info", "--device", url, "--json")
        assert shown.code == 0 and shown.last["mood"] == {"1": ["01", "good"]}


LIAR = Network().device("liar")
HONEST = {
    INFO: PROVISIONED,
    CHAIN: [one.raw for one in LIAR.chain],
    CHANNELS: [0],
    READINGS: [],
}
READING = LIAR.reading().raw


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({CHAIN: []}, "no certificate"),
        ({CHAIN: [b"\x01"]}, ""),
        ({CHAIN: [READING]}, "a reading, where a certificate is expected"),
        ({CHAIN: "none"}, "something else than messages"),
        ({READINGS: [READING] * 8}, "in no order"),
        ({READINGS: [LIAR.certificate.raw]}, "a certificate, where a reading is expected"),
        ({READINGS: [b""]}, ""),
        ({READINGS: "none"}, "something else than messages"),
        ({CHANNELS: [1, 2]}, "something else than a channel"),
        ({CHANNELS: [1, 0, ["x"], []]}, "something else than messages"),
        ({CHANNELS: [1, 0, [], [READING]]}, "a reading, where a certificate is expected"),
        ({CHANNELS: [1, 0, [b"\x01"], []]}, ""),
        ({CHANNELS: [1, 0, [], []]}, "without end"),
        ({CHANNELS: None}, "something else than a channel"),
    ],
)
def test_what_is_no_collection(fleet, answers, words):
    with stranger({**HONEST, **answers}) as url:
        ran = fleet("collect", "--device", url)
        assert ran.code == 1 and ran.err.startswith("error: ") and words in ran.err, ran
    with stranger(HONEST) as url:
        assert fleet("collect", "--device", url).code == 0


def test_a_stranger_spoils_nothing_for_the_others(fleet):
    with stranger({**HONEST, CHANNELS: lambda frame: one_bad_channel(frame)}) as url:
        ran = fleet("collect", "--device", url, "--device", "emulated:station", "--json")
    assert ran.code == 1 and ran.last["failed"] == 1 and ran.last["readings"] > 0


def one_bad_channel(frame):
    return pack(Frame(frame.id, REPLY, [1] if frame.item else [1, 1, [b"\x01"], []]))


def test_what_it_says_makes_no_line_that_looks_like_ours(fleet):
    lie = {**BLANK, "firmware": "1\ncustody    2 (element)\x1b[2J"}
    with stranger({INFO: lie}) as url:
        lines = fleet.ok("info", "--device", url).out.splitlines()
    assert [line for line in lines if line.startswith("custody")] == ["custody    0 (open)"]


def test_errors_of_a_newer_firmware(fleet):
    for code, name in ((8, "policy"), (999, "device_code_999"), (0, "device_code_0")):
        with stranger({INFO: (ERROR, [code])}) as url:
            gone_wrong(fleet("info", "--device", url), 4, name, "refused")
    for item in ([], [1, 2], "x", [None]):
        with stranger({INFO: (ERROR, item)}) as url:
            gone_wrong(fleet("info", "--device", url), 1, "malformed", "neither a result nor an error")


def test_noise_and_silence():
    noise = bytes(range(256)) * 40
    with (
        stranger({INFO: lambda frame: noise + b"\0" + pack(Frame(frame.id, REPLY, BLANK))}) as url,
        connect(url) as client,
    ):
        assert client.info().state == "blank"  # what is damaged is dropped, what is sound counts
    with stranger({INFO: lambda frame: pack(Frame(frame.id + 1, REPLY, BLANK))}) as url, connect(url, 0.3) as client:
        with pytest.raises(Unreachable, match="no answer"):
            client.info()
    with stranger({INFO: lambda frame: pack(Frame(frame.id, 77, BLANK))}) as url, connect(url) as client:
        with pytest.raises(Malformed):
            client.info()


def test_another_program_on_the_port(fleet):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            connection, _ = server.accept()
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")
            connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"tcp:127.0.0.1:{server.getsockname()[1]}"
        ran = fleet("info", "--device", url)
        gone_wrong(ran._replace(again=None), 3, "unreachable", url)  # how the connection breaks is a matter of luck
