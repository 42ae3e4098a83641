"""`sealwright verify` between bundles: what it remembers of logs, and the proof of a fork that it writes."""

import json

import pytest
from sealwright.wire.bundle import read_bundle
from sealwright.wire.certificates import to_pem

from tests.cli.runner import Cli
from tests.host_tools.factory import NOW, Network

NET = Network()


class Desk:
    """A folder with a root, and a device whose flash may be set back to an old copy."""

    def __init__(self, folder):
        self.folder, self.state, self.proof = folder, folder / "heads.json", folder / "forks.bundle"
        (folder / "root.pem").write_bytes(to_pem(NET.root))
        self.issuer = NET.issuer()
        self.device = NET.device("meter", self.issuer)
        self.certificates = [self.issuer.certificate, self.device.certificate]

    def verify(self, *messages, options=None):
        path = self.folder / "b.bundle"
        path.write_bytes(b"".join(message.raw for message in (*self.certificates, *messages)))
        return self.run(path, *(("--state", self.state) if options is None else options))

    def run(self, path, *options):
        ran = Cli.here("verify", path, "--root", self.folder / "root.pem", "--at", NOW, "--json", *options)
        return ran.code, [line["code"] for line in ran.json]

    def fork(self):
        """Two readings of one number, as a device restored from an old copy of its flash makes them."""
        start = self.device.seq, self.device.last
        first = self.device.reading(1)
        self.device.seq, self.device.last = start
        return first, self.device.reading(2)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_a_fork_across_bundles_is_seen_and_proved(desk):
    earlier = [desk.device.reading(n) for n in range(3)]
    first, second = desk.fork()
    assert desk.verify(*earlier, first) == (0, ["ok"] * 6)
    assert desk.verify(second, options=()) == (0, ["ok"] * 3)  # nothing was remembered: nothing is seen
    options = ("--state", desk.state, "--forks", desk.proof)
    assert desk.verify(second, options=options) == (1, ["ok", "ok", "equivocation"])
    assert [*read_bundle(desk.proof)] == [message.raw for message in (*desk.certificates, first, second)]
    assert desk.run(desk.proof) == (1, ["ok"] * 3 + ["equivocation"])
    (head,) = json.loads(desk.state.read_text())["heads"]
    assert (head["seq"], head["digest"]) == (4, first.digest.hex())  # the first one stays
    assert desk.verify(second) == (1, ["ok", "ok", "equivocation"])


def test_the_same_bundle_again_is_good_and_a_missing_reading_is_a_gap(desk):
    log = [desk.device.reading(n) for n in range(6)]
    for _ in range(2):
        assert desk.verify(*log[:3]) == (0, ["ok"] * 5)
    assert desk.verify(*log[4:]) == (1, ["ok", "ok", "gap", "ok"])
    assert desk.verify(*log) == (0, ["ok"] * 8)
    assert json.loads(desk.state.read_text())["heads"][0]["seq"] == 6


def test_two_vouchers_of_one_number_are_proved_with_their_channel(desk):
    payer, payee = NET.device("payer"), NET.device("payee")
    channel = payer.open(payee)
    low, high = payer.voucher(channel, 10, seq=3), payer.voucher(channel, 11, seq=3)
    closes = payee.close(channel, claims=(low,)), payee.close(channel, claims=(high,))
    messages = (payer.certificate, payee.certificate, low, channel, high, *closes)
    code, codes = desk.verify(*messages, options=("--forks", desk.proof))
    assert code == 1 and codes.count("equivocation") == 2
    code, codes = desk.run(desk.proof)
    assert code == 1 and codes.count("equivocation") == 2 and set(codes) <= {"ok", "equivocation", "replay"}
    assert {m.raw for m in (low, high, *closes, channel, payer.certificate)} <= {*read_bundle(desk.proof)}


def test_an_older_voucher_that_says_no_more_holds(desk):
    payer = NET.device("payer")
    channel = payer.open(NET.device("payee"))
    vouchers = payer.voucher(channel, 10, seq=3), payer.voucher(channel, 5, seq=2)
    assert desk.verify(payer.certificate, channel, *vouchers) == (0, ["ok"] * 5 + ["superseded"])


def test_no_fork_writes_no_proof(desk):
    assert desk.verify(desk.device.reading(), options=("--forks", desk.proof))[0] == 0
    assert not desk.proof.exists()


@pytest.mark.parametrize("damage", ["{}", "", '{"format": 2, "heads": []}', None])
def test_a_damaged_file_of_heads_is_refused_and_kept(desk, damage):
    desk.verify(desk.device.reading())
    held = desk.state.read_text().replace('"seq": 1', '"seq": 9') if damage is None else damage
    desk.state.write_text(held)
    ran = Cli.here("verify", desk.folder / "b.bundle", "--root", desk.folder / "root.pem", "--state", desk.state)
    assert (ran.code, ran.out) == (2, "") and "log heads is damaged" in ran.err, ran
    assert desk.state.read_text() == held


def test_a_chain_is_proved_by_its_last_reading_and_the_json_says_so(desk):
    log = [desk.device.reading(n) for n in range(6)]
    path = desk.folder / "b.bundle"
    path.write_bytes(b"".join(message.raw for message in (*desk.certificates, *log)))
    options = ("--root", desk.folder / "root.pem", "--at", NOW, "--proof", "chained")
    ran = Cli.here("verify", path, *options, "--state", desk.state, "--json")
    readings = [line for line in ran.json if line["type"] == "reading"]
    assert ran.code == 0 and [line["proof"] for line in readings] == ["chained"] * 5 + ["signed"]
    assert {line.get("sealed_by") for line in readings} == {log[-1].digest.hex(), None}
    (head,) = json.loads(desk.state.read_text())["heads"]
    assert (head["seq"], head["message"]) == (6, log[-1].raw.hex())
    assert "8 of 8 messages hold" in Cli.here("verify", path, *options).out


def test_a_file_where_the_way_of_proving_is_asked_for_is_told_what_is_meant(desk):
    desk.verify(desk.device.reading(), options=())
    ran = Cli.here("verify", desk.folder / "b.bundle", "--root", desk.folder / "root.pem", "--proof", "forks.bundle")
    assert ran.code == 2 and "--forks FILE" in ran.err
