"""The chip's word on its own keys before an outsider: Microchip's library asks the emulated ATECC608 for it, and
computes for itself what must have been signed. Then it does the same for what our driver asked.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from emulated.atecc608 import ATECC608Chip  # noqa: I001  # the path is set by test_atecc608
from emulated.i2c import I2C

from .host_side import message_of
from .maker import ADDRESS, Time, driving
from .test_atecc608 import DIGEST, EXECUTION_ERROR, OK, Bench, check

ROOT = Path(__file__).resolve().parents[2]
PLACE, ATTESTATION = 0, 7


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A chip with our configuration, locked by the library, with a device key and an attestation key."""
    from keystore import atecc608_config

    chip = ATECC608Chip(str(tmp_path / "chip.json"), Time())
    with driving(I2C({ADDRESS: chip})) as lib:
        bench = Bench(tmp_path / "chip.json", lib, chip)
        assert bench.call("write_config_zone", atecc608_config.wanted(bytes(chip.memory.config))) == OK
        bench.lock()
        yield bench


def attest(bench: Bench, blocks: int = 4) -> tuple[bytes, bytes]:
    """(public key, signature) of what the library has the chip say of the key in slot 0."""
    assert bench.call("nonce", DIGEST) == OK
    for block in range(blocks):
        assert bench.call("gendig", 0, block, b"", 0) == OK
    public = bench.taken(64, "genkey_base", 8, PLACE, bytes(3))
    return public, bench.taken(64, "sign_internal", ATTESTATION, False, True)


@pytest.mark.parametrize("is_locked", [False, True], ids=["open", "locked"])
def test_library_and_model_agree_on_what_is_signed(bench: Bench, is_locked: bool) -> None:
    public, attestation = bench.taken(64, "genkey", PLACE), bench.taken(64, "genkey", ATTESTATION)
    if is_locked:
        assert bench.call("lock_data_slot", PLACE) == OK
    config = bench.taken(128, "read_config_zone")
    for blocks in (0, 1, 4):
        shown, signature = attest(bench, blocks)
        message, digest = message_of(DIGEST, config, PLACE, public, blocks)
        assert shown == public and check(attestation, signature, digest)
        assert message[52] == (0 if is_locked else 1) and message[40] == 0x50
        for other in (
            message_of(bytes(32), config, PLACE, public, blocks),
            message_of(DIGEST, config, PLACE, attestation, blocks),
            message_of(DIGEST, config[:88] + bytes((config[88] ^ 1,)) + config[89:], PLACE, public, blocks),
            message_of(DIGEST, config[:9] + bytes((config[9] ^ 1,)) + config[10:], PLACE, public, blocks),
        ):
            assert not check(attestation, signature, other[1])


def test_our_driver_asks_for_the_same(bench: Bench) -> None:
    from keystore import atecc608_attest
    from keystore.atecc608 import Atecc608

    public = bench.taken(64, "genkey", PLACE)
    assert bench.call("lock_data_slot", PLACE) == OK
    report = atecc608_attest.run(Atecc608(I2C({ADDRESS: bench.chip})), PLACE, DIGEST)
    message, digest = message_of(DIGEST, bench.taken(128, "read_config_zone"), PLACE, public)
    assert report[:4] == [DIGEST, bench.taken(128, "read_config_zone"), PLACE, public]
    assert report[4] == bench.taken(64, "get_pubkey", ATTESTATION)
    assert report[5] == message[32:] and check(report[4], report[6], digest)


def test_the_attestation_key_signs_no_digest_from_outside(bench: Bench) -> None:
    for slot in (PLACE, ATTESTATION):
        bench.taken(64, "genkey", slot)
    assert bench.call("sign", ATTESTATION, DIGEST, bytearray(64)) == EXECUTION_ERROR
    assert bench.call("nonce", DIGEST) == OK
    assert bench.call("sign_internal", ATTESTATION, False, True, bytearray(64)) == EXECUTION_ERROR
    assert bench.call("nonce", DIGEST) == OK
    bench.taken(64, "genkey_base", 8, PLACE, bytes(3))
    assert bench.call("sign_internal", PLACE, False, True, bytearray(64)) == EXECUTION_ERROR
