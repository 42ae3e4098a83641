"""What is remembered of a device's log, against devices and links that lie: frames in memory, real keys."""

import pytest
from sealwright.errors import Unreachable, Usage
from sealwright.home import Home
from sealwright.link.client import Client
from sealwright.link.frames import Frame, FrameReader, pack
from sealwright.link.labels import CHAIN, CHANNELS, INFO, READINGS, REPLY
from sealwright.operate import proving
from sealwright.operate.collecting import Collector, Source
from sealwright.operate.logs import Equivocation, Logs
from sealwright.wire.keys import PrivateKey, PublicKey
from sealwright.wire.messages import Status, parse_message, sign_message

from tests.host_tools.factory import NOW, Network

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


class Far:
    """The far end of a link: shows the `readings` it was given, and a status when there is a `reading_seq`."""

    def __init__(self, device, readings, reading_seq=None):
        self.device, self.shows, self.seq = device, readings, reading_seq
        self._frames, self._out = FrameReader(), b""

    def write(self, data):
        for frame in self._frames.feed(data):
            self._out += pack(Frame(frame.id, REPLY, self._answer(frame)))

    def _answer(self, frame):
        if frame.kind == CHAIN:
            return [self.device.certificate.raw]
        if frame.kind == CHANNELS:
            return [0]
        if frame.kind == READINGS:
            after, most = frame.item
            return [message.raw for message in self.shows if message.body.seq > after][:most]
        assert frame.kind == INFO
        return self._info(frame.item)

    def _info(self, nonce):
        status = Status(self.device.id, nonce, 0, self.seq or 0, None, NOW, 2, "0.1.0")
        return {
            **{"state": "provisioned", "fault": None, "firmware": "0.1.0", "model": "m", "custody": 0},
            **{"engine": "plain", "clock": [NOW, 2], "peer": None, "sensors": [], "device": self.device.id},
            **{"network": self.device.network, "command_seq": 0, "paused": False, "policy": None, "offer": None},
            **{"interval": 1, "reading_seq": 0, "acknowledged": 0, "sensor_fault": None, "trade_fault": None},
            **{"uplink": None, "bought": None, "order": None, "channels": [0, 0]},
            "status": sign_message(self.device.key, status).raw,
        }

    def read(self, _):
        out, self._out = self._out, b""
        return out

    def close(self):
        pass


@pytest.fixture
def home(tmp_path):
    return Home.init(tmp_path / "home", "fields")


@pytest.fixture
def device():
    return Network().device("station")


def collect(far, logs):
    """(the source, its readings) of one collection into a new bundle."""
    source, collector = Source(Client(far, "serial:x"), "station"), Collector(logs)
    collector.resume(source)
    found = list(collector.readings(source))
    logs.keep()
    return source, found


def test_what_another_signed_is_acknowledged_to_nobody(device, home):
    log = [device.reading() for _ in range(3)]
    forged = sign_message(PrivateKey.generate(), device.reading(seq=10**6).body)
    source, found = collect(Far(device, [*log, forged]), Logs(home))
    assert [parse_message(raw).body.seq for raw in found] == [1, 2, 3, 10**6], "a verifier will say what it is"
    assert (source.seq, source.digest) == (3, log[2].digest) and Logs(home).head(device.id).digest == log[2].digest
    forged = sign_message(PrivateKey.generate(), device.reading(7, seq=3).body)
    source, _ = collect(Far(device, [*log[:2], forged], reading_seq=3), Logs(home))
    assert source.fork is None and not (home.folder / "forks").exists(), "nobody is accused by a stranger"


def test_a_newest_reading_that_was_pruned_or_lost_accuses_nobody(device, home):
    log = [device.reading() for _ in range(5)]
    collect(Far(device, log[:3]), Logs(home))
    for shows, reading_seq in (([], 3), ([], 16), (log[:2], 16), (log[3:], 5)):
        source, _ = collect(Far(device, shows, reading_seq), Logs(home))
        assert source.fork is None, (shows, reading_seq)


def test_a_log_that_is_shorter_than_it_was_is_proved_by_its_status(device, home):
    log = [device.reading() for _ in range(3)]
    collect(Far(device, log), Logs(home))
    source = Source(Client(Far(device, log[:2], 2), "serial:x"), "station")
    with pytest.raises(Equivocation) as caught:
        list(Collector(Logs(home)).readings(source))
    fork = caught.value
    assert source.fork is fork and fork.exit_code == 1 and fork.second.body.reading_seq == 2
    assert fork.proof.read_bytes().endswith(fork.first.raw + fork.second.raw) and str(fork.proof) in fork.remedy
    assert list(Collector(Logs(home)).readings(source)) == [], "no more of it"


