"""Drawn bundles for both verifiers: parts of a story with fields changed and signed again, damaged, and in disorder.

Most of what is changed is signed properly, with all that names it following along, so that the rules themselves judge.
"""

import random
from collections import Counter
from dataclasses import fields, is_dataclass, replace

from sealwright.verify import Policy
from sealwright.wire.keys import PublicKey
from sealwright.wire.messages import Certificate, Message, Reading, sign_message

from tests.host_tools.factory import DAY, NOW, hash32, key
from tests.host_tools.mutate import Mutator
from tests.host_tools.rotated import Later
from tests.host_tools.web import stories
from tests.host_tools.web.judging import Job, head
from tests.host_tools.web.values import Values, tried

SAID = stories.story()
MADE = [said.message for said in SAID]
PRIVATE = {label: key(label) for label in stories.KEYS}
LABELS = {private.public.xy: label for label, private in PRIVATE.items()}
NETS = (stories.NET, stories.OTHER_NET, stories.TEST_NET, stories.ENDED_NET)


def _pool():
    certificates = [message for message in MADE if isinstance(message.body, Certificate)]
    ids = [private.public.device_id for private in PRIVATE.values()]
    found = {
        bytes: [message.digest for message in MADE] + ids + [private.public.ueid for private in PRIVATE.values()],
        str: [private.public.did for private in PRIVATE.values()]
        + ["credit", "nEUR", "pause", "deposit", "emulated x"],
        PublicKey: [private.public for private in PRIVATE.values()],
        "certificate": certificates,
    }
    found[bytes] += [net.id for net in NETS]
    return found


def followed(value, names):
    """The value with digests that `names` has replaced by what it has for them; itself where there is none."""
    if isinstance(value, bytes):
        return names.get(value, value)
    if isinstance(value, Message):
        return value
    if is_dataclass(value):
        new = {one.name: followed(getattr(value, one.name), names) for one in fields(value)}
        same = all(new[name] is getattr(value, name) for name in new)
        return value if same else replace(value, **new)
    if isinstance(value, tuple):
        new = [followed(one, names) for one in value]
        if all(one is other for one, other in zip(new, value, strict=True)):
            return value
        return type(value)(*new) if hasattr(value, "_fields") else tuple(new)
    return value


class Drawing:
    """Draws jobs from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.values = Values(self.random, _pool())
        self.mutator = Mutator(self.random.random(), PRIVATE)

    def job(self):
        """A bundle and a policy to judge it by."""
        draw = self.random
        parts = self._parts()
        raws = [raw for raw, _ in parts]
        if draw.random() < 0.3:
            for at in draw.sample(range(len(raws)), min(len(raws), draw.randrange(1, 3))):
                label = parts[at][1]
                raws[at] = self.mutator.message(raws[at], label) if label else self.mutator.bytes(raws[at], None)
        if draw.random() < 0.2:
            draw.shuffle(raws)
        if draw.random() < 0.2:
            raws.insert(draw.randrange(len(raws) + 1), draw.choice(raws))
        split = draw.randrange(len(raws)) if draw.random() < 0.1 else 0
        whole = b"".join(raws[split:])
        if draw.random() < 0.05:
            whole = self.mutator.bytes(whole, None)
        return Job(whole, self._roots(), self._policy(), tuple(raws[:split]), self._heads())

    def _parts(self):
        """(bytes, label of the key) of a part of the story, some of it changed and all that names it following."""
        draw = self.random
        share, certified = draw.choice((1, 0.95, 0.8, 0.5)), draw.choice((1, 1, 1, 0.8))
        is_certificate = [isinstance(message.body, Certificate) for message in MADE]
        chosen = [at for at, kind in enumerate(is_certificate) if draw.random() < (certified if kind else share)] or [0]
        spoilt = set(draw.sample(chosen, min(len(chosen), draw.choice((0, 1, 1, 2, 3, 5)))))
        names, parts = {}, []
        for at in chosen:
            message = self._message(at, names, is_spoilt=at in spoilt)
            if message.digest != MADE[at].digest and draw.random() < 0.8:
                names[MADE[at].digest] = message.digest
            parts.append((message.raw, LABELS.get(getattr(SAID[at].key, "own", SAID[at].key).public.xy)))
            if at in spoilt and draw.random() < 0.3:
                parts.append((MADE[at].raw, None))  # the first beside the changed one
        return parts

    def _message(self, at, names, *, is_spoilt):
        said = SAID[at]
        body, signer = followed(said.body, names), said.key
        if is_spoilt:
            for _ in range(self.random.choice((1, 1, 2))):
                body = tried(lambda body=body: self.values.field(body)) or body
            signer = self._signer(signer)
        if body is said.body and signer is said.key:
            return MADE[at]
        return tried(lambda: sign_message(signer, body)) or MADE[at]

    def _signer(self, signer):
        kind = self.random.random()
        other = self.random.choice(list(PRIVATE.values()))
        if kind < 0.1:
            return other
        return Later(signer, other) if kind < 0.15 else signer

    def _roots(self):
        draw = self.random
        roots = [stories.NET.root] if draw.random() < 0.97 else []
        return tuple(roots + [net.root for net in NETS[1:] if draw.random() < 0.2])

    def _policy(self):
        draw = self.random
        times = (*(0,) * 16, -1, 1, 2, 300, -301, 10 * DAY, 21 * DAY, 34 * DAY, 60 * DAY)
        ticks = {stories.TICKS.root: (draw.choice((0, 3, 5, 6)), stories.TICK)} if draw.random() < 0.2 else {}
        owners = [PRIVATE[label].public for label in ("owner", "buyer", "stranger") if draw.random() < 0.6]
        return Policy(
            network=None if draw.random() < 0.9 else draw.choice((NETS[0], *NETS)).id,
            custody_floor=draw.choice((0, 0, 0, 0, 1, 2)),
            at=NOW + draw.choice(times),
            allow_test=draw.random() < 0.3,
            secrets=(stories.SECRET, b"") if draw.random() < 0.5 else (),
            ticks=ticks,
            owners=tuple(owners),
            least_window=draw.choice((3 * DAY, 0, 10 * DAY)),
        )

    def _heads(self):
        if self.random.random() < 0.9:
            return ()
        readings = [message for message in MADE if isinstance(message.body, Reading)]
        chosen = self.random.choice(readings)
        device = PRIVATE["third" if chosen.kid == PRIVATE["third"].public.kid else "payer"].public.device_id
        found = head(chosen)
        return ((device, found._replace(digest=hash32("another")) if self.random.random() < 0.5 else found),)


def jobs(seed, number):
    """So many jobs, drawn from a seed."""
    drawing = Drawing(seed)
    return [drawing.job() for _ in range(number)]


def codes_of(outcomes):
    """How often each code is in what both verifiers say."""
    return Counter(verdict["code"] for outcome in outcomes for verdict in outcome["verdicts"])
