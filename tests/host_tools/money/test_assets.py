"""The declared assets of a home: one file, read strictly, and no two assets that read the same."""

from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.errors import Usage
from sealwright.money import FILE, Asset, Assets, declare, withdraw_declaration

NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=32).filter(
    lambda name: name[0] not in "0123456789.,+-"
)


@given(st.lists(NAMES, unique=True, max_size=5), st.integers(0, 18))
def test_what_is_written_is_read(tmp_path_factory, names, scale):
    folder = tmp_path_factory.mktemp("home")
    assets = Assets([Asset.declare(name) for name in names])
    if "nEUR" not in names and "\u20ac" not in names:
        assets = assets.with_one(Asset.declare("nEUR", "\u20ac", scale))
    assets.write(folder)
    assert list(Assets.read(folder)) == list(assets)


@pytest.mark.parametrize("asset", [("EUR", None, 0), ("cEUR", "EUR", 2), ("nEUR", "EUR", 6), ("nEUR", None, 0)])
def test_two_that_read_the_same_are_refused(asset):
    known = Assets([Asset.declare("nEUR", "EUR", 9)])
    with pytest.raises(Usage) as caught:
        known.with_one(Asset.declare(*asset))
    assert caught.value.code == "asset_exists"
    assert list(known.with_one(Asset.declare("nEUR", "EUR", 9))) == list(known)


def test_an_asset_that_was_its_own_unit_may_get_one():
    known = Assets([Asset.declare("nEUR"), Asset.declare("gold")])
    assert known.with_one(Asset.declare("nEUR", "EUR", 9)).find("nEUR").unit == "EUR"


@pytest.mark.parametrize(
    ("name", "unit", "scale"),
    [
        ("EUR", "EUR", 2),
        ("nEUR", "", 9),
        ("nEUR", "E R", 9),
        ("nEUR", "EUR2", 9),
        ("nEUR", "EUR/h", 9),
        ("nEUR", "1.5", 9),
        ("nEUR", "\u0415UR", 9),
        ("nEUR", "x" * 17, 9),
        ("nEUR", "EUR", -1),
        ("nEUR", "EUR", 19),
        ("n EUR", "EUR", 9),
        ("500", None, 0),
        ("-x", None, 0),
    ],
)
def test_what_is_no_asset(name, unit, scale):
    with pytest.raises(Usage) as caught:
        Asset.declare(name, unit, scale)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"assets",
        b"[assets]\nnEUR = 5",
        b'[assets.nEUR]\nunit = "EUR"',
        b'[assets.nEUR]\nunit = "EUR"\nscale = 9.5',
        b'[assets.nEUR]\nunit = "EUR"\nscale = true',
        b'[assets.nEUR]\nunit = "EUR"\nscale = 99',
        b'[assets.nEUR]\nunit = "EUR"\nscale = 9\nfactor = 2',
        b'[assets.nEUR]\nunit = "EUR"\nscale = 9\n[assets.cEUR]\nunit = "EUR"\nscale = 2',
    ],
)
def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    for act in (Assets.read, lambda folder: declare(folder, Asset.declare("gold"))):
        with pytest.raises(Usage) as caught:
            act(tmp_path)
        assert caught.value.code == "home_damaged" and FILE in str(caught.value)
    assert (tmp_path / FILE).read_bytes() == content


def test_declarations_side_by_side_are_all_kept(tmp_path):
    names = [f"asset{number}" for number in range(20)]
    with get_context("spawn").Pool(2) as pool:
        pool.starmap(declare, [(tmp_path, Asset.declare(name)) for name in names], chunksize=1)
    assert {asset.name for asset in Assets.read(tmp_path)} == set(names)
    withdraw_declaration(tmp_path, "asset7")
    assert "asset7" not in Assets.read(tmp_path)
    with pytest.raises(Usage, match="asset7"):
        withdraw_declaration(tmp_path, "asset7")
