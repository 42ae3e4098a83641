"""Where the person decides: an act is shown, the person says yes, and it is carried out as it was shown.

The act that is carried out is the value that was shown: nothing is read again in between, and the message is built
here. What may be done unasked is so for a device once in AGAIN_SECONDS; then it is asked all the same, so that nobody
who can ask has a device renewed again and again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import SealwrightError, Usage, cause_of
from ..home import Home
from ..wire.times import utc
from .acts import Act, parse_act, shown, values_of
from .doing import Connect, carry_out, failure
from .waiting import Asked, State, Waiting

AGAIN_SECONDS: Final = 3600.0
Rows = list[tuple[str, str]]
# shows an act and asks; False also where nobody is there to ask
Ask = Callable[[Asked, Rows], bool]


@dataclass
class Desk:
    """home: with its keys open. allowed: kinds that need no question. allow_test: money of emulated boards may leave.
    tell: gets each act with what came of it."""

    home: Home
    waiting: Waiting
    ask: Ask
    connect: Connect
    tell: Callable[[Asked], None]
    allowed: frozenset[str] = frozenset()
    allow_test: bool = False
    _unasked: dict[Act, float] = field(default_factory=dict)

    def answer(self, asked: dict[str, Any], who: str) -> dict[str, Any]:
        """The door's: what a process asked, and the answer. Raises a SealwrightError."""
        match asked:
            case {"ask": "act", "act": dict(values)}:
                act = parse_act(values)
                shown(act, self.home)  # raises: what cannot be shown does not wait
                return {"ok": True, **_said(self.waiting.add(act, who))}
            case {"ask": "look", "id": str(identifier)}:
                return {"ok": True, **_said(self.waiting.find(identifier))}
            case {"ask": "list"}:
                return {"ok": True, "acts": [_said(one) for one in self.waiting.all()]}
            case {"ask": "lock"}:
                self.waiting.close()
                return {"ok": True}
        raise Usage("the request is none that an agent knows", remedy="See `sealwright agent`.", code="bad_request")

    def step(self, seconds: float) -> None:
        """Take the next act that waits, if one comes within that time, and see it through."""
        asked = self.waiting.take(seconds)
        if asked is None:
            return
        try:
            if self._may(asked) and not self.waiting.closed:  # it may have been locked meanwhile
                text = carry_out(self.home, asked.act, self.connect, allow_test=self.allow_test)
                found = self.waiting.decide(asked, State.DONE, text=text)
            else:
                found = self.waiting.decide(asked, State.REFUSED, "refused", "the person did not say yes")
        except SealwrightError as error:
            found = self.waiting.decide(asked, State.FAILED, error.code, failure(error))
        except OSError as error:
            found = self.waiting.decide(asked, State.FAILED, "system", cause_of(error))
        self.tell(found)

    def _may(self, asked: Asked) -> bool:
        act, now = asked.act, time.monotonic()
        if act.kind in self.allowed and now - self._unasked.get(act, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            self._unasked[act] = now
            return True
        rows = shown(act, self.home)
        before = self.waiting.last(act)
        if before is not None:
            rows.append(("before", f"the same was asked for at {utc(before.at)}, and was done"))
        return self.ask(asked, [*rows, ("asked by", asked.who)])


def _said(asked: Asked) -> dict[str, Any]:
    return {
        "id": asked.id,
        "state": asked.state.value,
        "act": values_of(asked.act),
        "who": asked.who,
        "at": asked.at,
        "code": asked.code,
        "text": asked.text,
    }
