"""The README of the Pico has the figures that were measured, and no others."""

import json

import pytest

from tests.pico import figures


def row(topic, name, figure, goal=None, verdict=""):
    rest = {"goal": goal, "at": "most", "verdict": verdict}
    return {"topic": topic, "name": name, "unit": "ms", "figure": figure, **rest}


def test_the_readme_has_the_figures_of_the_file():
    text = figures.README.read_text()
    assert figures.filled(text, json.loads(figures.FILE.read_text())) == text


def test_a_topic_that_is_measured_again_replaces_its_rows():
    old = [row("boot", "first", 9), row("trade", "bill", 100.5, 110, "met")]
    new = [row("trade", "bill", 120.25, 110, "MISSED")]
    assert figures.merged(old, new) == [old[0], new[0]]
    assert "| bill | 120.2 ms | at most 110: missed |" in figures.table(new)


def test_a_readme_without_marks_is_refused():
    with pytest.raises(ValueError, match="figures"):
        figures.filled("# A board", [])
