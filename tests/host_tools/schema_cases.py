"""Every map of the schema, key by key, with values that each key must refuse: what the strictness tests run on.

`message_with` makes a message whose one map was changed; nobody signs it, because reading checks form alone.
"""

from sealwright.cbor import Tag, decode, encode
from sealwright.messages import DecimalFraction, DevicePolicy, Limit, Record, Ticks

from tests.host_tools.factory import NOW, Network, hash32, key

NET = Network()
DEVICE = NET.device(expires=NOW, model="board")
PEER = NET.device("peer")
OPEN = DEVICE.open(PEER, price=3, unit="kWh", dispute_window=60)
FULL = {
    "not_before": 1,
    "not_after": 2,
    "hash_lock": hash32("lock"),
    "item": hash32("item"),
    "merges": ((1, 2), (3, 4)),
    "ticks": Ticks(hash32("root"), 5, 6),
}
RECORDS = (
    Record(base_name="a", base_time=NOW, base_unit="Cel", name="n", value=DecimalFraction(-2, 2150), time=-1),
    Record(name="t", text="warm"),
    Record(name="b", flag=False),
    Record(name="d", data=b"\x00", unit="%RH"),
    Record(),
)
POLICY = DevicePolicy({"credit": Limit(1, 2), "EUR": Limit(0, 2**63 - 1)}, (hash32("p"),), 2**64 - 1, NOW)
MESSAGES = {
    "certificate": NET.issuer(expires=NOW, model="x").certificate,
    "reading": DEVICE.reading(records=RECORDS, prev=hash32("before")),
    "channel-open": OPEN,
    "voucher": DEVICE.voucher(OPEN, 7, **FULL),
    "receipt": PEER.receipt(DEVICE.voucher(OPEN, 7)),
    "evidence": DEVICE.evidence(),
    "grant": NET.grant(DEVICE, policy=POLICY),
    "command": NET.owner().command(DEVICE, "set", {1: [None, True, Tag(4, [0, 1])], "a": b""}),
    "channel-close": DEVICE.close(OPEN),
    "peer-proof": DEVICE.peer_proof(PEER),
    "firmware": NET.owner().firmware(),
    "factory-record": NET.issuer().factory_record(DEVICE),
}


def split(name):
    """Header and payload of a good message, decoded."""
    sign1 = MESSAGES[name].sign1
    return decode(sign1.protected), decode(sign1.payload)


def resigned(header, payload):
    """A raw message of this header (a label that is ... is left out) and payload, with no good signature."""
    header = {label: value for label, value in header.items() if value is not ...}
    protected = encode(header)
    return encode(Tag(18, [protected, {}, payload if isinstance(payload, bytes) else encode(payload), bytes(64)]))


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
# for each map of the schema: key -> (values it must refuse, whether it may be left out)
MAPS = {
    "certificate": {
        1: (TEXT_WRONG, False),
        2: (TEXT_WRONG, False),
        4: (UINT_WRONG, True),
        6: (UINT_WRONG, False),
        7: ((bytes(15), bytes(17), "c" * 16), False),
        8: (CNF_WRONG, False),
        256: (UEID_WRONG, False),
        -70001: (CUSTODY_WRONG, False),
        -70002: (TEXT_WRONG, True),
        -70003: (HASH_WRONG, False),
        -70004: (QUALITY_WRONG, True),
    },
    "claims": {
        6: (UINT_WRONG, False),
        -70010: (UINT_WRONG, False),
        -70011: (tuple(wrong for wrong in HASH_WRONG if wrong is not None), False),
        -70012: (QUALITY_WRONG, False),
        -70013: (TEXT_WRONG, False),
    },
    "record": {
        -2: (TEXT_WRONG, True),
        -3: (NUMBER_WRONG, True),
        -4: (TEXT_WRONG, True),
        0: (TEXT_WRONG, True),
        1: (TEXT_WRONG, True),
        2: (NUMBER_WRONG, True),
        3: (TEXT_WRONG, True),
        4: ((0, 1, "true", None), True),
        8: (("text", 0, None), True),
        6: (NUMBER_WRONG, True),
    },
    "channel-open": {
        1: ((0, 2, True, "1", None), False),
        2: (HASH_WRONG, False),
        3: (HASH_WRONG, False),
        4: (HASH_WRONG, False),
        5: (TEXT_WRONG, False),
        6: (AMOUNT_WRONG, False),
        7: (UINT_WRONG, False),
        8: ((bytes(15), bytes(17), "n" * 16), False),
        9: (AMOUNT_WRONG, True),
        10: (TEXT_WRONG, True),
        11: (UINT_WRONG, True),
    },
    "voucher": {
        1: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        3: (UINT_WRONG, False),
        4: (AMOUNT_WRONG, False),
        5: (UINT_WRONG, True),
        6: (UINT_WRONG, True),
        7: (HASH_WRONG, True),
        8: (HASH_WRONG, True),
        9: (PAIRS_WRONG, True),
        10: (TICKS_WRONG, True),
    },
    "receipt": {
        1: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        3: (UINT_WRONG, False),
        4: (AMOUNT_WRONG, False),
        5: (HASH_WRONG, False),
    },
    "evidence": {
        8: (CNF_WRONG, False),
        10: (HASH_WRONG, False),
        256: (UEID_WRONG, False),
        -70001: (CUSTODY_WRONG, False),
        -70002: (TEXT_WRONG, False),
        -70013: (TEXT_WRONG, False),
    },
    "grant": {
        1: (HASH_WRONG, False),
        10: (HASH_WRONG, False),
        2: (CHAIN_WRONG, False),
        3: (KEY_WRONG, False),
        4: (HASH_WRONG, False),
        5: (UINT_WRONG, False),
        6: (POLICY_WRONG, True),
    },
    "command": {1: (HASH_WRONG, False), 2: (UINT_WRONG, False), 3: (TEXT_WRONG, False), 4: ((), True)},
    "channel-close": {1: (HASH_WRONG, False), 2: (UINT_WRONG, False)},
    "peer-proof": {
        1: (HASH_WRONG, False),
        2: (HASH_WRONG, False),
        10: (HASH_WRONG, False),
        11: (HASH_WRONG, False),
    },
    "firmware": {
        1: (TEXT_WRONG, False),
        2: (UINT_WRONG, False),
        3: (TEXT_WRONG, False),
        4: (TEXT_WRONG, False),
        5: (FILES_WRONG, False),
    },
    "factory-record": {
        1: (TEXT_WRONG, False),
        2: (TEXT_WRONG, False),
        6: (UINT_WRONG, False),
        8: (CNF_WRONG, False),
        256: (UEID_WRONG, False),
        -70001: (CUSTODY_WRONG, False),
        -70002: (TEXT_WRONG, False),
        -70010: (UINT_WRONG, False),
        -70011: (tuple(wrong for wrong in HASH_WRONG if wrong is not None), False),
        -70013: (TEXT_WRONG, False),
        -70020: (SELFTEST_WRONG, False),
        -70021: (HASH_WRONG, False),
    },
}


def message_with(name, change):
    """The raw message whose map `name` was put through `change`."""
    header, payload = split({"claims": "reading", "record": "reading"}.get(name, name))
    if name == "claims":
        return resigned({**header, 15: change(header[15])}, payload)
    if name == "record":
        return resigned(header, [change({-2: "a", -3: 1, -4: "A", 0: "n", 1: "A", 2: 1, 3: "", 4: True, 8: b"", 6: 1})])
    return resigned(header, change(payload))


def without(label):
    return lambda given: {key: value for key, value in given.items() if key != label}


ALL = [(name, label) for name, labels in MAPS.items() for label in labels]
