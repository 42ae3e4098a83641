"""Random histories of the book against a tiny model: the same verdicts, the same money, and what is always true."""

import copy
from collections import defaultdict
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.ledger import book, posting
from sealwright.ledger.store.sqlite import SqliteDatabase
from sealwright.ledger.store.tables import Tables

from tests.host_tools.ledger.histories import EXPIRES
from tests.host_tools.ledger.histories import history as draw_history
from tests.host_tools.ledger.tiny_model import Model

seeds, lengths = st.integers(0, 2**32), st.integers(0, 90)


def device(number):
    return bytes([number + 1]) * 32


def channel_digest(number):
    return bytes([number + 200]) * 32


def name(*parts):
    return sha256(repr(parts).encode()).digest()


def translate(step):
    """A step as the ledger's posting and as a call of the model."""
    kind, *rest = step
    digest = name(step[:7])
    if kind == "deposit":
        owner, who, *terms = rest
        call = (bytes([owner + 100]) * 32, device(who), *terms)
        act = book.Deposit(*call)
    elif kind == "open":
        number, payer, payee, *terms = rest
        digest, call = channel_digest(number), (device(payer), device(payee), *terms, EXPIRES)
        act = book.Channel(digest, *call)
    elif kind == "voucher":
        number, lane, seq, amount, merged, ticks, revealed = rest
        call = (channel_digest(number), lane, seq, amount, merged, ticks, revealed)
        act = book.Voucher(digest, *call[:4], amount + revealed, amount + ticks, merged)
    else:
        number, signer, at = rest
        digest, call = name(step[:3]), (channel_digest(number), device(signer), at)
        act = book.Close(*call)
    return posting.Posting(digest, kind, act), lambda model: getattr(model, kind)(digest, *call)


def take(tables, head, asked):
    """One posting as settle takes it: the verdict's code and the head."""
    if posting.settled_before(tables, asked) is not None:
        return "already_settled", head
    try:
        return "ok", posting.post(tables, head, asked, at=0, raw=repr(asked).encode(), proof=b"")
    except book.Refusal as refusal:
        assert refusal.why
        return refusal.code, head


def state(database):
    return {
        table: list(database.rows(f"SELECT * FROM {table}"))
        for table in ("log", "messages", "orders", "accounts", "entries", "channels", "lanes")
    }


def check_always_true(database):
    """What no history may break, read off the tables and not off the code."""
    per_row, per_asset, balances = defaultdict(int), defaultdict(int), defaultdict(int)
    accounts = {row[0]: row[1:] for row in database.rows("SELECT id, kind, asset, name, balance FROM accounts")}
    for n, account, amount in database.rows("SELECT n, account, amount FROM entries"):
        per_row[n, accounts[account][1]] += amount
        per_asset[accounts[account][1]] += amount
        balances[account] += amount
        assert amount != 0
    assert set(per_row.values()) <= {0} and set(per_asset.values()) <= {0}
    lanes, promises = defaultdict(int), defaultdict(int)
    for channel, amount, promised in database.rows("SELECT channel, amount, promised FROM lanes"):
        lanes[channel] += amount
        promises[channel] += promised
        assert 0 <= amount <= promised
    held = {row[2]: (number, row[3]) for number, row in accounts.items() if row[0] == "channel"}
    for number, (kind, _, _, balance) in accounts.items():
        assert balance == balances[number]
        assert balance <= 0 if kind == "world" else balance >= 0
    for digest, deposited, paid, promised, refunded, closed in database.rows(
        "SELECT digest, deposited, paid, promised, refunded, closed FROM channels"
    ):
        assert promised == promises[digest] <= deposited
        remaining = held.get(digest, (0, 0))[1]
        assert paid + refunded + remaining == deposited
        assert paid == lanes[digest]
        assert remaining == 0 if closed else refunded == 0


def compare(database, model):
    for kind, asset, who, balance in database.rows("SELECT kind, asset, name, balance FROM accounts"):
        if kind == "device":
            assert balance == model.holds(who, asset)
    for digest, channel in model.channels.items():
        row = database.row("SELECT paid, refunded, closed FROM channels WHERE digest = ?", (digest,))
        assert row[0] == channel.paid and (row[2] is None) == channel.open
        assert row[1] == (0 if channel.open else channel.capacity - channel.paid)
        lanes = {
            int(lane): (int(seq), amount)
            for lane, seq, amount in database.rows("SELECT lane, seq, amount FROM lanes WHERE channel = ?", (digest,))
        }
        assert lanes == {lane: (seq, worth) for lane, (seq, worth, _, _) in channel.lanes.items()}


def lanes_of(database):
    return {
        (c, lane): (int(seq), amount, voucher)
        for c, lane, seq, amount, voucher in database.rows("SELECT channel, lane, seq, amount, voucher FROM lanes")
    }


@settings(max_examples=150, deadline=None)
@given(seeds, lengths)
def test_a_history_does_what_the_model_does(seed, length):
    database, model = SqliteDatabase.scratch(), Model()
    tables = Tables(database)
    head = tables.head()
    for step in draw_history(seed, length):
        asked, call = translate(step)
        before = lanes_of(database)
        code, head = take(tables, head, asked)
        assert code == call(model)
        after = lanes_of(database)
        merged = {(asked.act.channel, str(lane)) for lane, _ in asked.act.merges} if step[0] == "voucher" else set()
        for lane, (seq, amount, _) in before.items():
            assert after[lane][0] >= seq
            assert after[lane][1] >= amount or lane in merged
        assert head == tables.head()
    check_always_true(database)
    compare(database, model)


@settings(max_examples=60, deadline=None)
@given(seeds, lengths)
def test_the_same_history_again_changes_nothing(seed, length):
    history = draw_history(seed, length)
    database = SqliteDatabase.scratch()
    tables = Tables(database)
    head, codes = tables.head(), []
    for step in history:
        code, head = take(tables, head, translate(step)[0])
        codes.append(code)
    before = state(database)
    for step, code in zip(history, codes, strict=True):
        if code == "ok" and step[0] != "close":
            assert take(tables, head, translate(step)[0]) == ("already_settled", head)
    assert state(database) == before


class Crash(Exception):
    pass


@settings(max_examples=80, deadline=None)
@given(seeds, lengths, st.data())
def test_a_crash_leaves_whole_batches_only(seed, length, data):
    history = draw_history(seed, length)
    database, model = SqliteDatabase.scratch(), Model()
    tables = Tables(database)
    while history:
        size = data.draw(st.integers(1, 6))
        crash_after = data.draw(st.one_of(st.none(), st.integers(0, size - 1)))
        batch, saved, before = history[:size], copy.deepcopy(model), state(database)
        try:
            with database.writing():
                head = tables.head()
                for number, step in enumerate(batch):
                    if number == crash_after:
                        raise Crash
                    asked, call = translate(step)
                    code, head = take(tables, head, asked)
                    assert code == call(model)
        except Crash:
            model = saved
            assert state(database) == before
        else:
            history = history[size:]
        if crash_after is not None and data.draw(st.booleans()):
            history = history[size:]  # never sent again
    check_always_true(database)
    compare(database, model)
