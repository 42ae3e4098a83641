"""Remedies that a reader can follow: what they name is there to be had."""

import re
import tomllib

from sealwright import assets
from sealwright.errors import how_to_install

EXTRA = re.compile(r'how_to_install\("([^"]+)", "([^"]+)"\)')


def test_what_is_to_be_installed_can_be():
    project = tomllib.loads((assets.root() / "pyproject.toml").read_text())["project"]
    sources = [path.read_text() for path in (assets.root() / "host_tools").rglob("*.py")]
    asked = [found for text in sources for found in EXTRA.findall(text)]
    assert len(asked) >= 5
    for package, extra in asked:
        assert any(wanted.startswith(package) for wanted in project["optional-dependencies"][extra]), (package, extra)
        assert f'-e ".[{extra}]"' in how_to_install(package, extra)
    assert not [text for text in sources if re.search(r"pip install .?sealwright", text)], "no index has it"
