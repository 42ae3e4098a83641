"""A sample of `make campaign-frames`, new each time: no reset, no growth, no change, no refusal without a code."""

import os

import littlefs
from hostile import run
from hostile_frames import KINDS
from seal.errors import BadSignature, Malformed

COUNT = 3000


def test_a_sample_of_hostile_frames():
    littlefs.BLOCKS = 64
    seed = int.from_bytes(os.urandom(3), "big")
    print("seed", seed)  # a failure names it
    attack = run(COUNT, seed)
    assert attack.sent == COUNT and set(attack.kinds) == set(KINDS)
    assert attack.refused[Malformed.code] > COUNT // 20 and attack.refused[BadSignature.code] > 0
    assert attack.accepted > COUNT // 50, "what is public is answered all the same"
