"""The emulated ATECC608 before an outsider: Microchip's own library drives it, OpenSSL checks what it signs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "firmware", ROOT / "boards"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

pytest.importorskip("cryptoauthlib", reason="Microchip's library has no wheel here")
from emulated.atecc608 import ATECC608Chip  # noqa: E402
from emulated.i2c import I2C  # noqa: E402

from .maker import ADDRESS, Time, driving  # noqa: E402

OK, EXECUTION_ERROR = 0, -12
CONFIG, DATA = 0, 2
DIGEST = bytes(range(32))


class Bench:
    """A chip, and the library on its bus."""

    def __init__(self, path: Path, lib: Any, chip: ATECC608Chip) -> None:
        self.path, self.lib, self.chip = path, lib, chip

    def call(self, name: str, *arguments: object) -> int:
        return int(getattr(self.lib, f"atcab_{name}")(*arguments))

    def taken(self, size: int, name: str, *arguments: object) -> bytes:
        """What a call that succeeds writes into its last argument."""
        buffer = bytearray(size)
        assert self.call(name, *arguments, buffer) == OK, name
        return bytes(buffer)

    def number(self, name: str, *arguments: object) -> int:
        found = self.lib.AtcaReference(0)
        assert self.call(name, *arguments, found) == OK
        return int(found)

    def lock(self) -> None:
        assert self.call("lock_config_zone") == OK and self.call("lock_data_zone") == OK


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    chip = ATECC608Chip(str(tmp_path / "chip.json"), Time())
    with driving(I2C({ADDRESS: chip})) as lib:
        yield Bench(tmp_path / "chip.json", lib, chip)


def check(public: bytes, signature: bytes, digest: bytes = DIGEST) -> bool:
    """OpenSSL's opinion."""
    key = ec.EllipticCurvePublicNumbers(
        int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big"), ec.SECP256R1()
    ).public_key()
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(der, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def test_info_serial_and_configuration(bench: Bench) -> None:
    assert bench.taken(4, "info") == b"\x00\x00\x60\x03"
    serial = bench.taken(9, "read_serial_number")
    assert serial[:2] == b"\x01\x23" and serial[8] == 0xEE
    assert bench.taken(128, "read_config_zone") == bytes(bench.chip.memory.config)


def test_random_is_fixed_until_the_configuration_is_locked(bench: Bench) -> None:
    assert bench.taken(32, "random") == b"\xff\xff\x00\x00" * 8
    bench.lock()
    assert len({bench.taken(32, "random") for _ in range(4)}) == 4


def test_key_signs_and_verifies(bench: Bench) -> None:
    bench.lock()
    public = bench.taken(64, "genkey", 0)
    assert bench.taken(64, "get_pubkey", 0) == public
    signature = bench.taken(64, "sign", 0, DIGEST)
    assert check(public, signature) and not check(public, signature, bytes(32))
    assert bench.number("verify_extern", DIGEST, signature, public) == 1
    assert bench.number("verify_extern", bytes(32), signature, public) == 0


def test_nothing_is_made_or_signed_before_the_locks(bench: Bench) -> None:
    buffer = bytearray(64)
    assert bench.call("genkey", 0, buffer) == EXECUTION_ERROR
    assert bench.call("lock_config_zone") == OK
    assert bench.call("genkey", 0, buffer) == OK
    assert bench.call("sign", 0, DIGEST, buffer) == EXECUTION_ERROR
    assert bench.call("lock_data_zone") == OK
    assert bench.call("sign", 0, DIGEST, buffer) == OK


def test_locks_are_for_ever(bench: Bench) -> None:
    bench.lock()
    public = bench.taken(64, "genkey", 0)
    assert bench.number("is_slot_locked", 0) == 0
    assert bench.call("lock_data_slot", 0) == OK
    assert bench.number("is_slot_locked", 0) == 1
    assert bench.call("genkey", 0, bytearray(64)) == EXECUTION_ERROR
    assert bench.call("lock_data_slot", 0) == EXECUTION_ERROR
    assert bench.call("write_zone", CONFIG, 0, 0, 5, bytes(4), 4) == EXECUTION_ERROR
    assert bench.call("lock_config_zone") == EXECUTION_ERROR
    assert bench.number("is_locked", CONFIG) == 1
    assert bench.taken(64, "get_pubkey", 0) == public


def test_secrets_are_not_read(bench: Bench) -> None:
    bench.lock()
    bench.taken(64, "genkey", 0)
    buffer = bytearray(32)
    assert bench.call("read_zone", DATA, 0, 0, 0, buffer, 32) == EXECUTION_ERROR
    assert bytes(buffer) == bytes(32)
    assert bench.call("write_zone", DATA, 0, 0, 0, bytes(32), 32) == EXECUTION_ERROR
    assert bench.call("write_zone", DATA, 8, 0, 0, DIGEST, 32) == OK  # a slot that is open to all
    assert bench.call("read_zone", DATA, 8, 0, 0, buffer, 32) == OK and bytes(buffer) == DIGEST


def test_counters_only_rise(bench: Bench) -> None:
    bench.lock()
    assert bench.number("counter_read", 1) == 0
    assert [bench.number("counter_increment", 1) for _ in range(3)] == [1, 2, 3]
    assert (bench.number("counter_read", 0), bench.number("counter_read", 1)) == (0, 3)


def test_memory_outlives_power(bench: Bench) -> None:
    bench.lock()
    public = bench.taken(64, "genkey", 0)
    bench.number("counter_increment", 0)
    later = ATECC608Chip(str(bench.path), Time())
    assert later.memory.config == bench.chip.memory.config and later.memory.counters == [1, 0]
    with driving(I2C({ADDRESS: later})) as lib:
        assert Bench(bench.path, lib, later).taken(64, "get_pubkey", 0) == public


def test_configuration_of_the_maker_is_written_and_read(bench: Bench) -> None:
    """The library writes a whole configuration: it skips what nobody may write."""
    wanted = bytearray(bench.chip.memory.config)
    wanted[20:52] = bytes(range(1, 33))
    wanted[96:128] = b"\x33\x00" * 16
    assert bench.call("write_config_zone", bytes(wanted)) == OK
    assert bench.taken(128, "read_config_zone") == bytes(wanted)
