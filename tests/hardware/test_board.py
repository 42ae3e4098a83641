"""What a person with a board runs: self-test, vectors, the closed console, sensors, the plug."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sealwright.errors import Unreachable
from sealwright.link import Client
from sealwright.link.info import Info
from sealwright.wire.messages import Reading, parse_as

from .prompt import PROMPTS, Wire

# RFC 6979 A.2.5, SHA-256: the key, then (message, r, s)
SECRET = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
SIGNATURES = (
    (
        "sample",
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ),
    (
        "test",
        "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ),
)
VECTORS = f"""
import hashlib
from seal import p256
secret = bytes.fromhex("{SECRET}")
public = p256.public_key(secret)
for message, r, s in {SIGNATURES!r}:
    digest = hashlib.sha256(message.encode()).digest()
    wanted = bytes.fromhex(r + s)
    bad = wanted[:-1] + bytes([wanted[-1] ^ 1])
    print(p256.sign(secret, digest) == wanted, p256.verify(public, digest, wanted), p256.verify(public, digest, bad))
"""
TRIES = (b"\x03", b"\r\x03", b"\r\x03\x03", b"\x00\r\x03", b"\r\x01", b"\x04", b"\x02", b"\r\x03\r\x01\x04")
PLUG_SECONDS = 120

Opener = Callable[[], AbstractContextManager[Client]]


def needs(info: Info, *states: str) -> None:
    if info.state not in states:
        pytest.skip(f"the board is {info.state}; this is for one that is {' or '.join(states)}")


def test_selftest(client: Client) -> None:
    assert {part: outcome for part, outcome in client.selftest().items() if outcome is not True} == {}


def test_it_signs_and_verifies_in_reasonable_time(client: Client) -> None:
    sign, verify = client.bench(3)
    print(f"\nsign {sign / 1000:.1f} ms, verify {verify / 1000:.1f} ms")
    assert 0 < sign < 2_000_000 and 0 < verify < 4_000_000


def test_vectors_at_the_prompt(url: str, info: Info, client: Client, open_board: Opener) -> None:
    needs(info, "blank", "keyed", "wiped")
    client.close()
    with Wire(url.partition(":")[2]) as wire:
        if not wire.enter(30):  # an emulated board on a busy machine is slow
            pytest.skip("no prompt on this wire: the board's console is elsewhere")
        assert wire.run(VECTORS, 300).split() == ["True", "True", "False"] * len(SIGNATURES)
        wire.leave()
    assert wait_for(open_board).state == info.state


def test_the_console_is_closed(url: str, info: Info, client: Client, open_board: Opener) -> None:
    needs(info, "provisioned", "damaged")
    client.close()
    with Wire(url.partition(":")[2]) as wire:
        said = b""
        for n in range(100):
            wire.send(TRIES[n % len(TRIES)])
            said += wire.says(0.05)
        wire.send(b"\x00")
        time.sleep(1.5)  # after a silence as at the start of a frame
        assert not wire.enter()
        said += wire.says(1)
    assert not any(prompt in said for prompt in PROMPTS), said
    with open_board() as again:
        assert again.info().state == info.state


def test_sensors_measure(client: Client, info: Info) -> None:
    assert info.raw["sensors"], "no sensor answers: look at the wiring in the board's README"
    outcomes = client.selftest()
    for sensor in info.raw["sensors"]:
        assert outcomes[f"sensor {sensor}"] is True


def test_readings_come_signed_and_in_order(client: Client, info: Info) -> None:
    needs(info, "provisioned")
    key = client.chain()[0].body.key
    end, before = time.monotonic() + 3 * info.raw["interval"] + 120, info.raw["reading_seq"]
    while client.info().raw["reading_seq"] < before + 2:
        assert time.monotonic() < end, "no new readings"
        time.sleep(0.5)
    readings = [parse_as(raw, Reading) for raw in client.readings(max(0, before - 1))][-2:]
    assert readings[1].body.seq == readings[0].body.seq + 1
    for reading in readings:
        assert reading.signed_by(key)
    assert readings[1].body.prev == readings[0].digest


def test_it_goes_on_after_the_plug_was_pulled(url: str, info: Info, client: Client, open_board: Opener) -> None:
    path = Path(url.partition(":")[2])
    if path.resolve().is_relative_to("/dev/pts"):
        pytest.skip("a pty has no plug")
    client.close()
    print(f"\nPull the plug of {path}, count to three, put it back.")
    end = time.monotonic() + PLUG_SECONDS
    while path.exists():
        assert time.monotonic() < end, f"{path} stayed for {PLUG_SECONDS} s"
        time.sleep(0.1)
    again = wait_for(open_board, PLUG_SECONDS)
    assert (again.state, again.device) == (info.state, info.device)
    if again.state == "provisioned":
        assert again.raw["reading_seq"] >= info.raw["reading_seq"]
        assert again.raw["command_seq"] == info.raw["command_seq"]


def wait_for(open_board: Opener, seconds: float = 300) -> Info:
    """What the board says of itself once it answers again."""
    end = time.monotonic() + seconds
    while True:
        try:
            with open_board() as opened:
                return opened.info(5)  # a request that meets the reset is never answered
        except Unreachable:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
