"""Plots: no peak is lost, lines break where readings are missing, whatever the numbers."""

import io
import math
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sealwright.errors import Usage
from sealwright.readings.drawing import Panel, in_terminal, lines_of, time_scale, value_scale
from sealwright.readings.png import png
from sealwright.readings.svg import svg

from tests.host_tools.factory import NOW

MICRO = 10**6
SVG = "{http://www.w3.org/2000/svg}"
TIMES = st.integers(-(2**62), 2**62)
POINTS = st.lists(st.tuples(TIMES, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=30)


def minutes(values, start=NOW):
    return [((start + 60 * n) * MICRO, float(value)) for n, value in enumerate(values)]


def dots(lines):
    return sum(chr(0x2800) < char <= chr(0x28FF) for line in lines for char in line)


def test_one_peak_of_a_hundred_thousand_values_is_drawn():
    values = [0.0] * 100_000
    values[77_777] = 1000.0
    drawn = [point for line in lines_of(minutes(values), 80) for point in line]
    assert len(drawn) <= 4 * 80 and max(value for _, value in drawn) == 1000
    top = list(in_terminal(Panel("x", "", minutes(values)), 80, 10))[1]
    assert dots([top]) >= 1


def test_a_line_is_broken_where_readings_are_missing():
    points = minutes(range(100))
    whole = list(lines_of(points, 80))
    broken = list(lines_of(points[:40] + points[60:], 80))
    assert (len(whole), [len(line) for line in broken]) == (1, [40, 40])


def test_a_rising_line_rises():
    lines = list(in_terminal(Panel("roof  power", "W", minutes(range(64))), 60, 8))
    assert lines[0] == "roof  power  (W)" and len(lines) == 10
    first = [min((at for at, char in enumerate(line) if 0x2800 < ord(char) <= 0x28FF), default=99) for line in lines]
    assert first[1:9] == sorted(first[1:9], reverse=True)
    assert all(len(line) <= 60 for line in lines)


def test_without_dots_all_is_ascii():
    lines = list(in_terminal(Panel("x", "", minutes([1, 5, 2])), 40, 5, dots=False))
    assert all(line.isascii() for line in lines) and sum(line.count("*") for line in lines) > 10


def test_ticks_are_round():
    assert [text for _, text in value_scale(minutes([0.113, 0.487]), 4).ticks] == ["0.2", "0.3", "0.4"]
    assert [text for _, text in value_scale(minutes([-3000, 9000]), 4).ticks] == ["0", "5000"]
    assert [text for _, text in time_scale(minutes(range(1440)), 4).ticks] == ["12:00", "18:00", "00:00", "06:00"]


@pytest.mark.parametrize("values", [[0], [5, 5, 5], [1e300, -1e300], [1e-300, 2e-300], [2.0**53, 2.0**53 + 2]])
def test_extreme_values_are_drawn(values):
    panel = Panel("x", "u", minutes(values))
    assert dots(in_terminal(panel, 40, 6)) and "nan" not in svg([panel]) and "inf" not in svg([panel])


@given(POINTS)
def test_anything_is_drawn_within_its_frame(points):
    panel = Panel("x", "u", sorted(points))
    lines = list(in_terminal(panel, 50, 6))
    assert len(lines) == 8 and dots(lines)
    for element in ElementTree.fromstring(svg([panel])).iter(f"{SVG}polyline"):
        for place in element.get("points").split():
            x, y = map(float, place.split(","))
            assert math.isfinite(x) and 79 <= x <= 941 and 33 <= y <= 231


def test_a_picture_has_nothing_of_what_a_device_wrote_but_text():
    title, points = '<script>"&\x00\x1b</script>', minutes([1, 2])
    tree = ElementTree.fromstring(svg([Panel(title, "<", points), Panel("b", "", points)]))
    assert {element.tag.removeprefix(SVG) for element in tree.iter()} == {
        *("svg", "style", "rect", "text", "path", "polyline"),
    }
    assert any("<script>" in (element.text or "") for element in tree.iter(f"{SVG}text"))


def test_a_png_has_the_line_where_the_values_are():
    image = Image.open(io.BytesIO(png([Panel("up", "W", minutes(range(50))), Panel("one", "", minutes([3]))])))
    assert image.format == "PNG" and image.size == (2 * 960, 2 * 2 * 260)
    ends = [near(image, at) for at in ((82, 229), (938, 36), (938, 229))]
    assert ends == [True, True, False]  # from below on the left to above on the right
    assert near(image, (80 + 430, 260 + 34 + 98))  # one value alone is a dot in the middle


def near(image, at):
    """Whether the picture has a line of values within 4 of this place."""
    box = [2 * (at[0] - 4), 2 * (at[1] - 4), 2 * (at[0] + 4), 2 * (at[1] + 4)]
    return any(color == (0, 0xAA, 0x55) for _, color in image.crop(box).getcolors(4096))


def test_without_pillow_a_png_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(Usage, match="PNG files need pillow") as caught:
        png([Panel("x", "", minutes([1, 2]))])
    assert "[png]" in caught.value.remedy
