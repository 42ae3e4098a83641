"""Channels on a ledger: the buyer waits for the ledger's funding, the seller wants to see it."""

from cable import Cable, until
from check import raises
from rig import NOW, policy, restarted, with_ledger
from seal import channel, labels, order, rpc, trading
from seal.errors import BadCertificate, BadSignature, Refused, Unfunded, UnknownChannel, Unsupported, WrongNetwork
from seal.owner import Owner
from seal.records import IDENTITY_LEDGER, IDENTITY_RECORD, ORDER_RECORD
from seal.service import Service
from test_protection import hello, opening
from trades import best, connect, pair, promised, run


def funding(signer, digest, amount=300, kind=labels.FUNDING):
    return signer.sign(kind, {1: digest, 2: amount, 6: NOW})[0]


def bring(device, raw):
    return Service(device).handlers()[rpc.LEDGER](raw)


def on_ledger(unit="reading", budget=300):
    issuer, buying, selling = pair(unit, budget=budget)
    signer, _ = with_ledger(issuer, buying, selling)
    return issuer, buying, selling, signer


def status(device):
    return Service(device).info(None)["order"][0]


def test_an_order_waits_for_funding_and_goes_on():
    _, buying, selling, signer = on_ledger(budget=6)
    buying.board.peer_links = [Cable(selling)]
    until(lambda: status(buying) == order.WAITING, trading.run(buying))
    assert not selling.payee.records() and buying.journal.get(ORDER_RECORD)[order.STATUS] == order.ACTIVE
    digest = buying.payer.records()[0][1][channel.DIGEST]
    opened = Service(buying).channels(0)[2]
    assert len(opened) == 1, "a host sees the open"
    again = restarted(buying)
    raw = funding(signer, digest, 6)
    assert bring(again, raw) is True and bring(again, raw) is True
    again.board.peer_links = [Cable(selling)]
    until(lambda: status(again) != order.ACTIVE, trading.run(again))
    assert status(again) == order.DONE and best(selling) == promised(again) == [(2, 6)]
    assert raw in Service(selling).channels(0)[2], "the seller keeps what it was shown"
    assert channel.terms(opened[0]).ledger == buying.ledger


def test_a_seller_takes_nothing_beyond_credit_without_funding():
    issuer, buying, selling, signer = on_ledger("J")
    served = hello(buying, selling)
    raw, digest = ledger_open(buying, selling)
    raises(Unfunded, served.open, raw)
    raises(Unfunded, served.open, [raw, None])
    other = funding(signer, bytes(32))
    raises(UnknownChannel, served.open, [raw, other])
    raises(Refused, served.open, [raw, funding(signer, digest, 299)])
    raises(BadSignature, served.open, [raw, funding(issuer.signer, digest)])
    assert not selling.payee.records() and selling.seller is None
    Owner(selling).command(issuer.command(selling, "protect", {"credit": 10}))
    served.open(raw)
    vouch = lambda of, seq, amount: buying.signer.sign(labels.VOUCHER, {1: of, 2: 0, 3: seq, 4: amount})[0]  # noqa: E731
    served.pay(vouch(digest, 1, 7))
    raises(Unfunded, served.pay, vouch(digest, 2, 11))
    second, second_digest = ledger_open(buying, selling)
    served.open(second)
    raises(Unfunded, served.pay, vouch(second_digest, 1, 4))
    served.pay(vouch(second_digest, 1, 3))
    served.open([raw, funding(signer, digest)])
    raises(Refused, served.pay, vouch(digest, 2, 11))  # the second channel has the meter, so the first is closed
    assert best(selling) == [(1, 7), (1, 3)] or best(selling) == [(1, 3), (1, 7)]
    assert bring(selling, funding(signer, second_digest)) is True
    served.open(second)
    served.pay(vouch(second_digest, 2, 300))


