"""Random histories of signed messages, in bundles of any cut, against the tiny model and against the plain verifier."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.ledger import Ledger
from sealwright.verify import Policy, Verifier

from tests.host_tools.factory import NOW
from tests.host_tools.ledger import histories
from tests.host_tools.ledger.signed import CERTIFICATES, DEVICES, NETWORK, OWNER_KEYS, Signed
from tests.host_tools.ledger.test_book_histories import check_always_true
from tests.host_tools.ledger.tiny_model import Model

seeds, lengths = st.integers(0, 2**32), st.integers(1, 60)


def ledger_at(path, at=NOW):
    return Ledger(path, [NETWORK.root], OWNER_KEYS, clock=lambda: at)


def chunks(history, data):
    """The history cut into bundles: each of one time, and with one reveal for each chain of ticks."""
    start = 0
    while start < len(history.messages):
        end, reveals = start, {}
        most = start + data.draw(st.integers(1, 12))
        while end < min(most, len(history.messages)) and history.times[end] == history.times[start]:
            new = history.reveals[end]
            if any(reveals.get(root, tick) != tick for root, tick in new.items()):
                break
            reveals.update(new)
            end += 1
        yield range(start, end), history.times[start], reveals
        start = end


@settings(max_examples=40)
@given(seeds, lengths, st.data())
def test_signed_histories_do_what_the_model_does(seed, length, data):
    history, model = Signed(histories.history(seed, length)), Model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.db")
        with ledger_at(path) as ledger:
            assert {verdict.code for verdict in ledger.settle(CERTIFICATES)} == {"ok"}
        for numbers, at, reveals in chunks(history, data):
            with ledger_at(path, at) as ledger:
                bundle = [history.messages[n] for n in numbers]
                verdicts = list(ledger.settle(bundle, ticks=reveals, batch=data.draw(st.sampled_from([1, 3, 128]))))
            assert [verdict.code for verdict in verdicts] == [history.calls[n](model) for n in numbers]
        with ledger_at(path) as ledger:
            report = ledger.audit()
            assert report.findings == ()
            check_always_true(ledger._database())
            for balance in ledger.balances():
                if balance.kind == "device":
                    assert balance.amount == model.holds(balance.name, balance.asset)
            assert {channel.digest: channel.paid for channel in ledger.channels()} == {
                digest: channel.paid for digest, channel in model.channels.items()
            }


@settings(max_examples=40)
@given(seeds, lengths, st.data())
def test_settling_says_what_verifying_the_whole_bundle_says(seed, length, data):
    """While nobody lacks money and nothing is closed, the ledger's memory is as good as one long bundle."""
    steps = [step for step in histories.history(seed, length) if step[0] not in ("close", "deposit")]
    funds = [
        ("deposit", 0, device, 99 + histories.ASSETS.index(asset), asset, 10**6)
        for device in range(len(DEVICES))
        for asset in histories.ASSETS
    ]
    history = Signed(funds + steps)
    ticks = {}
    for reveal in history.reveals:
        for root, tick in reveal.items():
            ticks[root] = max(tick, ticks.get(root, tick))
    verifier = Verifier([NETWORK.root], Policy(at=NOW, owners=tuple(OWNER_KEYS), ticks=ticks))
    messages = CERTIFICATES + history.messages
    expected = [verifier.check(raw).code for raw in messages]
    settled, codes = set(), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ledger.db")
        start = 0
        while start < len(messages):
            end = start + data.draw(st.integers(1, 20))
            with ledger_at(path) as ledger:
                codes += [verdict.code for verdict in ledger.settle(messages[start:end], ticks=ticks)]
            start = end
        assert ledger_at(path).audit().ok
    for raw, code, said in zip(messages, expected, codes, strict=True):
        assert said == ("already_settled" if raw in settled else code)
        settled.update([raw] if said == "ok" else [])
