"""Find broken links: in the Markdown files of a checkout, and in the web pages made of them. No network is used.

    python host_tools/tools/links.py      the Markdown files; exit code 1 where a link is broken

In Markdown a link has to lead to a file, and its anchor to a heading, by GitHub's rules for anchors. A path in a code
span that begins with one of the checkout's folders has to exist as well, unless a part of it is a word in capitals,
which is a name to fill in. Limits: links to other sites are not followed; a `boards/NAME` without a file is not looked
at, as a home has such folders too.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT: Final = Path(__file__).resolve().parents[2]
MADE: Final = {".venv", "build", "dist"}  # folders that `make` fills, and others' packages in them
_SHOWN: Final = re.compile(r"(?:firmware|host_tools|tests|boards|\.ci|\.github)/[^\s:#]*")
_IN_A_HOME: Final = re.compile(r"boards/[a-z0-9-]+$")
_TO_FILL_IN: Final = re.compile(r"(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])|[<>{}…]")
_NOT_IN_ANCHORS: Final = re.compile(r"[^\w\- ]")

parser: Final = MarkdownIt("commonmark").enable("table")


def markdown_files(root: Path) -> list[Path]:
    """The checkout's own Markdown files."""
    found = (path for path in root.rglob("*.md") if not MADE & set(path.relative_to(root).parts))
    return sorted(path for path in found if "node_modules" not in path.parts)


def broken_in_markdown(root: Path) -> list[str]:
    """A line for each broken link of the checkout at `root`: the file, the line where its block begins, the link."""
    found = []
    for path in markdown_files(root):
        for line, link in links(path.read_text(encoding="utf-8")):
            if not _leads_somewhere(path, link):
                found.append(f"{path.relative_to(root)}:{line}: {link}")
        for line, shown in _code_spans(path.read_text(encoding="utf-8")):
            if not _is_there(root, shown):
                found.append(f"{path.relative_to(root)}:{line}: `{shown}` is not there")
    return found


def links(text: str) -> Iterator[tuple[int, str]]:
    """(line, target) of every link and image."""
    for line, token in _inline(text):
        target = token.attrGet("href") or token.attrGet("src")
        if target:
            yield line, str(target)


def anchors(text: str) -> list[str]:
    """The anchors of the headings, in order, as GitHub names them."""
    tokens = parser.parse(text)
    found: list[str] = []
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(part.content for part in content.children or () if part.type in ("text", "code_inline"))
            anchor = _NOT_IN_ANCHORS.sub("", words.strip().lower()).replace(" ", "-")
            earlier = sum(one == anchor for one in found)
            found.append(f"{anchor}-{earlier}" if earlier else anchor)
    return found


def _inline(text: str) -> Iterator[tuple[int, Token]]:
    for block in parser.parse(text):
        for token in block.children or ():
            yield (block.map[0] + 1 if block.map else 0), token


def _code_spans(text: str) -> Iterator[tuple[int, str]]:
    for line, token in _inline(text):
        if token.type == "code_inline":
            for word in token.content.split():
                is_name = _TO_FILL_IN.search(word.replace("README", "")) or _IN_A_HOME.match(word)
                if _SHOWN.match(word) and not is_name:
                    yield line, word


def _is_there(root: Path, shown: str) -> bool:
    path = _SHOWN.match(shown)
    return path is not None and any(True for _ in root.glob(path[0].rstrip("/.,;)")))


def _leads_somewhere(path: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = path.parent / unquote(parts.path) if parts.path else path
    if not target.exists():
        return False
    if not parts.fragment or target.suffix != ".md":
        return True
    return unquote(parts.fragment) in anchors(target.read_text(encoding="utf-8"))


class _Page(HTMLParser):
    """The anchors and links of a web page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.links += [given[name] for name in ("href", "src") if name in given]


def broken_in_pages(folder: Path) -> list[str]:
    """A line for each broken link of the web pages in `folder`: the page and the link."""
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages[target].anchors if target in pages else None
            if not target.is_file() or (parts.fragment and known is not None and unquote(parts.fragment) not in known):
                found.append(f"{path.relative_to(folder.resolve())}: {link}")
    return found


def main() -> int:
    """Check the Markdown files of this checkout; the exit code."""
    broken = broken_in_markdown(ROOT)
    print(*broken, sep="\n", end="\n" if broken else "")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
