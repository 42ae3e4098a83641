"""What may be the name of a device, and when two names are one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.errors import Usage
from sealwright.home import Home
from sealwright.home.names import id_prefix, name_key, tidy_name
from sealwright.home.urls import split_place, url_of

from tests.host_tools.home.fleets import CAR, ROOF, entry

GOOD = [
    "a",
    "roof",
    "Roof 2",
    "Ładowarka",
    "café",
    "車",
    "barn/north",
    "x.y",
    "abc",
    "12",
    "beefy",
    "µ-meter",
    "x" * 64,
]
BAD = [
    "",
    " ",
    " a",
    "a ",
    "a" * 65,
    "two\nlines",
    "a\tb",
    "a\0",
    "\x1b[31m",
    "a\u200bb",
    "a\u200db",
    "\ufeffa",
    "a\xad",
]
BAD += ["a\u00a0b", "a\u2800b", "a\u3164", "\u0301a", "a\u202eb", "a\ufe0f", "\ud800", "a\U000e0100", "a\u034fb"]
BAD += [
    ROOF,
    ROOF.upper(),
    "beef",
    "1234",
    "DEADBEEF",
    "0" * 63,
    "emulated:roof",
    "tcp:h:1",
    "did:key:z",
    "a:b",
    "roof@x",
]
BAD += ["/dev/ttyACM0", "COM3", "com12", "-x", "--all", "\\\\.\\COM3", "shed (retired b251cc07)", "roof (b251cc07)"]


@pytest.mark.parametrize("name", GOOD)
def test_names(name):
    assert tidy_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_name(name):
    with pytest.raises(Usage) as caught:
        tidy_name(name)
    assert caught.value.code == "bad_name" and caught.value.remedy


@pytest.mark.parametrize(
    ("one", "other"), [("café", "cafe\u0301"), ("Roof", "rOOF"), ("straße", "STRASSE"), ("Å", "\u212b")]
)
def test_names_that_are_the_same(tmp_path, one, other):
    home = Home.init(tmp_path / "home", "net")
    assert name_key(one) == name_key(other)
    home.register(entry(home.check_name(one), ROOF))
    with pytest.raises(Usage, match="another device is called") as caught:
        home.check_name(other, bytes.fromhex(CAR))
    assert caught.value.code == "name_taken"
    assert name_key(home.check_name(other, bytes.fromhex(ROOF))) == name_key(one), "its own"
    assert home.resolve(other).device == ROOF
    home.retire(home.resolve(one))
    home.check_name(other, bytes.fromhex(CAR))


@given(st.text(max_size=70))
def test_a_name_is_one_name_and_nothing_else(text):
    try:
        name = tidy_name(text)
    except Usage as error:
        assert error.code == "bad_name"
        return
    assert tidy_name(name) == name and name_key(name) == name_key(text)
    assert url_of(name) is None and id_prefix(name) is None and split_place(name) == (name, None)
    assert split_place(f"{name}@tcp:h:1") == (name, "tcp:h:1") and name_key(name_key(name)) == name_key(name)