def test_a_damaged_head_is_named_and_stops_it(device, home):
    log = [device.reading() for _ in range(2)]
    collect(Far(device, log), Logs(home))
    (path,) = (home.folder / "heads").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Usage, match="damaged") as caught:
        collect(Far(device, log), Logs(home))
    assert caught.value.code == "bad_heads" and str(path) in str(caught.value)


def test_a_second_signature_makes_no_other_reading(device, home):
    reading = device.reading()
    s = int.from_bytes(reading.raw[-32:], "big")
    again = parse_message(reading.raw[:-32] + (ORDER - s).to_bytes(32, "big"))
    assert again.signed_by(device.key.public) and again.raw != reading.raw and again.digest == reading.digest
    collect(Far(device, [reading]), Logs(home))
    assert collect(Far(device, [again], 1), Logs(home))[0].fork is None


# runs of readings, proved by one signature


def forged(message):
    """The same reading with another signature, which is wrong."""
    return parse_message(message.raw[:-1] + bytes((message.raw[-1] ^ 1,)))


def chained(far, logs, monkeypatch, drawn=b"\xff"):
    """(the source, its readings, the digests whose signatures were checked) of a collection by chain."""
    monkeypatch.setattr(proving.os, "urandom", lambda size: drawn * size)
    monkeypatch.setattr(proving, "SECONDS", 1e9)
    checked, plain = [], PublicKey.verify
    monkeypatch.setattr(PublicKey, "verify", lambda *its: (checked.append(its[1]), plain(*its))[1])
    source, collector = Source(Client(far, "serial:x"), "station"), Collector(logs, "chained")
    collector.resume(source)
    found = list(collector.readings(source))
    logs.keep()
    return source, found, checked


def test_one_signature_proves_what_is_collected_and_acknowledged(device, home, monkeypatch):
    log = [device.reading() for _ in range(30)]
    source, found, checked = chained(Far(device, log), Logs(home), monkeypatch)
    assert found == [message.raw for message in log] and (source.seq, source.digest) == (30, log[-1].digest)
    assert set(checked) == {log[-1].digest}
    assert Logs(home).head(device.id).raw == log[-1].raw


def test_nothing_is_acknowledged_that_no_good_signature_proves(device, home, monkeypatch):
    log = [device.reading() for _ in range(30)]
    spoilt = [*log[:20], *map(forged, log[20:])]
    source, found, _ = chained(Far(device, spoilt), Logs(home), monkeypatch)
    assert found == [message.raw for message in spoilt], "a verifier will say what they are"
    assert (source.seq, source.digest) == (20, log[19].digest)
    assert Logs(home).head(device.id).raw == log[19].raw


def test_nothing_comes_out_before_its_run_is_proved(device, monkeypatch):
    """What is taken is what may be acknowledged: a run is whole, and its seal checked, before its first reading."""
    monkeypatch.setattr(proving, "SECONDS", 1e9)
    shown, taken = [], []
    log = [device.reading() for _ in range(proving.EVERY + 5)]
    raws = (shown.append(n) or message.raw for n, message in enumerate(log))
    for run in proving.gathered(raws, "chained"):
        for proved in proving.prove(device.key.public, run):
            taken.append((proved.message.body.seq, len(shown), proved.by_chain))
    assert taken[0][1:] == (proving.EVERY, True) and not taken[proving.EVERY - 1][2] and taken[-1] == (517, 517, False)


def test_a_link_that_breaks_loses_nothing_that_it_brought(device):
    def breaks():
        yield device.reading().raw
        yield device.reading().raw
        raise Unreachable("gone")

    runs = proving.gathered(breaks(), "chained")
    assert len(next(runs)) == 2
    with pytest.raises(Unreachable):
        next(runs)


def test_a_wrong_signature_inside_a_chain_accuses_nobody(device, home, monkeypatch):
    """Its content is what the device stated, but it is no proof by itself: no fork is built on it."""
    log = [device.reading() for _ in range(9)]
    logs = Logs(home)
    shown = [*log[:4], forged(log[4]), *log[5:]]
    source, found, _ = chained(Far(device, shown), logs, monkeypatch)
    assert len(found) == 9 and source.seq == 9
    device.seq, device.last = 5, log[3].digest
    other = device.reading(999)
    logs.compare(device.key.public, other)  # the first is signed wrongly: this proves nothing
    device.seq, device.last = 4, log[2].digest
    with pytest.raises(Equivocation):
        logs.compare(device.key.public, device.reading(999))


def test_no_other_proof_has_a_name():
    with pytest.raises(Usage, match="no proof"):
        Collector(proof="some")
