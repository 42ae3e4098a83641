"""How the values of options are read."""

import pytest
from sealwright.cli import options, words
from sealwright.errors import Usage
from sealwright.wire.messages import DevicePolicy, Limit


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("0", 0),
        ("1773835200", 1773835200),
        ("2026-03-18T12:00:00Z", 1773835200),
        ("2026-03-18T12:00:00", 1773835200),
        ("2026-03-18T13:00:00+01:00", 1773835200),
        ("2026-03-18", 1773792000),
    ],
)
def test_moments(text, unix):
    assert options.moment(text) == unix


@pytest.mark.parametrize("text", ["", "-1", "1e9", "\u0661", "now", "2026-13-01", "1969-01-01", "9" * 30])
def test_what_is_no_moment(text):
    with pytest.raises(Usage, match="no time"):
        options.moment(text)


def test_ticks():
    root, tick = "ab" * 32, "cd" * 32
    assert options.ticks([f"{root}:17:{tick}"]) == {bytes.fromhex(root): (17, bytes.fromhex(tick))}
    assert options.ticks(None) == {}
    for text in (f"{root}:{tick}", f"{root}:-1:{tick}", f"{root}:1:{tick}00", f"{root[2:]}:1:{tick}", ""):
        with pytest.raises(Usage):
            options.ticks([text])


def test_words():
    assert words.clock(0) == "1970-01-01 00:00:00Z" and words.clock(2**63) == f"second {2**63}"
    assert words.custody(2) == "2 (element)"
    assert words.amount(1234567, "nEUR") == "1,234,567 nEUR"
    assert words.plain("a\x1b[31mb\tc\nd\u202e") == "a\ufffd[31mb\ufffdc\ufffdd\ufffd"
    policy = DevicePolicy({"nEUR": Limit(10, 200)}, (b"\x01" * 32,), 5, 0)
    assert words.spending(policy) == (
        "10 nEUR a voucher, 200 nEUR a day; only to 0101010101010101; button above 5 nEUR; until 1970-01-01 00:00:00Z"
    )
    gone = {b"\x01" * 32: "roof (retired 01010101)"}
    assert "; only to roof (retired 01010101); " in words.spending(policy, names=gone), "a replaced one shows"
    assert [words.number(count, "entry") for count in range(3)] == ["0 entries", "1 entry", "2 entries"]
    assert words.number(1, "channel") == "1 channel" and words.number(10**6, "channel") == "1000000 channels"
    assert words.spending(None) == "none: it will not pay"
    assert words.json_value({1: [b"\x0a", {"x": None}]}) == {"1": ["0a", {"x": None}]}
