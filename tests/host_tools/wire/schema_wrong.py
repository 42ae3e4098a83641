"""For each rule of the schema, values that it must refuse."""

from sealwright.wire.cbor import Tag, decode

from tests.host_tools.factory import key
from tests.host_tools.wire.schema_messages import DEVICE, MESSAGES

UINT_WRONG = (-1, "1", b"1", True, None, [1], {}, Tag(4, [0, 1]))
AMOUNT_WRONG = (*UINT_WRONG, 2**63)
TEXT_WRONG = (b"text", 1, None, True, ["a"])
HASH_WRONG = (bytes(31), bytes(33), "h" * 32, b"", None, 0, [bytes(32)])
KEY = key("a").public.cose
KEY_WRONG = (
    None,
    [],
    {},
    KEY.copy() | {2: b"kid"},
    {label: part for label, part in KEY.items() if label != -3},
    KEY.copy() | {1: 1},
    KEY.copy() | {-1: 2},
    KEY.copy() | {-2: bytes(31)},
    KEY.copy() | {-3: True},
    KEY.copy() | {-2: bytes(32), -3: bytes(32)},
)
CNF_WRONG = (*({1: wrong} for wrong in KEY_WRONG), KEY, {}, {1: KEY, 3: b""}, {2: KEY})
UEID_WRONG = (bytes(32), bytes(34), "u" * 33, None)
CUSTODY_WRONG = (-1, 3, True, "0", None)
QUALITY_WRONG = (-1, 4, True, "0", None)
NUMBER_WRONG = (
    "1",
    None,
    True,
    b"",
    [0, 1],
    Tag(4, 1),
    Tag(4, [1]),
    Tag(4, [1, 2, 3]),
    Tag(4, [1, "2"]),
    Tag(4, [True, 1]),
    Tag(4, [1, Tag(4, [0, 1])]),
    Tag(18, [0, 1]),
)
PAIRS_WRONG = ([], {}, None, [1, 2], [[1]], [[1, 2, 3]], [[1, -1]], [[1, "2"]], [[True, 1]], [[1, 2], 3])
PLACE_WRONG = (
    [],
    {},
    None,
    1,
    [1],
    [1, 2, 3],
    *([wrong, 1] for wrong in UINT_WRONG),
    *([1, wrong] for wrong in UINT_WRONG),
)
ENDS_WRONG = (
    None,
    [],
    {},
    [1, bytes(32), bytes(32)],
    [[1, bytes(32)]],
    [[1, bytes(32), bytes(32), 0]],
    *([[wrong, bytes(32), bytes(32)]] for wrong in UINT_WRONG),
    *([[1, wrong, bytes(32)]] for wrong in HASH_WRONG),
    *([[1, bytes(32), wrong]] for wrong in HASH_WRONG),
)
FILES_WRONG = (
    None,
    [],
    {},
    ["a", 1, bytes(32)],
    [["a", 1]],
    [["a", 1, bytes(32), 0]],
    [["a", 0, bytes(32)]],
    [["a", 1, bytes(32)], None],
    *([[wrong, 1, bytes(32)]] for wrong in TEXT_WRONG),
    *([["a", wrong, bytes(32)]] for wrong in UINT_WRONG),
    *([["a", 1, wrong]] for wrong in HASH_WRONG),
)
ASSET_WRONG = (*TEXT_WRONG, "", "x" * 33, "n EUR", " ", "nEUR\n", "\x7f", "\x1f", "\u00b5EUR", "a\0b")
TICK_WRONG = (
    None,
    [],
    {},
    [1],
    [1, bytes(32), 0],
    [bytes(32), 1],
    *([wrong, bytes(32)] for wrong in UINT_WRONG),
    *([1, wrong] for wrong in HASH_WRONG),
)


def claims_in(lanes):
    return [[lane, 1, 2, bytes(32)] for lane in lanes]


CLAIMS_ORDER_WRONG = (claims_in([0, 0]), claims_in([1, 0]), claims_in([0, 2, 1]), claims_in([0, 1, 0]))
CLAIMS_WRONG = (
    None,
    {},
    [0, 1, 2, bytes(32)],
    [[0, 1, 2]],
    [[0, 1, 2, bytes(32), 0]],
    [[0, 1, 2, bytes(32)], None],
    claims_in(range(65)),
    *CLAIMS_ORDER_WRONG,
    *([[wrong, 1, 2, bytes(32)]] for wrong in UINT_WRONG),
    *([[0, wrong, 2, bytes(32)]] for wrong in UINT_WRONG),
    *([[0, 1, wrong, bytes(32)]] for wrong in AMOUNT_WRONG),
    *([[0, 1, 2, wrong]] for wrong in HASH_WRONG),
)
TICKS_WRONG = (
    None,
    [],
    {},
    {1: bytes(32), 2: 1},
    {1: bytes(32), 2: 1, 3: 1, 4: 1},
    *({1: wrong, 2: 1, 3: 1} for wrong in HASH_WRONG),
    *({1: bytes(32), 2: wrong, 3: 1} for wrong in AMOUNT_WRONG),
    *({1: bytes(32), 2: 1, 3: wrong} for wrong in UINT_WRONG),
)
LIMITS_WRONG = (
    None,
    [],
    {},
    {1: {1: 0, 2: 0}},
    {"a": {}},
    {"a": {1: 0}},
    {"a": {1: 0, 2: 0, 3: 0}},
    {"a": {1: -1, 2: 0}},
)
POLICY_WRONG = (
    None,
    [],
    {},
    {2: [bytes(32)]},
    {1: {"a": {1: 0, 2: 0}}, 5: 0},
    *({1: wrong} for wrong in LIMITS_WRONG),
    *({1: {"a": {1: 0, 2: wrong}}} for wrong in AMOUNT_WRONG),
    *({1: {"a": {1: 0, 2: 0}}, 2: wrong} for wrong in ([], bytes(32), [bytes(31)], None)),
    *({1: {"a": {1: 0, 2: 0}}, 3: wrong} for wrong in UINT_WRONG),
    *({1: {"a": {1: 0, 2: 0}}, 4: wrong} for wrong in UINT_WRONG),
)
CHIP = {1: bytes(9), 2: bytes(4), 3: bytes(32), 4: bytes(64), 5: 1}
CHIP_WRONG = (
    *({**CHIP, part: bytes(len(value) - 1)} for part, value in CHIP.items() if part != 5),
    *({**CHIP, part: None} for part in CHIP),
    *({one: CHIP[one] for one in CHIP if one != part} for part in CHIP),
    {**CHIP, 5: 2},
    {**CHIP, 5: True},
    {**CHIP, 6: 0},
    {},
    bytes(9),
    None,
)
SELFTEST_WRONG = (None, [], {}, "ok", {1: True}, *({"curve": wrong} for wrong in (False, None, -1, 256, "ok", b"", [])))
CHAIN_WRONG = (
    [],
    None,
    b"",
    ["certificate"],
    [b""],
    [MESSAGES["voucher"].raw],
    [MESSAGES["certificate"].raw + b"\x00"],
    [b"\xd8\x12" + MESSAGES["certificate"].raw[1:]],
    [DEVICE.certificate.raw, b"\xf6"],
    [decode(DEVICE.certificate.raw)],
)
