"""Listening with proof by chain: what comes within a look is proved at its end, and nothing waits beyond it."""

from sealwright.link.broker import Broker as Address
from sealwright.operate import proving
from sealwright.operate.collecting import Collector
from sealwright.operate.listening import Listener
from sealwright.wire.keys import PrivateKey, PublicKey
from sealwright.wire.messages import parse_message, sign_message

from tests.host_tools.operate.test_listening import place, seqs  # noqa: F401 - a fixture


def test_a_run_is_proved_by_one_signature_before_it_is_given(place, monkeypatch):  # noqa: F811
    home, broker, authority, make = place
    monkeypatch.setattr(proving.os, "urandom", lambda size: b"\xff" * size)
    device = make(shows=7)
    device.introduce()
    warned = []
    collector = Collector(proof="chained")
    listener = Listener(home, Address("127.0.0.1", broker.port, authority=authority.path), collector, warned.append)
    checked, plain = [], PublicKey.verify
    monkeypatch.setattr(PublicKey, "verify", lambda *its: (checked.append(its[1]), plain(*its))[1])
    try:
        readings = {number: device.reading(number) for number in range(1, 8)}
        digests = {number: parse_message(raw).digest for number, raw in readings.items()}
        for number in range(1, 6):
            device.say("readings", readings[number])
        found = []
        while len(seqs(found, device)) < 5:
            found += listener.look(1)
        (heard,) = listener.heard.values()
        assert not heard.pending and (heard.seq, heard.digest) == (5, digests[5])
        runs = [number for number, digest in digests.items() if digest in checked]
        assert 5 in runs and len(runs) < 5, "one signature a look, and all came within a few looks"
        # somebody else's reading at the end of a run is refused alone, and the device is asked for the real one
        device.say("readings", readings[6])
        stranger = sign_message(PrivateKey.generate(), parse_message(readings[7]).body)
        device.say("readings", stranger.raw.replace(stranger.kid, parse_message(readings[7]).kid))
        while len(seqs(found, device)) < 7:
            found += listener.look(0.5)
            assert heard.seq <= len(seqs(found, device)), "what may be acknowledged was given, and proved"
        assert [raw for _, raw in found][-1] == readings[7] and "did not sign" in "".join(warned)
    finally:
        listener.close()
