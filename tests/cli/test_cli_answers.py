"""What `sealwright verify` says: the sum and each cause once for people, everything for programs, on any terminal."""

import gc
import json
import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.cli.decoded import body_json
from sealwright.cli.problems import MOST_SHOWN, Problems
from sealwright.cli.tally import Numbers, Tally
from sealwright.cli.verdicts import verdict_json
from sealwright.cli.words import prefixes
from sealwright.verify import Policy, Verdict, Verifier
from sealwright.wire.cbor import Tag
from sealwright.wire.certificates import to_pem
from sealwright.wire.messages import Command, DecimalFraction, Record, sign_message

from tests.cli.pty_terminal import on_terminal
from tests.cli.runner import ENTRY, Cli, gone_wrong
from tests.host_tools.factory import DAY, NOW, Network
from tests.host_tools.wire.schema_messages import MESSAGES

AT = NOW + 1000
ID = re.compile(r"\b[0-9a-f]{8,64}\b")


class Desk:
    def __init__(self, folder):
        self.folder, self.net = folder, Network()
        self.issuer = self.net.issuer()
        self.root = folder / "root.pem"
        self.root.write_bytes(to_pem(self.net.root))
        self.cli = Cli(folder / "no home")

    def device(self, label):
        return self.net.device(label, self.issuer)

    def bundle(self, name, *messages):
        path = self.folder / name
        path.write_bytes(b"".join(message.raw for message in messages))
        return path

    def line(self, *paths):
        return ("verify", *paths, "--root", self.root, "--at", AT)

    def verify(self, *arguments):
        return self.cli.here(*self.line(*arguments), "--home", self.cli.home)

    def day(self):
        """A device's log with a hole, another one's with every oddity of time, and a channel between them."""
        solar, roof = self.device("solar"), self.device("roof")
        log = [solar.reading(n) for n in range(30)]
        odd = [roof.reading(n, clock_quality=1) for n in range(3)]
        odd += [roof.reading(), roof.reading(sampled_at=NOW + 400 * DAY), roof.reading(sampled_at=NOW - 50)]
        channel = solar.open(roof, 100_000)
        paid = [channel, solar.voucher(channel, 70), solar.voucher(channel, 2_080, seq=2)]
        return [self.issuer.certificate, solar.certificate, roof.certificate, *log[:7], *log[9:], *odd, *paid]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def columns(ran):
    """The rows of the tables, cell by cell."""
    return [re.split(r" {2,}", line.strip()) for line in ran.out.splitlines() if "  " in line.strip()]


def test_the_sum_of_devices_and_channels(desk):
    ran = desk.verify(desk.bundle("day", *desk.day()))
    solar, roof = (desk.device(label).id.hex()[:8] for label in ("solar", "roof"))
    rows = columns(ran)
    assert rows[0] == ["device", "readings", "numbers", "missing", "times", "clock"]
    assert rows[1][:4] == [solar, "28", "1 to 30", "2"] and rows[1][5] == "set"
    assert rows[2][:4] == [roof, "6", "1 to 6", "0"]
    assert rows[2][5] == "never set in 3, ahead of now in 1, runs back in 1"
    assert rows[4][1:5] == [solar, roof, "2,080 credit", "100,000 credit"]
    # one problem in two lines, and the count: no line for a message that holds
    assert ran.out.splitlines()[-3:-2] == [f"gap: message 10, a reading of {solar}"]
    assert ran.code == 1 and ran.out.splitlines()[-1] == "39 of 40 messages hold: 1 gap"


def test_verbose_shows_every_message_and_quiet_none(desk):
    day = desk.bundle("day", *desk.day())
    loud, still = desk.verify(day, "-v"), desk.verify(day, "-q")
    assert sum(bool(re.match(r" +\d+  ", line)) for line in loud.out.splitlines()) == 40
    assert "[clock not set]" in loud.out and loud.out.endswith(desk.verify(day).out)
    assert (still.code, still.out, still.err) == (1, "", "")
    gone_wrong(desk.verify(day, "-q", "-v"), 2, "usage", "-v and -q")
    both = desk.verify(day, "-q", "--json")
    assert len(both.json) == 40 and both.err == ""
    stated = desk.verify(day, "-q", "--state", desk.folder / "heads", "--forks", desk.folder / "proof")
    assert (stated.code, stated.out, stated.err) == (1, "", "")


