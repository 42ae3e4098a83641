"""Where one second, one number or one digest decides: both verifiers draw the line in the same place."""

from dataclasses import replace

import pytest
from sealwright.verify import Policy
from sealwright.wire.messages import ChannelOpen, Delegation, Offer, sign_message

from tests.host_tools import world
from tests.host_tools.factory import DAY, NOW, hash32, key
from tests.host_tools.rotated import after, rotation
from tests.host_tools.web.drawing import codes_of
from tests.host_tools.web.judging import Job, alike, needs_node

pytestmark = needs_node
AHEAD = (0, 299, 300, 301)  # seconds that a clock is ahead of the checker's


def job(messages, at=NOW, **more):
    return Job(b"".join(message if isinstance(message, bytes) else message.raw for message in messages),
               (world.NET.root,), Policy(at=at, **more))  # fmt: skip


def codes(jobs):
    return set(codes_of(alike(jobs)))


def flipped(message):
    return message.raw[:-1] + bytes((message.raw[-1] ^ 1,))


def test_clocks_that_are_ahead():
    owner, net, jobs = key("owner"), world.NET, []
    for ahead in AHEAD:
        device = net.device("ahead", issued_at=NOW + ahead)
        steady = net.device("steady")
        given = Delegation(steady.id, 0, ("pause",), NOW + ahead - 300, NOW, key("operator").public)
        jobs.append(job([device.certificate, net.grant(device), net.revoke(device, revoked_from=NOW + ahead)]))
        jobs.append(job([steady.certificate, net.grant(steady, issued_at=NOW + ahead)]))
        jobs.append(job([steady.certificate, net.revoke(steady, revoked_from=NOW + ahead), steady.peer_proof(device)]))
        jobs.append(job([steady.certificate, steady.reading(seq=1, prev=None, sampled_at=NOW + ahead)]))
        jobs.append(job([steady.certificate, rotation(steady, "next", rotated_at=NOW + ahead)]))
        jobs.append(job([sign_message(owner, given)], owners=(owner.public,)))
    assert codes(jobs) >= {"ok", "not_yet_valid", "expired", "revoked"}


@pytest.mark.parametrize("window", [0, 3 * DAY, 500 * DAY, None])
def test_ends_of_certificates_and_channels(window):
    payer, payee = world.NET.device("payer", expires=NOW + 5), world.NET.device("payee")
    opened = payer.open(payee, expires=NOW + 2, dispute_window=window)
    voucher = payer.voucher(opened, 5, not_before=NOW + 1, not_after=NOW + 3)
    whole = [payer.certificate, payee.certificate, opened, voucher, payee.close(opened)]
    offsets = [*range(7), 3 * DAY + 1, 3 * DAY + 2, 400 * DAY + 1, 400 * DAY + 2]
    alike([job(whole, NOW + offset, least_window=least) for offset in offsets for least in (0, 3 * DAY)])


def test_rotations_at_their_edges():
    device = world.NET.device("turner")
    first = [device.reading() for _ in range(2)]
    turns = {
        "good": rotation(device, "second"),
        "other digest": rotation(device, "second", prev=hash32("another")),
        "no digest": rotation(device, "second", prev=None),
        "earlier": rotation(device, "second", seq=1, prev=first[0].digest),
        "none": rotation(device, "second", seq=None, prev=None),
        "by another": sign_message(key("stranger"), rotation(device, "second").body),
    }
    later = after(device, "second")
    more = [
        later.reading(),
        later.peer_proof(device),
        rotation(later, "third", 2),
        flipped(rotation(later, "third", 2)),
    ]
    jobs = []
    for turn in turns.values():
        for each in (turn, flipped(turn)):
            jobs += [job([device.certificate, each, *first, *more]), job([device.certificate, *first, each, *more])]
    jobs += [job([device.certificate, rotation(device, "second", n)]) for n in (0, 1, 2, 3, 2**64 - 1)]
    jobs += [job([device.certificate, flipped(rotation(device, "second", n))]) for n in (0, 1, 2, 3, 2**64 - 1)]
    assert codes(jobs) >= {"ok", "bad_signature", "unknown_signer", "equivocation", "superseded_key", "bad_rotation"}


def test_as_many_rotations_as_a_device_has():
    device = world.NET.device("turns often")
    line = [device]
    turns = []
    for n in range(1, 11):
        turns.append(rotation(line[-1], f"turn {n}", n))
        line.append(after(line[-1], f"turn {n}"))
    back = rotation(line[3], device.key, 4)
    jobs = [job([device.certificate, *turns, one.reading(seq=1, prev=None)]) for one in line]
    assert codes([*jobs, job([device.certificate, *turns[:3], back]), job([device.certificate, *turns[::-1]])]) >= {
        "ok", "bad_rotation"
    }  # fmt: skip


def test_transfers_and_lanes_at_their_edges():
    owner, heir = key("owner"), key("heir")
    jobs = [job([world.transfer(owner, heir, n), world.transfer(heir, owner, n + 1)]) for n in (1, 14, 15, 16)]
    payer, payee = world.NET.device("payer"), world.NET.device("payee")
    opened = payer.open(payee)
    lanes = [payer.voucher(opened, 5, lane=lane) for lane in (0, 63, 64, 2**64 - 1)]
    offers = [sign_message(payer.key, Offer(one.id, "kWh", 1, "credit", NOW, NOW)) for one in (payer, payee)]
    foreign = sign_message(payee.key, replace(opened.body, payer=payee.id))
    assert isinstance(foreign.body, ChannelOpen)
    jobs.append(job([payer.certificate, payee.certificate, opened, *lanes, *offers, foreign]))
    assert codes(jobs) >= {"ok", "not_the_owner", "bad_lane", "not_a_party"}
