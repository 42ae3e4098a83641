"""Strangers on a link: however many connect, silent or talking, one who has proved something keeps its place."""

import asyncio

from cable import End
from links import places
from links.places import PLACES, STRANGERS, Places
from rig import Issuer, provisioned
from seal import app, rpc
from seal.link import pack
from seal.service import Service

SPOKE, PEER, OWNER = 1, 2, 3


def inside(crowd):
    return [place.connection for place in crowd._places]


def test_the_oldest_stranger_ends_for_a_newcomer():
    crowd = Places()
    assert [crowd.enter(n) for n in range(PLACES)] == [None] * PLACES
    assert [crowd.enter(n) for n in range(PLACES, 20)] == list(range(20 - PLACES))


def test_an_owner_stays_through_any_number_of_newcomers():
    for rank in (0, SPOKE, PEER):
        crowd = Places()
        crowd.enter("owner")
        crowd.keep("owner", OWNER)
        for n in range(100):
            assert crowd.enter(n) != "owner"
            crowd.keep(n, rank)
        assert "owner" in inside(crowd) and len(inside(crowd)) == PLACES


def test_those_who_speak_do_not_end_for_those_who_do_not():
    crowd = Places()
    crowd.enter("host")
    crowd.keep("host", SPOKE)
    for n in range(100):
        assert crowd.enter(n) != "host"


def test_one_host_ends_no_connection_of_another():
    crowd = Places()
    crowd.enter("host", b"near")
    for n in range(100):
        assert crowd.enter(n, b"far") != "host"
        crowd.keep(n, SPOKE)
    crowd.keep("host", SPOKE)
    for n in range(100):
        assert crowd.enter(n, b"far") != "host"
        crowd.keep(n, SPOKE)
    assert "host" in [place.connection for place in crowd._places if place.rank]


def test_owners_alone_cannot_take_every_place():
    crowd = Places()
    for n in range(PLACES):
        crowd.enter(n)
        crowd.keep(n, OWNER)
    kept = PLACES - STRANGERS
    assert [place.connection for place in crowd._places if place.rank] == list(range(PLACES - kept, PLACES))
    assert [crowd.enter(n) for n in "abcd"] == [0, 1, "a", "b"]


def test_a_lower_rank_takes_no_place_of_a_higher_one():
    crowd = Places()
    for n in range(PLACES - STRANGERS):
        crowd.enter(n)
        crowd.keep(n, PEER)
    crowd.enter("talker")
    crowd.keep("talker", SPOKE)
    crowd.enter("a")
    assert crowd.enter("b") == "talker"
    crowd.enter("owner")
    crowd.keep("owner", OWNER)
    assert crowd.enter("c") == 0 and crowd.enter("d") == "b", "the oldest peer was a stranger again"


def test_a_rank_does_not_fall():
    crowd = Places()
    crowd.enter("owner")
    crowd.keep("owner", OWNER)
    crowd.keep("owner", SPOKE)
    assert crowd._places[0].rank == OWNER
    crowd.keep("of another link", OWNER)
    crowd.leave("owner")
    crowd.leave("owner")
    assert not inside(crowd)


def test_a_silent_stranger_is_stale_and_others_are_not():
    crowd, real, now = Places(), places.ticks_ms, [0]
    places.ticks_ms = lambda: now[0]
    try:
        for name in ("silent", "owner", "talker"):
            crowd.enter(name)
        crowd.keep("owner", OWNER)
        now[0] = places.STRANGER_SECONDS * 1000
        assert crowd.stale() == []
        crowd.keep("talker", SPOKE)
        now[0] += 1
        assert crowd.stale() == ["silent"]
    finally:
        places.ticks_ms = real


def ranks(*frames):
    """What a connection of a provisioned device is kept for, after each of these frames."""
    issuer = Issuer()
    device = provisioned(issuer)
    handlers, given = Service(device).handlers(), []

    async def main():
        near, far = End(), End()
        near.other, far.other = far, near
        task = asyncio.create_task(
            app._serve_requests(device, far, far, handlers, lambda writer, rank: given.append((writer is far, rank)))
        )
        for frame in frames:
            near.write(frame(issuer, device) if callable(frame) else frame)
            await asyncio.sleep(0.05)
        near.close()
        await task

    asyncio.run(main())
    return given


def test_only_an_accepted_command_makes_an_owner():
    def command(issuer, device):
        return pack(1, rpc.COMMAND, issuer.command(device, "interval", 7))

    again = []

    def replay(issuer, device):
        if not again:
            again.append(command(issuer, device))
        return again[0]

    nonsense = pack(1, rpc.COMMAND, b"\x00")
    assert ranks(b"\x01" * 3000, b"\x00", pack(1, rpc.INFO, None)) == [(True, SPOKE)] * 2, "bytes are no request"
    accepted = [(True, SPOKE), (True, OWNER)]
    assert ranks(nonsense, replay, replay) == [(True, SPOKE)] * 2 + accepted + [(True, SPOKE)] * 2