def ledger_open(buying, selling):
    claims = dict(payload_of(opening(buying, selling)[0]))
    claims[6], claims[12] = 300, buying.ledger
    return buying.signer.sign(labels.CHANNEL_OPEN, claims)


def payload_of(raw):
    return channel.terms(raw).message.payload


def test_a_trade_on_credit_goes_on_once_it_is_funded():
    issuer, buying, selling, signer = on_ledger(budget=9)
    Owner(selling).command(issuer.command(selling, "protect", {"credit": 3}))
    buying.board.peer_links = [Cable(selling)]
    until(lambda: status(buying) == order.WAITING, trading.run(buying))
    assert best(selling) == [(1, 3)] and promised(buying) == [(2, 6)], "one step beyond the credit at most"
    bring(buying, funding(signer, buying.payer.records()[0][1][channel.DIGEST], 9))
    until(lambda: status(buying) != order.ACTIVE, trading.run(buying))
    assert status(buying) == order.DONE and best(selling) == promised(buying) == [(3, 9)]


def test_only_channels_on_the_own_ledger():
    issuer, buying, selling, _ = on_ledger("J")
    served = hello(buying, selling)
    raises(WrongNetwork, served.open, opening(buying, selling)[0])
    claims = dict(payload_of(opening(buying, selling)[0]))
    claims[12] = bytes(32)
    raises(WrongNetwork, served.open, buying.signer.sign(labels.CHANNEL_OPEN, claims)[0])
    assert not selling.payee.records()


def test_a_refund_frees_a_payer_and_ends_its_promises():
    issuer, buying, selling, signer = on_ledger()
    raises(UnknownChannel, bring, buying, funding(signer, bytes(32)))
    assert raises(rpc.PeerError, connect, buying, selling).code == Unfunded.code
    digest = buying.payer.records()[0][1][channel.DIGEST]
    bring(buying, funding(signer, digest))
    session = connect(buying, selling)[0]
    raises(Refused, Owner(buying).command, issuer.command(buying, "ack", {1: 0, 2: [digest]}))
    bring(buying, funding(signer, digest, 300, labels.REFUND))
    raises(Refused, buying.payer.promise, session._terms, 3, None, lambda *_: None)
    Owner(buying).command(issuer.command(buying, "ack", {1: 0, 2: [digest]}))
    assert not buying.payer.records()


def test_a_device_without_a_ledger_takes_none_of_its_messages():
    issuer, buying, selling = pair("reading", spending=policy())
    session, _ = connect(buying, selling)
    signer = with_ledger(issuer)[0]
    raises(Unsupported, bring, buying, funding(signer, session._terms.digest))
    run(session.step())
    assert best(selling) == [(1, 3)], "and trades as before"


def test_a_certificate_without_the_role_is_no_ledgers():
    issuer, buying, _, _ = on_ledger()
    record = dict(buying.journal.get(IDENTITY_RECORD))
    record[IDENTITY_LEDGER] = [issuer.certificate(issuer.owner_public), issuer.root]
    buying.journal.put(IDENTITY_RECORD, record)
    buying.load()
    assert isinstance(buying.fault, BadCertificate)


def test_funding_is_trusted_for_the_window_alone():
    """A payer that closed at once has its money back after the window, and the funding still reads well."""
    _, buying, selling, signer = on_ledger()
    raises(rpc.PeerError, connect, buying, selling)  # it is not funded yet
    raw, digest = buying.payer.records()[0][1][channel.OPEN], buying.payer.records()[0][1][channel.DIGEST]
    terms = channel.terms(raw)
    shown = funding(signer, digest)
    covers = selling.fundings.covers
    assert covers(shown, terms, NOW, 3600)
    assert covers(shown, terms, NOW + terms.window - 3601, 3600)
    assert not covers(shown, terms, NOW + terms.window - 3600, 3600)
    assert not covers(shown, terms, None, 0) and not covers(None, terms, NOW, 0)
