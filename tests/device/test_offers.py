"""Offers as they are announced and heard: sizes, the bounded table, floods and forgeries."""

import os

from check import raises
from rig import NOW, Issuer, provisioned
from seal import channel, cose, identity, labels, messages, offers, sightings
from seal.compat import ticks_add, ticks_ms
from seal.errors import BadSignature, Malformed

FRAME = 250 - 11  # of ESP-NOW, without the head of a datagram
LAST = 4_102_444_799  # the last second that a clock here can have


class Stranger:
    """A seller without a board: its key is a slot of the issuer's keystore, to save time."""

    def __init__(self, issuer):
        self.signer = issuer.owner
        self.device_id = identity.device_id(issuer.owner_public)
        self.public = issuer.owner_public


def raw(seller, address="udp:h:1", price=5, now=NOW, **changes):
    """A signed offer. changes: claims by number, as c5=..."""
    claims = {1: seller.device_id, 2: "J", 3: price, 4: "nEUR", 5: now + 600, 6: now, 7: address}
    claims.update({int(name[1:]): value for name, value in changes.items()})
    return seller.signer.sign(labels.OFFER, claims)[0]


def unsigned(number, price=5, address=None):
    """An offer that nobody signed, of a device that does not exist."""
    device = bytes([number]) * 32
    claims = {1: device, 2: "J", 3: price, 4: "nEUR", 5: NOW + 600, 6: NOW, 7: address or "udp:h:%d" % number}
    protected, payload = cose.build(labels.OFFER, device[:8], claims)
    return cose.envelope(protected, payload, bytes(64))


def sellers(table):
    return [seen.seller[0] for seen in table.seen]


def test_longest_offer_fits_a_frame_of_esp_now():
    seller = Stranger(Issuer())
    longest = channel.Offer("A" * 32, "u" * 32, labels.MAX_AMOUNT)
    for address in ("espnow:0123456789ab", "udp:255.255.255.255:65535"):
        made = offers.sign(seller.signer, seller.device_id, longest, address, LAST, FRAME)
        seen = sightings.Seen(made, "espnow:ba9876543210", "s")
        assert len(made) <= FRAME
        assert seen.address == (address if address.startswith("espnow") else "espnow:ba9876543210")
    messages.parse(made, labels.OFFER).verify(seller.public)
    too_long = channel.Offer("A" * 33, "J", 1)
    assert offers.sign(seller.signer, seller.device_id, too_long, "udp:h:1", NOW, FRAME) is None
    wide = channel.Offer("A", "\u20ac" * 11, 1)
    assert offers.sign(seller.signer, seller.device_id, longest, "udp:h:1", NOW, 200) is None
    assert offers.sign(seller.signer, seller.device_id, wide, "udp:h:1", NOW, FRAME) is None


def test_malformed_offers_are_not_kept():
    seller = Stranger(Issuer())
    table = sightings.Table()
    good = raw(seller)
    bad = [b"", b"\x00" * 50, good[:-1], good + b"\x00", b"\xd2" + os.urandom(200), good[:3] + good[2:]]
    bad += [raw(seller, c2="u" * 33), raw(seller, c7="t" * 65), raw(seller, c5=NOW + 3601), raw(seller, c5=NOW - 1)]
    bad += [raw(seller, c1=bytes(32)), raw(seller, c6=0), raw(seller, c9=1), raw(seller, c7="x" * 200)]
    for wrong in bad:
        table._parsed = sightings.Rate(1000, 1)
        assert not table.hear(wrong, None, "s", NOW), wrong
    assert table.seen == [] and table.dropped == len(bad)
    without = cose.parse(good).payload
    del without[7]
    nameless = seller.signer.sign(labels.OFFER, without)[0]
    raises(Malformed, sightings.Seen, nameless, None, "s")
    assert sightings.Seen(nameless, "espnow:00", "s").address == "espnow:00"


def test_offer_is_good_for_its_time():
    seller = Stranger(Issuer())
    table = sightings.Table()
    assert not table.hear(raw(seller, now=NOW + 301), None, "s", NOW), "from the future"
    assert not table.hear(raw(seller, now=NOW - 601), None, "s", NOW), "from the past"
    assert table.hear(raw(seller), None, "s", NOW)
    table.expire(NOW + 600)
    assert table.seen
    table.expire(NOW + 601)
    assert not table.seen
    assert table.hear(raw(seller, now=NOW - 10**6), None, "s", None), "a clock that is not set cannot tell"
    table.seen[0].heard = ticks_add(ticks_ms(), -602000)
    table.expire(None)
    assert not table.seen, "but how long ago it was heard ends it"