def test_consequences_are_folded_under_their_cause(desk):
    stranger = Network("other").device("stranger")
    payer = desk.net.device("payer", desk.issuer, expires=NOW)
    channel, other = payer.open(desk.device("roof")), desk.device("solar").open(desk.device("roof"), network=bytes(32))
    vouchers = [desk.device("solar").voucher(other, n, seq=n) for n in range(1, 6)]
    messages = [desk.issuer.certificate, desk.device("solar").certificate, payer.certificate, channel, other]
    messages += [payer.voucher(channel, n, seq=n) for n in range(1, 8)] + vouchers
    ran = desk.verify(desk.bundle("b", *messages, *(stranger.reading() for _ in range(9))))
    causes = [line.split(":")[0] for line in ran.out.splitlines() if re.match(r"[a-z_]+: message", line)]
    assert causes == ["expired_certificate", "wrong_network", "unknown_signer"]
    assert "    From it follow: 8 expired_certificate." in ran.out
    assert "    From it follow: 5 unknown_channel." in ran.out
    assert f"messages 17 to 25: 9 readings of {stranger.id[:8].hex()}" in ran.out


def test_a_spoilt_reading_is_the_cause_of_the_gap_after_it(desk):
    solar = desk.device("solar")
    log = [solar.reading(n) for n in range(4)]
    spoilt = b"".join((*(m.raw for m in log[:2]), log[2].raw[:-1] + bytes((log[2].raw[-1] ^ 1,)), log[3].raw))
    path = desk.bundle("b", desk.issuer.certificate, solar.certificate)
    path.write_bytes(path.read_bytes() + spoilt)
    ran = desk.verify(path)
    assert ran.out.count("gap") == 2 and "From it follows: 1 gap." in ran.out and "bad_signature: message 4" in ran.out


def test_json_has_the_body_the_time_and_the_clock(desk):
    solar, roof = desk.device("solar"), desk.device("roof")
    first = solar.reading(records=(Record(base_name="a:", unit="Cel", name="t", value=DecimalFraction(-2, 2150)),))
    unset = solar.reading(clock_quality=0, sampled_at=0)
    channel = solar.open(roof, 2**60, price=3, expires=2**53)
    voucher = solar.voucher(channel, 5, seq=2**60)
    messages = (desk.issuer.certificate, solar.certificate, roof.certificate, first, unset, channel, voucher)
    lines = desk.verify(desk.bundle("b", *messages), "--json").json
    assert [one["type"] for one in lines] == ["certificate"] * 3 + ["reading"] * 2 + ["channel-open", "voucher"]
    reading = lines[3]
    assert (reading["at"], reading["clock"], reading["mark"]) == (NOW + 1, 2, None)
    value = {"name": "a:t", "unit": "Cel", "time": str(NOW + 1), "value": "21.50"}
    assert reading["body"]["values"] == [value] and reading["body"]["seq"] == 1
    assert (lines[4]["at"], lines[4]["clock"], lines[4]["mark"]) == (0, 0, "unset")
    opened = lines[5]["body"]
    assert (opened["capacity"], opened["price"], opened["expires"]) == (str(2**60), "3", str(2**53))
    assert (opened["payer"], opened["payee"]) == (solar.id.hex(), roof.id.hex())
    assert (lines[6]["body"]["seq"], lines[6]["body"]["amount"]) == (str(2**60), "5")
    everything = json.dumps(lines)
    assert not re.findall(r"(?<![\"\w.-])\d{16,}(?![\w\"])", everything)


def test_names_are_those_of_the_home(fleet, traded):
    lines = fleet.ok("verify", traded, "--allow-test", "--json").json
    opened = next(one for one in lines if one["type"] == "channel-open")
    assert opened["name"] == "charger" and sorted(opened["names"].values()) == ["charger", "solar"]
    assert opened["names"][opened["body"]["payee"]] == "solar"
    assert {one["bundle"] for one in lines} == {str(traded)}


def test_several_bundles_say_which_one(desk):
    solar = desk.device("solar")
    log = [solar.reading(n) for n in range(12)]
    chain = desk.issuer.certificate, solar.certificate
    paths = [desk.bundle(f"{n}", *chain, *log[n * 4 : n * 4 + 4]) for n in range(3)]
    whole = desk.verify(*paths)
    assert whole.code == 0 and columns(whole)[1][1:4] == ["12", "1 to 12", "0"]
    holed = desk.verify(paths[0], paths[2])
    assert holed.code == 1 and f"{paths[2]}: gap: message 2, a reading" in holed.out
    assert columns(holed)[1][1:4] == ["8", "1 to 12", "4"]
    lines = desk.verify(*paths, "--json").json
    assert [(one["bundle"], one["n"]) for one in lines] == [(str(path), n) for path in paths for n in range(6)]
    twice = desk.verify(paths[0], paths[0])
    assert twice.code == 0 and columns(twice)[1][1] == "4"  # a reading counts once


