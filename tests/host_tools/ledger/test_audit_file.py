"""Bits of the file itself: if the audit passes, every value is the one that was written."""

import random

import pytest
from sealwright.ledger import Ledger, LedgerDamaged, LedgerError, NotALedger

from tests.host_tools.factory import hash32
from tests.host_tools.ledger.damage import audit, dump, flip

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_anywhere_in_the_file_is_found_or_changes_no_value(sound, copy, seed):
    """The guarantee for the raw file: if the audit passes, every value is the one that was written."""
    draw = random.Random(seed)
    original, expected = copy.read_bytes(), dump(copy)
    outcomes = {"refused": 0, "found": 0, "harmless": 0}
    for _ in range(60):
        used = draw.random() < 0.7  # most of a small file is free space
        while True:
            place = draw.randrange(len(original))
            if not used or original[place]:
                break
        copy.write_bytes(flip(original, 8 * place + draw.randrange(8)))
        try:
            report = audit(sound, copy)
        except LedgerError as error:
            assert isinstance(error, LedgerDamaged | NotALedger), (place, error)
            outcomes["refused"] += 1
            continue
        if not report.ok:
            outcomes["found"] += 1
            continue
        assert dump(copy) == expected, f"byte {place} changed a value unseen"
        outcomes["harmless"] += 1
    assert outcomes["found"] > 10


def test_a_file_cut_off_anywhere_is_found(sound, copy):
    original = copy.read_bytes()
    for size in range(0, len(original), len(original) // 40):
        copy.write_bytes(original[:size])
        try:
            assert not audit(sound, copy).ok, size
        except LedgerError as error:
            assert isinstance(error, LedgerDamaged | NotALedger), (size, error)


def test_a_damaged_ledger_is_not_settled_into(sound, copy):
    original = copy.read_bytes()
    copy.write_bytes(original[: len(original) // 2])
    with Ledger(copy, [sound.network.root], identity=sound.identity) as ledger, pytest.raises(LedgerError):
        list(ledger.settle([sound.payer.open(sound.payee, 5, nonce=hash32("x")[:16]).raw]))
