"""Arguments of the ledger's commands: the reader and the schema take and refuse the same."""

from pathlib import Path

import pytest
from cddl_verifier import Validator
from sealwright.errors import Malformed
from sealwright.wire.cbor import encode
from sealwright.wire.messages import DepositArguments, WithdrawArguments, read_arguments, write_arguments

from tests.host_tools.factory import hash32
from tests.host_tools.wire.schema_wrong import AMOUNT_WRONG, ASSET_WRONG, HASH_WRONG, TEXT_WRONG

SCHEMA = Path(__file__).resolve().parents[3] / "firmware" / "schema" / "sealwright.cddl"
LEDGER = hash32("ledger")
GOOD = [
    (DepositArguments("nEUR", 5), {1: "nEUR", 2: 5}),
    (DepositArguments("nEUR", 2**63 - 1, LEDGER), {1: "nEUR", 2: 2**63 - 1, 3: LEDGER}),
    (WithdrawArguments("nEUR", 5, LEDGER), {1: "nEUR", 2: 5, 3: LEDGER}),
    (WithdrawArguments("nEUR", 0, LEDGER, "invoice 7"), {1: "nEUR", 2: 0, 3: LEDGER, 4: "invoice 7"}),
]
# class -> key -> (values it must refuse, whether it may be left out)
TABLES = {
    DepositArguments: {1: (TEXT_WRONG, False), 2: (AMOUNT_WRONG, False), 3: (HASH_WRONG, True)},
    WithdrawArguments: {
        1: (ASSET_WRONG, False),
        2: (AMOUNT_WRONG, False),
        3: (HASH_WRONG, False),
        4: (TEXT_WRONG, True),
    },
}
FULL = {DepositArguments: GOOD[1][1], WithdrawArguments: GOOD[3][1]}


@pytest.fixture(scope="module")
def cddl():
    return Validator(SCHEMA)


def takes(cddl, cls, content):
    """Whether reader and schema take it; they must agree."""
    by_schema = cddl.validate(encode(content), f"{cls.OP}-arguments", require_deterministic=True).valid
    try:
        read_arguments(cls, content)
    except Malformed:
        assert not by_schema, content
        return False
    assert by_schema, content
    return True


@pytest.mark.parametrize("arguments,content", GOOD)
def test_they_go_there_and_back(cddl, arguments, content):
    assert write_arguments(arguments) == content
    assert read_arguments(type(arguments), content) == arguments
    assert takes(cddl, type(arguments), content)


@pytest.mark.parametrize("cls", TABLES)
def test_reader_and_schema_refuse_the_same(cddl, cls):
    for key, (wrong_values, optional) in TABLES[cls].items():
        assert takes(cddl, cls, {other: value for other, value in FULL[cls].items() if other != key}) == optional
        for wrong in wrong_values:
            assert not takes(cddl, cls, {**FULL[cls], key: wrong}), (key, wrong)
    for extra in (5, -1, "x", b"x"):
        assert not takes(cddl, cls, {**FULL[cls], extra: 0})
    for other in (None, [], {}, 1, "nEUR"):
        assert not takes(cddl, cls, other)


def test_a_first_versions_deposit_of_any_text_is_read_and_no_longer_written(cddl):
    for asset in ("", "n EUR", "x" * 33):
        assert takes(cddl, DepositArguments, {1: asset, 2: 5})
        for cls in (DepositArguments, WithdrawArguments):
            with pytest.raises(Malformed, match="asset"):
                write_arguments(cls(asset, 5, LEDGER))


def test_what_the_schema_does_not_allow_is_not_written():
    with pytest.raises(Malformed, match="amount"):
        write_arguments(DepositArguments("nEUR", -1))
    with pytest.raises(Malformed, match="ledger"):
        write_arguments(WithdrawArguments("nEUR", 1, bytes(31)))
