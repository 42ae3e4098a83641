"""The same alert a thousand times: of each code and device one is sent in REPEAT_SECONDS, then how many more.

Somebody who can make a fault (a bad bundle, a device that comes and goes) would otherwise fill an operator's telephone,
and push alerts that matter out of the outbox.
"""

import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from ...wire.times import utc
from .finding import Alert, alert_id

REPEAT_SECONDS: Final = 3600
MOST: Final = 10_000  # codes and devices that are remembered


class Notified(NamedTuple):
    """An alert that was sent. at: unix seconds; more: how many like it came since; name, text: of the last of them."""

    at: int
    more: int = 0
    name: str = ""
    text: str = ""


def without_repeats(found: Iterable[Alert], sent: dict[str, Notified]) -> list[Alert]:
    """The alerts of `found` to send now, and one that says how many were held back. sent: the last alert of each code
    and device, which is kept up to date."""
    now, kept = int(time.time()), []
    for key, one in list(sent.items()):
        if not 0 <= now - one.at < REPEAT_SECONDS:  # also where the clock was set back
            del sent[key]
            if one.more:
                kept.append(_sum(key, one, now))
                sent[key] = Notified(now)
    for alert in found:
        key = f"{alert.code} {alert.device}"
        before = sent.get(key)
        if before is None:
            kept.append(alert)
            sent[key] = Notified(now)
        else:
            sent[key] = Notified(before.at, before.more + 1, alert.name, alert.text)
        if len(sent) > MOST:
            del sent[next(iter(sent))]
    return kept


def _sum(key: str, one: Notified, now: int) -> Alert:
    code, _, device = key.partition(" ")
    text = f"{one.more} more since {utc(one.at)}, the last: {one.text}"
    return Alert(alert_id(code, device, f"{one.at} {one.more}"), now, code, device, one.name, text)
