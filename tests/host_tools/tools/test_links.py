"""No link of the guides is broken, and each kind of broken link is found."""

from pathlib import Path

import pytest
from tools import links

GOOD = """# The guide

[file](other.md) [folder](boards/) [heading](other.md#a-heading-it-has) [again](other.md#twice-1) [here](#the-guide)
[site](https://example.org/none) ![picture](boards/wiring.png) `boards/wiring.png`
`boards/*.png` `boards/NAME.py` `boards/roof` `cd`

    [not a link](none.md)
"""
OTHER = "# A heading, it has!\n\n## Twice\n\n## Twice\n"
BROKEN = {
    "a file": "[file](none.md)",
    "a folder": "[folder](host_tools/)",
    "a picture": "![picture](boards/none.png)",
    "an anchor": "[heading](other.md#none)",
    "an anchor counted too far": "[heading](other.md#twice-2)",
    "an anchor of this page": "[heading](#none)",
    "a path": "`boards/none.py`",
    "a path in a command": "`python firmware/none.py`",
    "a glob": "`boards/*.none`",
    "a link in a table": "| a |\n| --- |\n| [file](none.md) |",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two guides whose links hold, and others' broken ones in a folder that `make` fills."""
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "wiring.png").touch()
    (tmp_path / "guide.md").write_text(GOOD)
    (tmp_path / "other.md").write_text(OTHER)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "others.md").write_text("[file](none.md)")
    return tmp_path


def test_the_guides_of_this_checkout():
    names = [str(path.relative_to(links.ROOT)) for path in links.markdown_files(links.ROOT)]
    assert {"README.md", "CONTRIBUTING.md", "boards/pico/README.md"} <= set(names)
    assert links.broken_in_markdown(links.ROOT) == []


def test_what_holds_is_not_called_broken(checkout):
    assert links.broken_in_markdown(checkout) == []


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_is_broken(checkout, text):
    (checkout / "guide.md").write_text(f"{GOOD}\n{text}\n")
    found = links.broken_in_markdown(checkout)
    assert len(found) == 1 and found[0].startswith("guide.md:"), found


def test_pages(tmp_path):
    page, other = tmp_path / "page.html", tmp_path / "deep" / "other.html"
    other.parent.mkdir()
    other.write_text('<h1 id="there">x</h1><a href="../page.html">back</a>')
    good = '<p id="p"><a href="#p"></a><a href="deep/other.html#there"></a><a href="https://example.org"></a>'
    page.write_text(good)
    assert links.broken_in_pages(tmp_path) == []
    for broken in ("none.html", "deep/other.html#none", "#none"):
        page.write_text(f'{good}<a href="{broken}"></a>')
        assert links.broken_in_pages(tmp_path) == [f"page.html: {broken}"]
