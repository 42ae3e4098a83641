"""RFC 8949 Appendix A, "Examples of Encoded CBOR Data Items": the published table, in its order.

Rows are (hex, admitted, value). `admitted` says whether Sealwright's profile takes the item: core deterministic CBOR
without floats, bignums, undefined, other simple values, or tags but 4 and 18. `value` is what an admitted item decodes
to and None for the others. Plain data, so that CPython and MicroPython run on the same table.
"""

ONE_TO_25 = list(range(1, 26))

ROWS = (
    # unsigned and negative integers
    ("00", True, 0),
    ("01", True, 1),
    ("0a", True, 10),
    ("17", True, 23),
    ("1818", True, 24),
    ("1819", True, 25),
    ("1864", True, 100),
    ("1903e8", True, 1000),
    ("1a000f4240", True, 1000000),
    ("1b000000e8d4a51000", True, 1000000000000),
    ("1bffffffffffffffff", True, 18446744073709551615),
    ("c249010000000000000000", False, None),  # 18446744073709551616, a bignum
    ("3bffffffffffffffff", True, -18446744073709551616),
    ("c349010000000000000000", False, None),  # -18446744073709551617, a bignum
    ("20", True, -1),
    ("29", True, -10),
    ("3863", True, -100),
    ("3903e7", True, -1000),
    # floating point
    ("f90000", False, None),  # 0.0
    ("f98000", False, None),  # -0.0
    ("f93c00", False, None),  # 1.0
    ("fb3ff199999999999a", False, None),  # 1.1
    ("f93e00", False, None),  # 1.5
    ("f97bff", False, None),  # 65504.0
    ("fa47c35000", False, None),  # 100000.0
    ("fa7f7fffff", False, None),  # 3.4028234663852886e+38
    ("fb7e37e43c8800759c", False, None),  # 1.0e+300
    ("f90001", False, None),  # 5.960464477539063e-8
    ("f90400", False, None),  # 0.00006103515625
    ("f9c400", False, None),  # -4.0
    ("fbc010666666666666", False, None),  # -4.1
    ("f97c00", False, None),  # Infinity
    ("f97e00", False, None),  # NaN
    ("f9fc00", False, None),  # -Infinity
    ("fa7f800000", False, None),  # Infinity
    ("fa7fc00000", False, None),  # NaN
    ("faff800000", False, None),  # -Infinity
    ("fb7ff0000000000000", False, None),  # Infinity
    ("fb7ff8000000000000", False, None),  # NaN
    ("fbfff0000000000000", False, None),  # -Infinity
    # simple values
    ("f4", True, False),
    ("f5", True, True),
    ("f6", True, None),
    ("f7", False, None),  # undefined
    ("f0", False, None),  # simple(16)
    ("f8ff", False, None),  # simple(255)
    # tags
    ("c074323031332d30332d32315432303a30343a30305a", False, None),  # 0("2013-03-21T20:04:00Z")
    ("c11a514b67b0", False, None),  # 1(1363896240)
    ("c1fb41d452d9ec200000", False, None),  # 1(1363896240.5)
    ("d74401020304", False, None),  # 23(h'01020304')
    ("d818456449455446", False, None),  # 24(h'6449455446')
    ("d82076687474703a2f2f7777772e6578616d706c652e636f6d", False, None),  # 32("http://www.example.com")
    # strings
    ("40", True, b""),
    ("4401020304", True, b"\x01\x02\x03\x04"),
    ("60", True, ""),
    ("6161", True, "a"),
    ("6449455446", True, "IETF"),
    ("62225c", True, '"\\'),
    ("62c3bc", True, "\u00fc"),
    ("63e6b0b4", True, "\u6c34"),
    ("64f0908591", True, "\U00010151"),
    # arrays and maps
    ("80", True, []),
    ("83010203", True, [1, 2, 3]),
    ("8301820203820405", True, [1, [2, 3], [4, 5]]),
    ("98190102030405060708090a0b0c0d0e0f101112131415161718181819", True, ONE_TO_25),
    ("a0", True, {}),
    ("a201020304", True, {1: 2, 3: 4}),
    ("a26161016162820203", True, {"a": 1, "b": [2, 3]}),
    ("826161a161626163", True, ["a", {"b": "c"}]),
    (
        "a56161614161626142616361436164614461656145",
        True,
        {"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"},
    ),
    # indefinite lengths
    ("5f42010243030405ff", False, None),  # (_ h'0102', h'030405')
    ("7f657374726561646d696e67ff", False, None),  # (_ "strea", "ming")
    ("9fff", False, None),  # [_ ]
    ("9f018202039f0405ffff", False, None),  # [_ 1, [2, 3], [_ 4, 5]]
    ("9f01820203820405ff", False, None),  # [_ 1, [2, 3], [4, 5]]
    ("83018202039f0405ff", False, None),  # [1, [2, 3], [_ 4, 5]]
    ("83019f0203ff820405", False, None),  # [1, [_ 2, 3], [4, 5]]
    ("9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", False, None),  # [_ 1, 2, 3, ... 25]
    ("bf61610161629f0203ffff", False, None),  # {_ "a": 1, "b": [_ 2, 3]}
    ("826161bf61626163ff", False, None),  # ["a", {_ "b": "c"}]
    ("bf6346756ef563416d7421ff", False, None),  # {_ "Fun": true, "Amt": -2}
)
