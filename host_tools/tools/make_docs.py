"""Build the documentation into build/docs: the reference of `sealwright` by pdoc, and the guides as web pages.

Fails where a link is broken, in the Markdown files or in what was made of them.
"""

import html
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from links import ROOT, anchors, broken_in_markdown, broken_in_pages, parser
from markdown_it.token import Token

GUIDES: Final = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/LOSS.md")
DOCS: Final = ROOT / "build" / "docs"
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ max-width: 50em; margin: 2em auto; padding: 0 1em; font: 1rem/1.5 sans-serif }}
pre {{ overflow: auto; background: #f4f4f4; padding: 1em }} table {{ border-collapse: collapse }}
td, th {{ border: 1px solid #ccc; padding: .3em .6em; text-align: left }}</style></head>
<body><nav><a href="{home}">All pages</a></nav>
{body}
</body></html>
"""


def main() -> int:
    """Build everything; the exit code: 1 where a link is broken or pdoc fails."""
    shutil.rmtree(DOCS, ignore_errors=True)
    guides = [ROOT / name for name in GUIDES] + sorted(ROOT.glob("boards/*/README.md"))
    guides += sorted(ROOT.glob("tests/**/README.md")) + sorted(ROOT.glob("host_tools/examples/**/README.md"))
    done = subprocess.run([sys.executable, "-m", "pdoc", "-o", str(DOCS / "api"), "sealwright"], check=False)
    if done.returncode:
        return 1
    for guide in guides:
        _write_guide(guide, guides)
    _write_index(guides)
    broken = broken_in_markdown(ROOT) + [f"build/docs/{line}" for line in broken_in_pages(DOCS)]
    print(*(f"broken link: {line}" for line in broken), sep="\n", end="\n" if broken else "")
    print(f"{len(guides)} guides and the reference are in build/docs/index.html")
    return 1 if broken else 0


def _page_of(guide: Path) -> Path:
    return DOCS / guide.relative_to(ROOT).with_suffix(".html")


def _write_guide(guide: Path, guides: list[Path]) -> None:
    text = guide.read_text(encoding="utf-8")
    tokens = parser.parse(text)
    names = iter(anchors(text))
    for token in tokens:
        if token.type == "heading_open":
            token.attrSet("id", next(names))
        for part in token.children or ():
            _lead_to_page(part, guide, guides)
    _write_page(_page_of(guide), str(guide.relative_to(ROOT)), parser.renderer.render(tokens, parser.options, {}))


def _lead_to_page(token: Token, guide: Path, guides: list[Path]) -> None:
    """Have a link to a guide lead to its page, and put any other file that is linked beside the pages."""
    parts = urlsplit(str(token.attrGet("href") or ""))
    if parts.scheme or parts.netloc or not parts.path:
        return
    target = (guide.parent / parts.path).resolve()
    if target.is_dir():
        target /= "README.md"
    page = _page_of(target) if target in guides else DOCS / target.relative_to(ROOT)
    if target.is_file() and target not in guides:
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, page)
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    token.attrSet("href", os.path.relpath(page, _page_of(guide).parent) + fragment)


def _write_page(page: Path, title: str, body: str) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    home = os.path.relpath(DOCS / "index.html", page.parent)
    page.write_text(_PAGE.format(title=html.escape(title), home=home, body=body), encoding="utf-8")


def _write_index(guides: list[Path]) -> None:
    pages = [(str(guide.relative_to(ROOT)), _page_of(guide)) for guide in guides]
    api = DOCS / "api"
    modules = [
        (".".join(page.relative_to(api).with_suffix("").parts), page)
        for page in sorted(api.rglob("*.html"))
        if page != api / "index.html"
    ]
    _write_page(DOCS / "index.html", "Sealwright", f"<h1>Guides</h1>{_list(pages)}<h1>Reference</h1>{_list(modules)}")


def _list(pages: list[tuple[str, Path]]) -> str:
    lines = (f'<li><a href="{page.relative_to(DOCS)}">{html.escape(name)}</a></li>' for name, page in pages)
    return f"<ul>{''.join(lines)}</ul>"


if __name__ == "__main__":
    sys.exit(main())
