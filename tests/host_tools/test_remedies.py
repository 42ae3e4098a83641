"""Remedies that a reader can follow: what they name is there to be had."""

import re
import tomllib

import pytest
from sealwright.errors import Usage, how_to_install
from sealwright.extras import load
from sealwright.targets import assets

EXTRA = re.compile(r'\b(?:how_to_install|load)\("([^"]+)", "([^"]+)"')


def test_what_is_to_be_installed_can_be():
    project = tomllib.loads((assets.root() / "pyproject.toml").read_text())["project"]
    sources = [path.read_text() for path in (assets.root() / "host_tools").rglob("*.py")]
    asked = [found for text in sources for found in EXTRA.findall(text)]
    assert len(asked) >= 5
    for package, extra in asked:
        assert any(wanted.startswith(package) for wanted in project["optional-dependencies"][extra]), (package, extra)
        assert f'-e ".[{extra}]"' in how_to_install(package, extra)
    pages = [path.read_text() for path in assets.root().glob("boards/*/*.md")]
    assert not [text for text in sources + pages if re.search(r"pip install .?sealwright", text)], (
        "works in any install"
    )


def test_what_is_not_installed_is_told():
    with pytest.raises(Usage, match="brokers need paho-mqtt, which is not installed") as caught:
        load("paho-mqtt", "mqtt", "paho.there_is_no_such_thing", "brokers need", "no_mqtt")
    assert caught.value.remedy == how_to_install("paho-mqtt", "mqtt") and caught.value.code == "no_mqtt"
    assert load("paho-mqtt", "mqtt", "paho.mqtt.client", "brokers need", "no_mqtt").Client
