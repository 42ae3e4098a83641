"""How `sealwright renew --within` renews many: who is due by the home's own grants, each as long as before."""

import time
from functools import partial
from typing import Final

from ..errors import SealwrightError
from ..home.urls import split_place
from ..operate import renewing
from ..operate.together import each
from ..operate.validity import Barred, Lasting, ended, kept_certificate, lasting
from ..wire.messages import Certificate, Message
from .options import span
from .session import Session
from .words import clock

_DAY: Final = 86400


def renew(
    session: Session, devices: list[str], within: str, valid_days: int | None, *, dry_run: bool, jobs: int
) -> int:
    """Renew the certificates of these devices that end within that time; an exit code."""
    now, limit = int(time.time()), span(within)
    found = [(text, one) for text in devices if (one := _of(session, text)) is not None]
    due = [(text, one) for text, one in found if one.ends - now <= limit]
    barred = Barred(session.home)
    if dry_run:
        _show(session, due, barred, valid_days)
        return 0
    code, renewed = 0, 0
    with session.progress("renewing", len(due), streams=True) as advance:
        for done, ((_, one), outcome) in enumerate(each(due, partial(_renew, session, barred, valid_days), jobs), 1):
            if isinstance(outcome, SealwrightError):
                failed = session.fail(outcome, device=one.entry.name)
                code = code or failed
            else:
                renewed += 1
                _tell(session, one, outcome)
            advance(done, one.entry.name)
    session.emit(ok=not code, renewed=renewed, failed=len(due) - renewed, left=len(devices) - len(due))
    session.say(_sum(renewed, len(due), len(devices), within))
    return code


def _of(session: Session, text: str) -> Lasting | None:
    entry = session.home.resolve(split_place(text)[0])
    return lasting(entry, kept_certificate(session.home, bytes.fromhex(entry.device)))


def _renew(session: Session, barred: Barred, valid_days: int | None, due: tuple[str, Lasting]) -> Message[Certificate]:
    text, one = due
    why = barred.why(one.entry) or ended(one, session.home.now())
    if why is not None:
        raise why
    with session.connect(text) as client:
        return renewing.renew(session.home, client, valid_days, again=one.certificate.body)


def _tell(session: Session, one: Lasting, made: Message[Certificate]) -> None:
    body = made.body
    session.emit(
        ok=True,
        device=one.entry.device,
        name=one.entry.name,
        certificate=made.digest.hex(),
        issued=body.issued_at,
        expires=body.expires,
        custody=body.custody,
    )
    end = "has no end" if body.expires is None else f"ends on {clock(body.expires)}"
    session.say(f"{one.entry.name} has a new certificate, which {end}.")


def _show(session: Session, due: list[tuple[str, Lasting]], barred: Barred, valid_days: int | None) -> None:
    rows = []
    for _, one in sorted(due, key=lambda pair: pair[1].ends):
        why = barred.why(one.entry) or ended(one, session.home.now())
        life = one.life if valid_days is None else valid_days * _DAY
        session.emit(
            ok=why is None,
            device=one.entry.device,
            name=one.entry.name,
            ends=one.ends,
            seconds=life,
            code=None if why is None else why.code,
        )
        rows.append((one.entry.name, clock(one.ends), days(life), "" if why is None else str(why)))
    if rows:
        session.table(("name", "ends", "renewed for", "why not"), rows, "To be renewed; nothing was changed")
    else:
        session.say("No certificate is to be renewed.")


def days(seconds: int) -> str:
    """A length of time in the largest unit that it fills: "30 days", "5 hours", "40 s"."""
    for unit, size in (("days", _DAY), ("hours", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _sum(renewed: int, due: int, devices: int, within: str) -> str:
    of = f" of {due}" if renewed < due else ""
    left = devices - due
    rest = f" {left} of the devices have none of this home that ends within {within}." if left else ""
    return f"Certificates renewed: {renewed}{of}.{rest}"
