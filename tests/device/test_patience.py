"""How long a client waits for its reply: a time of silence, begun anew by signs of life and by nothing else."""

import asyncio

from cable import End
from check import raises
from seal import link, rpc
from seal.errors import Unreachable

SECONDS = 1


def asked(*said):
    """What a request comes to whose other end says these, each after 0.6 of the client's time."""

    async def main():
        near, far = End(), End()
        near.other, far.other = far, near

        async def other_end():
            for one in said:
                await asyncio.sleep(0.6 * SECONDS)
                far.write(one)

        task = asyncio.create_task(other_end())
        try:
            return await rpc.Client(near, near, SECONDS).call(rpc.HELLO, None)
        finally:
            task.cancel()

    return asyncio.run(main())


REPLY = link.pack(1, rpc.REPLY, "done")
OTHER = link.pack(7, rpc.REPLY, "of another")


def test_signs_of_life_are_waited_for():
    assert asked(b"\x00", b"\x00\x00", b"\x00", REPLY) == "done"


def test_anything_else_is_none():
    for noise in (b"x", OTHER, b"\x00x"):
        assert str(raises(Unreachable, asked, noise, noise, REPLY)) == "no reply within 1 s"


def test_whatever_comes_it_ends():
    most, rpc.MAX_CALL_SECONDS = rpc.MAX_CALL_SECONDS, 2
    try:
        raises(Unreachable, asked, *[b"\x00"] * 6)
    finally:
        rpc.MAX_CALL_SECONDS = most
