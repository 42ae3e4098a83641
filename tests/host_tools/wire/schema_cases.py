"""Every map of the schema, key by key, with values that each key must refuse: what the strictness tests run on.

`message_with` makes a message whose one map was changed; nobody signs it, because reading checks form alone.
"""

from tests.host_tools.wire.schema_messages import resigned, split
from tests.host_tools.wire.schema_wrong import (
    AMOUNT_WRONG,
    ASSET_WRONG,
    CHAIN_WRONG,
    CHIP_WRONG,
    CLAIMS_WRONG,
    CNF_WRONG,
    CUSTODY_WRONG,
    ENDS_WRONG,
    FILES_WRONG,
    HASH_WRONG,
    KEY_WRONG,
    NUMBER_WRONG,
    PAIRS_WRONG,
    PLACE_WRONG,
    POLICY_WRONG,
    QUALITY_WRONG,
    SELFTEST_WRONG,
    TEXT_WRONG,
    TICK_WRONG,
    TICKS_WRONG,
    UEID_WRONG,
    UINT_WRONG,
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
        -70005: (UINT_WRONG, True),
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
        12: (HASH_WRONG, True),
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
        6: (TICK_WRONG, True),
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
        7: (CHAIN_WRONG, True),
    },
    "command": {
        1: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        3: (TEXT_WRONG, False),
        4: ((), True),
        5: (UINT_WRONG, True),
        6: (HASH_WRONG, True),
        7: (HASH_WRONG, True),
    },
    "channel-close": {1: (HASH_WRONG, False), 2: (UINT_WRONG, False), 3: (CLAIMS_WRONG, True)},
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
        -70031: (CHIP_WRONG, True),
    },
    "funding": {1: (HASH_WRONG, False), 2: (AMOUNT_WRONG, False), 6: (UINT_WRONG, False)},
    "refund": {1: (HASH_WRONG, False), 2: (AMOUNT_WRONG, False), 6: (UINT_WRONG, False)},
    "status": {
        1: (HASH_WRONG, False),
        10: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        3: (UINT_WRONG, False),
        4: (tuple(wrong for wrong in HASH_WRONG if wrong is not None), False),
        6: (UINT_WRONG, False),
        -70012: (QUALITY_WRONG, False),
        -70013: (TEXT_WRONG, False),
        5: ((*TICK_WRONG, [0, bytes(32)]), True),
        7: (UINT_WRONG, True),
    },
    "revocation": {1: (HASH_WRONG, False), 2: ((-1, 5, True, "0", None), False), 6: (UINT_WRONG, False)},
    "offer": {
        1: (HASH_WRONG, False),
        2: (TEXT_WRONG, False),
        3: (AMOUNT_WRONG, False),
        4: (ASSET_WRONG, False),
        5: (UINT_WRONG, False),
        6: (UINT_WRONG, False),
        7: (TEXT_WRONG, True),
        8: (AMOUNT_WRONG, True),
    },
    "checkpoint": {
        1: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        3: (HASH_WRONG, False),
        4: (HASH_WRONG, True),
        5: (ENDS_WRONG, True),
        6: (UINT_WRONG, False),
    },
    "division": {1: (HASH_WRONG, False), 2: (UINT_WRONG, False), 3: (UINT_WRONG, False), 6: (UINT_WRONG, False)},
    "shift": {
        1: (HASH_WRONG, False),
        2: (HASH_WRONG, False),
        3: (TEXT_WRONG, False),
        4: (AMOUNT_WRONG, False),
        5: (PLACE_WRONG, False),
        6: (UINT_WRONG, False),
        7: (PLACE_WRONG, False),
    },
    "rotation": {
        1: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        6: (UINT_WRONG, False),
        8: (CNF_WRONG, False),
        -70010: (UINT_WRONG, True),
        -70011: (HASH_WRONG, True),
    },
    "transfer": {
        1: (HASH_WRONG, False),
        2: ((*UINT_WRONG, 0), False),
        3: (KEY_WRONG, False),
        6: (UINT_WRONG, False),
        8: (CNF_WRONG, False),
    },
    "delegation": {
        1: (HASH_WRONG, False),
        2: (UINT_WRONG, False),
        3: ((None, [], {}, "pause", *([wrong] for wrong in TEXT_WRONG)), False),
        5: (UINT_WRONG, False),
        6: (UINT_WRONG, False),
        8: (CNF_WRONG, False),
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
