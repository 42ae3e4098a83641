"""A bundle that somebody hands in: its verdicts, and for an operator its way into the hub's inbox.

Nothing is kept for a viewer. For an operator the bundle waits in HOME/web/uploads, a few of them, until it is handed
on or others take its place; then it goes into HOME/hub/inbox whole, under its digest.
Limits: 16 MB; one at a time is verified, within the time that `MOST_MESSAGES` take (some 5 seconds).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from ...errors import NotABundle, SealwrightError, Truncated, Usage, cause_of
from ...files import write_whole
from ...home import Home
from ...hub.folder import HubFolder
from ...verify import Policy, Verdict, Verifier
from ...wire.bundle import read_bundle
from ...wire.certificates import load_roots
from ..answering import Denied, check_form, check_origin, fields, page
from ..shield import MOST_UPLOAD
from ..site import Site
from ..views.words import plain

MOST_MESSAGES: Final = 50_000
MOST_SHOWN: Final = 500
MOST_KEPT: Final = 8
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Checked(NamedTuple):
    """What a verifier found. shown: verdicts, those that were refused first."""

    digest: str
    size: int
    messages: int
    refused: int
    codes: dict[str, int]
    shown: list[Verdict]
    cut: bool


async def show(site: Site, request: Request) -> Response:
    """The form."""
    return page(request, "bundles.html", title="Check a bundle", most=MOST_UPLOAD)


async def check(site: Site, request: Request) -> Response:
    """The verdicts on a bundle."""
    check_origin(request)
    if not site.limits.uploads.takes(request.state.key.secret):
        raise Denied(429, "too many bundles at once", "Wait half a minute.", "too_often")
    async with request.form(max_files=1, max_fields=4, max_part_size=1024) as form:
        check_form(request, form.get("token"))
        given = form.get("bundle")
        if not isinstance(given, UploadFile):
            raise Usage("no file came with the form", remedy="Choose a bundle and send it.", code="no_file")
        data, name = await given.read(), plain(given.filename or "the bundle")
        test = form.get("test") == "yes"
    if not data:
        raise Usage(f"{name} is empty", remedy="An empty bundle proves nothing.", code="empty_bundle")
    if site.verifying.locked():
        raise Denied(503, "another bundle is being verified", "Send it again in a few seconds.", "busy")
    async with site.verifying:
        found = await run_sync(_verified, site.folder, data, test)
    kept = request.state.key.operates and found.messages > found.codes.get("malformed", 0)
    if kept:
        await run_sync(_keep, site.folder, found.digest, data)
    names = await site.readers.ask(lambda sources: sources.names())
    return page(request, "verdicts.html", title="Verdicts", found=found, name=name, kept=kept, names=names)


def _verified(folder: Path, data: bytes, test: bool) -> Checked:
    home = Home.open(folder)
    roots = [*home.roots(), *(root for path in home.config.roots for root in load_roots(path))]
    codes: Counter[str] = Counter()
    held: list[Verdict] = []
    refused: list[Verdict] = []
    wrong = 0
    bounded = _Bounded(data)
    for verdict in Verifier(roots, Policy(allow_test=test)).run(bounded.messages()):
        codes[verdict.code] += 1
        wrong += not verdict.ok
        some = held if verdict.ok else refused
        if len(some) < MOST_SHOWN:
            some.append(verdict._replace(message=None))
    shown = [*refused, *held][:MOST_SHOWN]
    digest = hashlib.sha256(data).hexdigest()
    return Checked(digest, len(data), sum(codes.values()), wrong, dict(codes.most_common()), shown, bounded.cut)


class _Bounded:
    """The messages of a bundle, as many as are taken. cut: there are more."""

    def __init__(self, data: bytes) -> None:
        self._data, self.cut = data, False

    def messages(self) -> Iterator[bytes]:
        found = read_bundle(self._data)
        yield from islice(found, MOST_MESSAGES)
        try:
            self.cut = next(found, None) is not None
        except (Truncated, NotABundle):
            self.cut = True


def _keep(folder: Path, digest: str, data: bytes) -> None:
    uploads = folder / "web" / "uploads"
    try:
        for one in (folder / "web", uploads):
            one.mkdir(mode=0o700, exist_ok=True)
        older = sorted(uploads.glob("*.bundle"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in older[MOST_KEPT - 1 :]:
            path.unlink(missing_ok=True)
        write_whole(uploads / f"{digest}.bundle", data)
    except OSError as error:
        raise SealwrightError(f"cannot keep the bundle: {cause_of(error)}", remedy="Free some space.") from error


async def hand_in(site: Site, request: Request) -> Response:
    """Put a bundle that waits into the hub's inbox."""
    check_origin(request)
    check_form(request, (await fields(request)).get("token"))
    digest = request.path_params["digest"]
    waits = site.folder / "web" / "uploads" / f"{digest}.bundle"
    if not _DIGEST.fullmatch(digest) or not waits.is_file():
        raise Usage("this bundle does not wait here any more", remedy="Send it again.", code="unknown_bundle")
    values: dict[str, Any] = await run_sync(_move, site.folder, waits)
    return page(request, "handed_in.html", title="Handed in", digest=digest, **values)


def _move(folder: Path, waits: Path) -> dict[str, Any]:
    hub = HubFolder(folder)
    try:
        hub.make()
        waits.replace(hub.inbox / waits.name)
    except OSError as error:
        raise SealwrightError(f"cannot hand it in: {cause_of(error)}", remedy="Free some space.") from error
    return {"place": f"hub/inbox/{waits.name}"}