def test_flood_of_strangers_displaces_strangers_alone():
    seller = Stranger(Issuer())
    table = sightings.Table()
    table.hear(raw(seller), None, "seller", NOW)
    table.seen[0].prove(seller.public)
    for number in range(1, 200):
        table._parsed = sightings.Rate(1000, 1)
        table.hear(unsigned(number), None, "source %d" % number, NOW)
    assert len(table.seen) == sightings.MAX_OFFERS and table.seen[0].public == seller.public
    assert table.seen[0].seller == seller.device_id


def test_source_has_few_places():
    table = sightings.Table()
    for number in range(1, 7):
        table.hear(unsigned(number), None, "one", NOW)
    table.hear(unsigned(99), None, "other", NOW)
    assert sellers(table) == [3, 4, 5, 6, 99]


def test_first_of_those_heard_in_one_millisecond_goes_first_though_time_passes():
    table = sightings.Table()
    for number in range(1, 5):
        table.hear(unsigned(number), None, "one", NOW)
    real, now = sightings.ticks_ms, [ticks_ms()]
    for seen in table.seen:
        seen.heard = now[0]

    def stepping():
        now[0] = ticks_add(now[0], 1)
        return now[0]

    sightings.ticks_ms = stepping
    try:
        table.hear(unsigned(5), None, "one", NOW)
    finally:
        sightings.ticks_ms = real
    assert sellers(table) == [2, 3, 4, 5]


def test_full_table_of_proved_sellers_takes_no_stranger():
    seller = Stranger(Issuer())
    table = sightings.Table()
    for number in range(sightings.MAX_OFFERS):
        table._parsed = sightings.Rate(1000, 1)
        table.hear(raw(seller, address="udp:h:%d" % number), None, number, NOW)
        table.seen[-1].public = seller.public
    assert not table.hear(unsigned(7), None, "s", NOW)
    assert len(table.seen) == sightings.MAX_OFFERS


def test_parses_are_bounded_and_known_bytes_cost_none():
    table = sightings.Table()
    first = unsigned(1)
    table.hear(first, None, "s", NOW)
    for number in range(2, 50):
        table.hear(unsigned(number), None, number, NOW)
    assert len(table.seen) <= sightings.MOST_PARSED
    dropped = table.dropped
    assert dropped >= 49 - sightings.MOST_PARSED
    assert table.hear(first, None, "s", NOW) and table.dropped == dropped


def test_proved_seller_is_renewed_by_its_own_signature_alone():
    issuer = Issuer()
    seller = Stranger(issuer)
    table = sightings.Table()
    table.hear(raw(seller), None, "s", NOW)
    (seen,) = table.seen
    seen.prove(seller.public)
    forged = issuer.signer
    claims = cose.parse(raw(seller, price=1, now=NOW + 2)).payload
    fake = cose.Signer(issuer.keys, 0, seller.device_id[:8]).sign(labels.OFFER, claims)[0]
    assert forged is not None and not table.hear(fake, None, "s", NOW) and seen.price == 5
    assert not table.hear(raw(seller, price=6, now=NOW + 3), None, "s", NOW), "one signature in five seconds"
    table._verified = sightings.Rate(1000, 1)
    assert table.hear(raw(seller, price=6, now=NOW + 3), None, "s", NOW) and seen.price == 6
    table._verified = sightings.Rate(1000, 1)
    assert not table.hear(raw(seller, price=7, now=NOW + 1), None, "s", NOW), "an older one"


def test_forged_offer_waits_for_its_sellers_own():
    issuer = Issuer()
    seller = Stranger(issuer)
    table = sightings.Table()
    claims = cose.parse(raw(seller, price=1, now=NOW + 100)).payload
    fake = cose.Signer(issuer.keys, 0, seller.device_id[:8]).sign(labels.OFFER, claims)[0]
    assert table.hear(fake, None, "s", NOW)
    (seen,) = table.seen
    raises(BadSignature, seen.prove, seller.public)
    assert seen.is_forged() and seen.price == labels.MAX_AMOUNT
    assert table.hear(raw(seller), None, "s", NOW), "though it was made before"
    assert not seen.is_forged() and seen.price == 5


def test_failures_pause_for_longer_each_time():
    seen = sightings.Seen(unsigned(1), None, "s")
    pauses = []
    for _ in range(9):
        seen.fail(24)
        assert seen.is_paused() and seen.code == 24
        pauses.append(round(seen.pause_left() / 1000))
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 640, 640]
    seen.succeed()
    assert not seen.is_paused() and seen.code is None


def test_offer_of_device_is_signed_by_it():
    device = provisioned(Issuer())
    made = offers.sign(device.signer, device.device_id, channel.Offer("nEUR", "J", 7), "udp:h:1", NOW, FRAME)
    message = messages.parse(made, labels.OFFER).verify(device.public)
    assert message.payload == {1: device.device_id, 2: "J", 3: 7, 4: "nEUR", 5: NOW + 600, 6: NOW, 7: "udp:h:1"}
