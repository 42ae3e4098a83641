"""Settlement into shards is the same function of the set of messages: against one log, and against the reference.

SEALWRIGHT_HISTORIES=10000 runs more of them, and draws others each time.
"""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as some
from sealwright.ledger import Ledger

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.histories import CERTIFICATES, EXPIRES, NETWORK, OWNER, WINDOW, Drawing
from tests.host_tools.ledger.reference import Reference
from tests.host_tools.ledger.sharded import divided, sound, state
from tests.host_tools.ledger.test_law import Clocked, clocked_ledger, is_close, outcome, raws_of, split

pytestmark = pytest.mark.postgres
CAMPAIGN = int(os.environ.get("SEALWRIGHT_HISTORIES", "0"))
PHASES = (Phase.explicit, Phase.generate)  # a failure is slow to shrink, and its seed says it all
FEW = settings(max_examples=CAMPAIGN or 3, deadline=None, derandomize=not CAMPAIGN, phases=PHASES)
IDENTITY = NETWORK.ledger()


class ShardWorld:
    """A history's ledger at a URL, with as many settlers as are asked for."""

    def __init__(self, path):
        self.path, self.at = path, NOW

    def ledger(self):
        return Ledger(
            self.path, [NETWORK.root], [OWNER.key.public], identity=IDENTITY, clock=lambda: self.at, patience=60
        )


class Several(Clocked):
    """Settlers of one ledger, each with shards of its own: turn by turn, or all at once."""

    def __init__(self, world, into, settlers):
        super().__init__(world.path)
        self._world, self._settlers, self._next = world, [], 0
        for number in range(min(settlers, into)):
            owned = [shard for shard in range(into) if shard % min(settlers, into) == number]
            self._settlers.append((world.ledger(), owned if into > 1 else None))

    def settle(self, steps, **more):
        self._world.at = self.at
        found = []
        for _ in self._settlers:  # all of them see all: each takes what is its own
            ledger, owned = self._settlers[self._next % len(self._settlers)]
            self._next += 1
            found += ledger.settle([raw for step in steps for raw in raws_of(step[0])], shards=owned, **more)
        return found

    def settle_at_once(self, steps, draw, **more):
        """The same bundle to all settlers, in another order each, at the same time."""
        self._world.at = self.at

        def settle(settler, raws):
            return list(settler[0].settle(raws, shards=settler[1], **more))

        bundles = [[raw for step in draw.sample(steps, len(steps)) for raw in raws_of(step[0])] for _ in self._settlers]
        with ThreadPoolExecutor(len(self._settlers)) as pool:
            return list(pool.map(settle, self._settlers, bundles))

    def refund(self):
        self._world.at = self.at
        self.ledger.refund_ended()

    def close(self):
        for ledger, _ in self._settlers:
            ledger.close()
        self.ledger.close()


def several(stack, into, settlers):
    made = Several(stack.enter_context(divided(into, ShardWorld)), into, settlers)
    stack.callback(made.close)
    return made


@FEW
@given(some.integers(0, 2**32), some.integers(2, 10), some.sampled_from([2, 3, 5]), some.integers(1, 3))
def test_shards_do_what_the_reference_does_as_time_passes(seed, length, into, settlers):
    draw, model, drawing = random.Random(seed), Reference(), Drawing(seed)
    with ExitStack() as stack:
        book = several(stack, into, settlers)
        book.settle([(raw, None) for raw in CERTIFICATES])
        for step in drawing.start():
            book.settle([step])
            step[1](model, NOW)
        steps = drawing.draw(length)
        draw.shuffle(steps)
        for step in [*steps, *draw.choices(steps, k=len(steps) // 2)]:
            book.at += draw.choice((0, 0, 3600, DAY, 3 * DAY))
            model.pass_time(book.at)
            book.settle([step])
            step[1](model, book.at)
            assert book.outcome() == outcome(model)
        book.at = EXPIRES + WINDOW
        book.refund()
        model.pass_time(book.at)
        assert book.outcome() == outcome(model)
        sound(book.ledger)


@FEW
@given(some.integers(0, 2**32), some.integers(2, 10), some.integers(0, 2**32))
def test_any_number_of_shards_and_any_order_come_to_the_same(seed, length, order):
    """The same messages into one log and into shards, in other bundles and orders, by one settler or two at once."""
    states = []
    for turn, (into, settlers) in enumerate(((1, 1), (2, 2), (4, 1))):
        draw, drawing = random.Random(order + turn), Drawing(seed, sound=True)
        with ExitStack() as stack:
            book = several(stack, into, settlers) if into > 1 else stack.enter_context(clocked_ledger())
            start, steps = drawing.start(rich=True), drawing.draw(length)
            closes = [step for step in steps if is_close(step[0])]
            rest = [(raw, None) for raw in CERTIFICATES] + start + [step for step in steps if not is_close(step[0])]
            draw.shuffle(rest)
            for bundle in split(draw, rest):
                way = {"newest_first": draw.random() < 0.5, "batch": draw.choice((1, 3, 128))}
                book.settle_at_once(bundle, draw, **way) if into > 1 else book.settle(bundle, **way)
            book.settle(rest)  # what came before what it rests on comes again
            book.settle(rest)
            book.settle(closes)
            book.settle([*closes, *rest])
            states.append(state(book.ledger))
            assert sound(book.ledger).channels == 2
    assert states[0] == states[1] == states[2]
