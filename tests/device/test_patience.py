"""A client's timeout: restarted by signs of life only."""

import asyncio

from cable import End
from check import raises
from seal import link, rpc
from seal.errors import Unreachable

SECONDS = 2
PAUSE = 0.6  # far enough below it that a busy machine does not make up the difference


def asked(*said):
    """The outcome of a request whose peer sends these pieces, with a pause before each."""

    async def main():
        near, far = End(), End()
        near.other, far.other = far, near

        async def other_end():
            for one in said:
                await asyncio.sleep(PAUSE)
                far.write(one)

        task = asyncio.create_task(other_end())
        try:
            return await rpc.Client(near, near, SECONDS).call(rpc.HELLO, None)
        finally:
            task.cancel()

    return asyncio.run(main())


REPLY = link.pack(1, rpc.REPLY, "done")
OTHER = link.pack(7, rpc.REPLY, "of another")


def test_signs_of_life_extend_timeout():
    assert asked(b"\x00", b"\x00\x00", b"\x00", b"\x00", REPLY) == "done"


def test_other_bytes_are_no_sign_of_life():
    for noise in (b"x", OTHER, b"\x00x"):
        assert str(raises(Unreachable, asked, noise, noise, noise, REPLY)) == "no reply within 2 s"


def test_total_wait_is_limited():
    most, rpc.MAX_CALL_SECONDS = rpc.MAX_CALL_SECONDS, 4
    try:
        raises(Unreachable, asked, *[b"\x00"] * 12)
    finally:
        rpc.MAX_CALL_SECONDS = most