def test_a_bundle_that_is_none_holds_up_no_other(desk):
    good, text = desk.bundle("good", *desk.day()[:9]), desk.folder / "notes"
    text.write_text("d284" * 40)
    ran = desk.verify(text, good)
    assert ran.code == 1 and "9 of 9 messages hold." in ran.out
    assert ran.err.startswith(f"error: {text} is no bundle, but hexadecimal text\nremedy: ")
    assert desk.verify(desk.folder / "missing", good).code == 2


def test_only_the_sum_is_kept():
    net = Network()
    device, strangers = net.device("meter"), [Network("other").device(f"s{n}") for n in range(40)]
    messages = [device.certificate.raw, *(device.reading(n).raw for n in range(300))]
    messages += [one.reading().raw for one in strangers]
    tally, problems = Tally(), Problems()
    for verdict in Verifier([net.root], Policy(at=AT)).run(iter(messages)):
        tally.note(verdict)
        problems.note("b", verdict)
    del verdict
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is Verdict]
    assert len(problems) == len(strangers)


def test_problems_without_end_are_counted(desk):
    strangers = [Network("other").device(f"s{n}") for n in range(MOST_SHOWN + 5)]
    ran = desk.verify(desk.bundle("b", desk.issuer.certificate, *(one.reading() for one in strangers)))
    assert ran.out.count("unknown_signer: message") == MOST_SHOWN and "There are 5 more problems" in ran.out


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_a_terminal_of_any_width_cuts_no_word(desk, width):
    path = desk.bundle("day", *desk.day())
    shown = on_terminal(width, *ENTRY, *desk.line(path), "--home", desk.cli.home, environment=desk.cli.environment())
    solar = desk.device("solar").id.hex()[:8]
    found = [one for line in shown for one in ID.findall(line)]
    assert found.count(solar) == 3, shown
    words = {word for line in shown for word in line.split()}
    assert {"readings", "missing", "payee", "100,000", "2027-02-14"} <= words, shown
    table = [line for line in shown if not line.startswith(("gap", "    ", "39 of"))]
    assert width < 60 or max(map(len, table)) <= width


def test_short_ids_are_unique():
    ids = [bytes.fromhex(text) + bytes(28) for text in ("aabbccdd", "aabbccde", "00000000")]
    ids.append(bytes.fromhex("aabbccddee") + bytes(27))
    shown = prefixes(ids)
    assert sorted(shown.values()) == ["00000000", "aabbccdd0", "aabbccdde", "aabbccde"]
    assert all(one.hex().startswith(shown[one]) for one in ids)


def test_numbers_in_any_order():
    numbers = Numbers()
    for number in (5, 3, 4, 4, 9, 1, 10, 8):
        numbers.add(number)
    assert (len(numbers), numbers.first, numbers.last, numbers.missing) == (7, 1, 10, 3)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=4) | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.integers(-9, 9) | st.text(max_size=2), inner, max_size=3)
        | st.builds(Tag, st.sampled_from((4, 18)), inner)
    ),
    max_leaves=8,
)


@given(ANY)
def test_whatever_an_owner_orders_is_json(arguments):
    command = Network().device("d")
    message = sign_message(command.key, Command(command.id, 1, "op", arguments))
    shown = json.loads(json.dumps(body_json(message.body)))
    assert not re.findall(r"(?<![\"\w.-])\d{17,}(?![\w\"])", json.dumps(shown))


@pytest.mark.parametrize("name", MESSAGES)
def test_every_type_of_message_is_json(name):
    message = MESSAGES[name]
    shown = json.loads(json.dumps(verdict_json(Verdict(0, name, True, "ok", message=message), {}, "b")))
    assert set(shown["body"]) == {one.name for one in fields(message.body)} - {"records"} | (
        {"values"} if name == "reading" else set()
    )
    timed = {
        "certificate",
        "reading",
        "grant",
        "channel-close",
        "factory-record",
        "funding",
        "refund",
        "status",
        "offer",
        "division",
        "shift",
    }
    assert (shown["at"] is not None) == (name in timed | {"checkpoint", "rotation", "transfer", "delegation"})
    assert shown["at"] is None or shown["at"] > 10**9


def test_a_text_that_looks_like_our_lines_is_kept_on_its_own(desk):
    solar = desk.device("solar")
    lie = Record(name="t", text="on\n99 of 99 messages hold.\n\x1b[2J")
    ran = desk.verify(desk.bundle("b", desk.issuer.certificate, solar.certificate, solar.reading(records=(lie,))), "-v")
    assert not [line for line in ran.out.splitlines() if line.startswith("99 of")] and "\x1b" not in ran.out
