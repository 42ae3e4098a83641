"""Amounts as people write them: what is shown reads back as the same number, and what is doubtful is refused."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sealwright.errors import SealwrightError, Usage
from sealwright.money import MOST, Amount, Asset, Assets, Price, parse_price, show_price

EURO = Assets([Asset.declare("nEUR", "EUR", 9), Asset.declare("points"), Asset.declare("pt/2026", "pt", 1)])
NUMBERS = st.integers(0, MOST)
SCALES = st.integers(0, 18)


@given(NUMBERS, SCALES)
@example(MOST, 18)
@example(1500, 0)
@example(1_500_000, 3)
@example(15_000, 1)
def test_what_is_shown_reads_back(value, scale):
    assets = Assets([Asset.declare("small", "big", scale)])
    shown = assets.show(value, "small")
    assert assets.parse(shown).value == assets.parse(shown, "small").value == value
    assert assets.parse(shown.replace(" ", "")).value == value
    assert Fraction(shown.split(" ")[0].replace(",", "")) * 10**scale == value
    assert assets.parse(f"{value} small").value == assets.parse(str(value), "small").value == value


@given(NUMBERS)
def test_an_asset_that_is_not_declared_reads_back_in_its_own_name(value):
    assert EURO.parse(EURO.show(value, "gold"), "gold") == Amount("gold", value)


def test_no_other_asset_reads_like_a_declared_one():
    assert EURO.show(5, "EUR") == "5 EUR (undeclared)" and EURO.show(5 * 10**9, "nEUR") == "5.00 EUR"
    assert EURO.show(5, "\u0415UR") == "5 '\\u0415UR'" and EURO.show(5, "EUR ") == "5 'EUR '"
    assert show_price(Price("EUR", "J", 5), EURO) == "5 EUR (undeclared)/J"
    with pytest.raises(Usage, match="not in EUR"):
        EURO.parse("5 EUR", "EUR")  # of a device that sells for something else of this name


@given(st.text(max_size=30), st.sampled_from((None, "nEUR", "points", "gold")))
@example("1,500 EUR", "nEUR")
@example("9" * 5000, "nEUR")
@example("\u0661 EUR", "nEUR")
@example("1e9999999 EUR", None)
def test_any_text_is_an_amount_or_a_typed_error(text, asset):
    try:
        found = EURO.parse(text, asset)
    except SealwrightError as error:
        assert isinstance(error, Usage) and error.remedy and len(str(error)) < 200
    else:
        assert 0 <= found.value <= MOST and asset in (None, found.asset)


@given(st.decimals(0, 10**9, places=9, allow_nan=False))
def test_as_exact_as_decimal_fractions(number):
    assert EURO.parse(f"{number:f} EUR") == Amount("nEUR", int(number.scaleb(9)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50EUR", 1_500_000_000),
        ("1.50 EUR", 1_500_000_000),
        (" 0.000000001 EUR ", 1),
        ("1,500.00 EUR", 1500 * 10**9),
        ("1,000,000 EUR", 10**15),
        ("1,500 nEUR", 1500),
        ("20000", 20000),
        ("0 EUR", 0),
        ("9223372036.854775807 EUR", MOST),
    ],
)
def test_amounts(text, value):
    assert EURO.parse(text, "nEUR") == Amount("nEUR", value)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("1,500 EUR", "bad_amount", "two meanings"),
        ("1,500", "bad_amount", "two meanings"),
        ("1,50 EUR", "bad_amount", "no amount"),
        ("1.500,00 EUR", "bad_amount", "no amount"),
        ("1.5", "bad_amount", "no unit"),
        ("1.5 nEUR", "bad_amount", "finer"),
        ("0.0000000001 EUR", "bad_amount", "finer"),
        ("9223372036.854775808 EUR", "bad_amount", "more than an amount can be"),
        ("-1 EUR", "bad_amount", "below zero"),
        ("+1 EUR", "bad_amount", "no amount"),
        ("1e3 EUR", "unknown_asset", "'e3 EUR'"),
        ("EUR", "bad_amount", "no amount"),
        ("", "bad_amount", "no amount"),
        ("1.5 eur", "unknown_asset", "'eur'"),
        ("1.5 USD", "unknown_asset", "'USD'"),
        ("5 points", "bad_amount", "not in nEUR"),
    ],
)
def test_what_is_no_amount(text, code, words):
    with pytest.raises(Usage) as caught:
        EURO.parse(text, "nEUR")
    assert caught.value.code == code and words in str(caught.value) and caught.value.remedy


def test_a_mistyped_unit_is_told_what_it_may_mean():
    with pytest.raises(Usage) as caught:
        EURO.parse("1.5 eur")
    assert "Did you mean EUR?" in caught.value.remedy
    with pytest.raises(Usage) as caught:
        EURO.known("nEURO")
    assert "Did you mean nEUR?" in caught.value.remedy and "asset add nEURO" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("0.36 EUR/kWh", Price("nEUR", "J", 100)),
        ("0.36EUR / kWh", Price("nEUR", "J", 100)),
        ("3.60 EUR/MWh", Price("nEUR", "J", 1)),
        ("100 nEUR/J", Price("nEUR", "J", 100)),
        ("0.002 EUR/reading", Price("nEUR", "reading", 2_000_000)),
        ("3600 points/kWh", None),
        ("3,600,000 points/kWh", Price("points", "J", 1)),
        ("0.5 pt/reading", Price("pt/2026", "reading", 5)),
        ("5 pt/2026/reading", Price("pt/2026", "reading", 5)),
        ("0.30 EUR/kWh", None),
        ("0.30 EUR/kwh", None),
        ("0.30 EUR", None),
        ("0.30 USD/kWh", None),
        ("0.30", None),
    ],
)
def test_prices(text, price):
    if price is None:
        with pytest.raises(Usage) as caught:
            parse_price(text, EURO)
        assert caught.value.code in ("bad_price", "bad_amount", "unknown_asset") and caught.value.remedy
    else:
        assert parse_price(text, EURO) == parse_price(text, EURO, asset=price.asset, unit=price.unit) == price


def test_a_price_between_two_whole_ones_is_refused_with_both():
    with pytest.raises(Usage) as caught:
        parse_price("0.30 EUR/kWh", EURO)
    nearest = ("0.2988 EUR/kWh", "0.3024 EUR/kWh")
    assert all(price in caught.value.remedy for price in nearest)
    assert [parse_price(price, EURO).value for price in nearest] == [83, 84]
    assert parse_price("0.30 EUR/kWh", EURO, limit=True).value == 83  # 84 would cost more than 0.30 EUR/kWh


def test_a_price_is_for_what_is_sold():
    assert parse_price("0.30 EUR/kWh", EURO, unit="kWh") == Price("nEUR", "kWh", 300_000_000)
    assert parse_price("83", EURO, asset="nEUR", unit="J").value == 83
    with pytest.raises(Usage, match="no price of one reading"):
        parse_price("0.36 EUR/kWh", EURO, unit="reading")


@given(
    NUMBERS, st.sampled_from(("J", "reading", "kWh", "B", "s", "count")), st.sampled_from(("nEUR", "points", "gold"))
)
def test_a_price_that_is_shown_reads_back(value, unit, asset):
    price = Price(asset, unit, value)
    for shown in show_price(price, EURO).removesuffix(")").split(" ("):
        assert parse_price(shown, EURO, asset=asset, unit=unit) == price


@given(st.text(max_size=40), st.sampled_from((None, "J", "reading")), st.booleans())
def test_any_text_is_a_price_or_a_typed_error(text, unit, limit):
    try:
        found = parse_price(text, EURO, asset="nEUR", unit=unit, limit=limit)
    except SealwrightError as error:
        assert isinstance(error, Usage) and error.remedy
    else:
        assert 0 <= found.value <= MOST and found.asset == "nEUR"
