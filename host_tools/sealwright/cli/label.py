"""`sealwright label`: what to stick onto the cases of devices, as one page to print."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ..bench.factory import read_tray
from ..errors import Usage
from ..extras import load
from ..files import write_output
from ..home import Home, Registered
from ..wire.messages import Grant, parse_as
from .commands import command
from .session import Session
from .words import plain

_LEVEL: Final = "q"  # a quarter of the code may be scratched
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ margin: 10mm }}
body {{ margin: 0; font: 8pt/1.25 sans-serif; display: flex; flex-wrap: wrap; gap: 2mm }}
article {{ width: 62mm; height: 29mm; box-sizing: border-box; border: 0.2mm dashed #999; padding: 1.5mm; display: flex;
  gap: 2mm; break-inside: avoid; overflow: hidden }}
svg {{ width: 26mm; height: 26mm; flex: none }}
h1 {{ font-size: 11pt; margin: 0; overflow-wrap: anywhere; max-height: 9mm; overflow: hidden }}
p {{ margin: 0.5mm 0 0; overflow-wrap: anywhere }}
code {{ font: 7pt monospace }}
</style></head><body>
{labels}
</body></html>
"""
_LABEL: Final = """<article>{code}<div><h1>{name}</h1><p>{model}</p><p><code>{id}</code></p><p>{network}, {since}</p>
</div></article>"""


@command(
    "label",
    "Make labels for the cases of devices.",
    """
    sealwright label roof
    sealwright label roof car shed --out labels.html
    sealwright label --tray tray.csv --out tray.html
    """,
)
def label(
    session: Session,
    names: Annotated[list[str] | None, typer.Argument(metavar="[DEVICE]...", help="Registered devices.")] = None,
    tray: Annotated[
        Path | None, typer.Option("--tray", metavar="FILE.csv", help="A label for every board of this tray.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.html", help="The page to print; else the label is shown here.")
    ] = None,
) -> None:
    """Make a label of 62 by 29 mm for each device: its name, model and id, and its did:key as a QR code.

    The code holds the device's did:key, which is no secret. Who scans it can compare it with a message's signer.
    """
    home = session.home
    entries = _entries(home, [*(names or ()), *(_of_tray(home, tray) if tray else ())])
    if out is None:
        _show(session, home, entries)
        return
    labels = "\n".join(_label(home, entry) for entry in entries)
    write_output(out, _PAGE.format(title=escape(f"Labels of {home.network}"), labels=labels).encode())
    for entry in entries:
        session.emit(ok=True, name=entry.name, device=entry.device, did=_did(home, entry), out=str(out))
    session.say(f"{len(entries)} labels in {out}: print it at full size.")


def _of_tray(home: Home, path: Path) -> list[str]:
    return [place.name for place in read_tray(path, home=home)]


def _entries(home: Home, names: list[str]) -> list[Registered]:
    if not names:
        raise Usage("a label for which device?", remedy="Name devices, or a tray with --tray FILE.csv.")
    found = {entry.device: entry for entry in map(home.resolve, names)}
    return list(found.values())


def _did(home: Home, entry: Registered) -> str:
    """Its did:key, from its grant's certificate; the register itself has no key. Raises Usage, Malformed."""
    raw = home.grant(bytes.fromhex(entry.device))
    if raw is None:
        remedy = "`sealwright renew` gives it a new certificate, which this home keeps."
        raise Usage(f"the home has no grant of {entry.name}", remedy=remedy, code="no_grant")
    leaf = parse_as(raw, Grant).body.chain[0]
    if leaf.body.key.device_id.hex() != entry.device:
        raise Usage(f"the home's grant of {entry.name} is another device's", remedy="Put it back from a backup.")
    return leaf.body.key.did


def _code(home: Home, entry: Registered) -> Any:
    library = load("segno", "label", "segno", "labels need", "no_segno")
    return library.make_qr(_did(home, entry), error=_LEVEL)


def _lines(home: Home, entry: Registered) -> dict[str, str]:
    """What a label says beside its code."""
    since = datetime.fromtimestamp(entry.registered_at, UTC).strftime("%Y-%m-%d")
    digits = entry.device
    grouped = " ".join(digits[at : at + 4] for at in range(0, 16, 4))
    return {"name": entry.name, "model": entry.model, "id": grouped, "network": home.network, "since": since}


def _label(home: Home, entry: Registered) -> str:
    code = _code(home, entry).svg_inline(omitsize=True, border=4)
    return _LABEL.format(code=code, **{key: escape(plain(text)) for key, text in _lines(home, entry).items()})


def _show(session: Session, home: Home, entries: list[Registered]) -> None:
    for entry in entries:
        said = _lines(home, entry)
        rows = [[bool(dark) for dark in row] for row in _code(home, entry).matrix_iter(border=2)]
        session.emit(ok=True, name=entry.name, device=entry.device, did=_did(home, entry))
        for line in _half_blocks(rows):
            session.say(line)
        session.say(f"{said['name']}   {said['model']}   {said['id']}   {said['network']}, {said['since']}")
        session.say(_did(home, entry))


def _half_blocks(rows: list[list[bool]]) -> list[str]:
    """Two rows of a code in a line of text, light on the terminal's dark ground."""
    if len(rows) % 2:
        rows = [*rows, [False] * len(rows[0])]
    marks = {(False, False): "\u2588", (False, True): "\u2580", (True, False): "\u2584", (True, True): " "}
    return ["".join(marks[pair] for pair in zip(*two, strict=True)) for two in zip(rows[::2], rows[1::2], strict=True)]
