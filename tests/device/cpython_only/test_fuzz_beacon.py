"""Hostile datagrams on a beacon: nothing raises, none removes a seller that has proved itself, the table is bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rig import NOW, Issuer, provisioned
from seal import market, sightings
from seal.compat import ticks_ms
from test_offers import Stranger, raw, unsigned

DEVICE = provisioned(Issuer())
SELLER = Stranger(Issuer())
PROVED = raw(SELLER)
HEADS = st.one_of(
    st.just(bytes([market.OFFER]) + DEVICE.network[:8] + b"\0\0"),
    st.just(bytes([market.ASK]) + DEVICE.network[:8] + b"\0\0"),
    st.binary(max_size=12),
)
BODIES = st.one_of(
    st.binary(max_size=340),
    st.builds(unsigned, st.integers(0, 255), st.integers(0, 2**63 - 1), st.text(max_size=70)),
    st.builds(
        lambda at, value: PROVED[:at] + bytes([value]) + PROVED[at + 1 :],
        st.integers(0, len(PROVED) - 1),
        st.integers(0, 255),
    ),
)


@given(st.lists(st.tuples(HEADS, BODIES, st.integers(0, 30)), max_size=40))
@settings(max_examples=150, deadline=None)
def test_datagrams_of_strangers(datagrams):
    made = market.Market(DEVICE)
    made._shown = ticks_ms()
    made.table._parsed = sightings.Rate(1000, 10**9)
    made.table._verified = sightings.Rate(1000, 10**9)
    made.table.hear(PROVED, None, "seller", NOW)
    made.table.seen[0].prove(SELLER.public)
    stand = market._Stand(None, None)
    for head, body, source in datagrams:
        made.hear(stand, source, None, head + body)
    assert len(made.table.seen) <= sightings.MAX_OFFERS
    proved = [seen for seen in made.table.seen if seen.public is not None]
    assert [(seen.seller, seen.price, seen.address) for seen in proved] == [(SELLER.device_id, 5, "udp:h:1")]
    sources = [seen.source for seen in made.table.seen if seen.public is None]
    assert all(sources.count(source) <= sightings.PER_SOURCE for source in sources)
    assert all(len(seen.raw) <= sightings.MAX_BYTES for seen in made.table.seen)
