"""Settlement is a function of the set of messages: random histories against the reference, in any order and split.

SEALWRIGHT_HISTORIES=100000 runs the long campaign (`make law`): the three tests share that many, and draw others each
time. A sample, always the same, runs with the other tests.
"""

import os
import random
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.ledger import Ledger
from sealwright.wire.messages import ChannelClose, Message

from tests.host_tools.factory import DAY, NOW
from tests.host_tools.ledger.histories import (
    CAPACITY,
    CERTIFICATES,
    CHANNELS,
    EXPIRES,
    NETWORK,
    OWNER,
    WINDOW,
    Drawing,
    channel,
)
from tests.host_tools.ledger.reference import Reference

CAMPAIGN = int(os.environ.get("SEALWRIGHT_HISTORIES", "0"))
MANY = settings(max_examples=CAMPAIGN // 3 or 60, deadline=None, derandomize=not CAMPAIGN)
MEMORY = Path("/dev/shm")  # the law needs no disk, and a campaign would wear one out  # noqa: S108
IDENTITY = NETWORK.ledger()
DEVICES = {device.id: label for label in ("payer", "payee", "other") for device in [NETWORK.device(label)]}


class Clocked:
    """A ledger whose time a test sets."""

    def __init__(self, path):
        self.at = NOW
        self.ledger = Ledger(path, [NETWORK.root], [OWNER.key.public], identity=IDENTITY, clock=lambda: self.at)

    def settle(self, steps, **more):
        return list(self.ledger.settle((raw for step in steps for raw in raws_of(step[0])), **more))

    def outcome(self):
        """What each device has outside its channels, and what each channel paid and gave back."""
        held = dict.fromkeys(DEVICES.values(), 0)
        total = 0
        for balance in self.ledger.balances():
            total += balance.amount
            if balance.kind == "device":
                held[DEVICES[balance.name]] = balance.amount
        assert total == 0
        numbers = {channel(n).digest: n for n in range(CHANNELS)}
        channels = {numbers[c.digest]: (c.paid, c.refunded) for c in self.ledger.channels()}
        return held, channels


def raws_of(messages):
    """The messages of a step as bytes."""
    several = messages if isinstance(messages, tuple) else (messages,)
    return [message if isinstance(message, bytes) else message.raw for message in several]


def outcome(model):
    held = {label: model.funds.get(label, 0) for label in DEVICES.values()}
    return held, {name: (found.paid, found.refunded) for name, found in model.channels.items()}


@contextmanager
def clocked_ledger():
    """An empty ledger; its file goes with it, or a campaign would fill the disk."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        clocked = Clocked(Path(folder) / "ledger.db")
        yield clocked
        clocked.ledger.close()


@contextmanager
def began(drawing, model):
    """A ledger with the money and the channels."""
    with clocked_ledger() as clocked:
        list(clocked.ledger.settle(CERTIFICATES))
        for step in drawing.start():
            clocked.settle([step])
            step[1](model, NOW)
        yield clocked


def finish(clocked, model):
    """After the last claim's end the ledger refunds by itself: nothing stays locked."""
    clocked.at = EXPIRES + WINDOW
    clocked.ledger.refund_ended()
    model.pass_time(clocked.at)
    assert clocked.outcome() == outcome(model)
    assert all(paid + refunded == CAPACITY for paid, refunded in clocked.outcome()[1].values())
    report = clocked.ledger.audit()
    assert report.ok, report.findings


def split(draw, steps):
    """The steps in bundles of random sizes, some of them twice."""
    steps = [*steps, *draw.choices(steps, k=draw.randrange(len(steps) + 1))] if steps else []
    while steps:
        size = draw.randint(1, len(steps))
        yield steps[:size]
        steps = steps[size:]


@MANY
@given(st.integers(0, 2**32), st.integers(0, 14))
def test_ledger_does_what_the_reference_does_as_time_passes(seed, length):
    draw, model = random.Random(seed), Reference()
    drawing = Drawing(seed)
    with began(drawing, model) as clocked:
        steps = drawing.draw(length)
        draw.shuffle(steps)
        for step in [*steps, *draw.choices(steps, k=len(steps) // 2)] if steps else []:
            clocked.at += draw.choice((0, 0, 3600, DAY, 3 * DAY))
            model.pass_time(clocked.at)
            clocked.settle([step])
            step[1](model, clocked.at)
            assert clocked.outcome() == outcome(model)
        clocked.at = max(clocked.at, EXPIRES)
        finish(clocked, model)


@MANY
@given(st.integers(0, 2**32), st.integers(0, 14), st.integers(0, 2**32))
def test_order_and_bundles_decide_nothing(seed, length, order):
    """The same messages in two orders and splits, with receipts among them: the same money."""
    outcomes = []
    for turn in range(2):
        draw, model = random.Random(order + turn), Reference()
        drawing = Drawing(seed, sound=True)
        with began(drawing, model) as clocked:
            steps = drawing.draw(length)
            draw.shuffle(steps)
            for bundle in split(draw, steps):
                clocked.settle(bundle)
            clocked.settle(steps)  # a receipt that came before its voucher may come again
            for number, best in drawing.best.items():
                if number in model.channels:
                    paid = clocked.outcome()[1][number][0]
                    assert paid == min(CAPACITY, sum(best.values()))
            clocked.at = EXPIRES + WINDOW
            clocked.ledger.refund_ended()
            outcomes.append(clocked.outcome())
            assert clocked.ledger.audit().ok
    assert outcomes[0] == outcomes[1]


@MANY
@given(st.integers(0, 2**32), st.integers(0, 14))
def test_in_one_bundle_order_decides_nothing(seed, length):
    """Certificates, money, channels, vouchers and closes in any order: as if each came after what it rests on."""
    draw, model = random.Random(seed), Reference()
    drawing = Drawing(seed)
    start, drawn = drawing.start(rich=True), drawing.draw(length)
    steps = [*start, *drawn, *((raw, lambda model, at: None) for raw in CERTIFICATES)]
    draw.shuffle(steps)
    closes = [step for step in steps if is_close(step[0])]
    for step in [*start, *(step for step in drawn if not is_close(step[0])), *closes]:
        step[1](model, NOW)
    with clocked_ledger() as clocked:
        clocked.settle(steps, batch=draw.choice((1, 3, 128)))
        assert clocked.outcome() == outcome(model)
        clocked.at = EXPIRES
        finish(clocked, model)


def is_close(message):
    return isinstance(message, Message) and isinstance(message.body, ChannelClose)
