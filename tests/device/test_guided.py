"""Inputs by which a fuzzer that follows coverage reached more of the device's code, see `guided`. None broke anything;
what a later run finds comes here."""

from binascii import unhexlify

from guided_targets import TARGETS

INPUTS = {
    "cbor": (
        "39",
        "80",
        "62e10b",
        "62ffc7",
        "81818183",
        "a160a16060",
        "a33000000000f1",
        "a301c401c4c40024",
        "81818183008083008000",
        "6b34342b2b00000000f883810100",
        "81830083818484f4f40684f4f4f4f4f4f400f4f4f4",
        "84830a84868484a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0",
    ),
    "link": (
        "00",
        "d2d2f62a00",
        "83012e2a26",
        "8300f50001",
        "8300fdfd00",
        "830000600140",
        "a20063f0024a",
        "a2413ba22461022b",
        "d2d2d2d2d2d2d22ad22a",
        "838340408383408340f14160",
        "a00052000500390000520005003900",
        "800000a0005200000500390040000000520005003900",
    ),
    "rpc": (
        "0a",
        "0710",
        "0200",
        "0580",
        "6161d061",
        "9f84f4f4f4f4",
        "a1a1a1a10100",
        "3aa2414141414141",
        "3aa22ca12800a22ca12800",
        "a084a084a1a1a1a1a1a1a1a10e0a",
        "72727272c6a1ff00000000ffa0843001a08431ff",
        "9f84696908696969f1a19f84696948086908e19fa0845b5fffff7f08",
    ),
}


def test_inputs_that_reached_far_break_nothing():
    for name, texts in INPUTS.items():
        for text in texts:
            TARGETS[name](unhexlify(text))
