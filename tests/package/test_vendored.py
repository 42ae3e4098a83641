"""Files of others that travel with the package: exactly those that their makers published, each with its licence."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest
from sealwright.web.api import metrics

TREE = Path(__file__).resolve().parents[2]
WEB = TREE / "host_tools" / "sealwright" / "web"
VENDOR = WEB / "static" / "vendor"
# npm htmx.org 2.0.10, dist/htmx.min.js; npm uplot 1.6.32, dist/uPlot.iife.min.js and uPlot.min.css; both LICENSE
PINNED = {
    "htmx.js": "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de",
    "htmx.LICENSE.txt": "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38",
    "uPlot.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "uPlot.LICENSE.txt": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}


def test_vendored_files_are_those_of_their_makers():
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()} == PINNED


def test_every_vendored_file_has_a_licence_that_the_package_names():
    project = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]
    for path in VENDOR.glob("*.LICENSE.txt"):
        assert path.relative_to(TREE).as_posix() in project["license-files"]
    assert {"MIT", "0BSD"} <= set(project["license"].split(" AND "))
    assert {path.name.split(".")[0] for path in VENDOR.iterdir()} == {"htmx", "uPlot"}


@pytest.mark.parametrize("path", sorted(WEB.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_script_or_style_of_its_own_or_loads_from_elsewhere(path):
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", text) and "| safe" not in text


@pytest.mark.parametrize("name", ["page.css", "device.js", "bundle.js"])
def test_nothing_of_ours_loads_from_elsewhere(name):
    text = (WEB / "static" / name).read_text()
    assert not re.search(r"https?://|@import|eval\(|innerHTML|insertAdjacentHTML|document\.write", text)


def test_the_dashboard_asks_for_metrics_that_there_are():
    board = json.loads((WEB / "grafana.json").read_text())
    asked = {name for panel in board["panels"] for name in re.findall(r"sealwright_\w+", panel["targets"][0]["expr"])}
    source = Path(metrics.__file__).read_text()
    there = {
        f"sealwright_{name}" + ("_total" if kind == "counter" else "")
        for name, kind in re.findall(r'_Metric\(\s*"(\w+)", "(\w+)"', source)
    } | {f"sealwright_{name}" for name in re.findall(r'of_each\("(\w+)"', source)}
    assert len(asked) > 8 and asked <= there
