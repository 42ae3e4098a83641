"""A seller serves proven peers and accepts valid vouchers only."""

from check import raises
from rig import NOW, Issuer, Loopback, provisioned
from seal import buyer, labels, messages, rpc, voucher
from seal.errors import (
    AmountDecreased,
    BadSignature,
    Expired,
    Malformed,
    NotYetValid,
    OverCapacity,
    Replay,
    Unsupported,
)
from seal.records import ORDER_RECORD
from seal.seller import Seller
from trades import best, connect, pair, refused, run


def vouch(buying, terms, amount, seq, **more):
    claims = voucher.payload(terms.digest, more.pop("lane", 0), seq, amount)
    for key, value in more.items():
        claims[int(key[1:])] = value
    return more.get("signer", buying.signer).sign(labels.VOUCHER, claims)[0]


def test_payee_refuses_bad_vouchers():
    _, buying, selling = pair()
    session, seller = connect(buying, selling)
    terms = session._terms
    assert messages.parse(seller.pay(vouch(buying, terms, 30, 5))[0]).payload[3] == 5
    bad = (
        (Replay, vouch(buying, terms, 31, 5)),
        (Replay, vouch(buying, terms, 31, 4)),
        (AmountDecreased, vouch(buying, terms, 29, 6)),
        (OverCapacity, vouch(buying, terms, 301, 6)),
        (Unsupported, vouch(buying, terms, 40, 6, lane=1)),
        (Unsupported, vouch(buying, terms, 40, 6, k7=bytes(32))),
        (Unsupported, vouch(buying, terms, 40, 6, k9=[[1, 1]])),
        (Unsupported, vouch(buying, terms, 40, 6, k10={1: bytes(32), 2: 1, 3: 1})),
        (NotYetValid, vouch(buying, terms, 40, 6, k5=NOW + 1)),
        (Expired, vouch(buying, terms, 40, 6, k6=terms.claim_end - 1)),
        (NotYetValid, vouch(buying, terms, 40, 6, k5=terms.claim_end + 1)),
        (BadSignature, vouch(selling, terms, 40, 6)),
        (Malformed, b"\x00"),
    )
    for error, raw in bad:
        raises(error, seller.pay, raw)
        assert best(selling) == [(5, 30)]
    assert messages.parse(seller.pay(vouch(buying, terms, 30, 5))[0]).payload[4] == 30
    assert messages.parse(seller.pay(vouch(buying, terms, 300, 6, k5=NOW, k6=terms.claim_end))[0]).payload[4] == 300
    selling.board.clock.unix = terms.expires - 3600  # the least time left
    raises(Expired, seller.pay, vouch(buying, terms, 300, 7))


def test_peer_must_prove_certificate_first():
    issuer, buying, selling = pair()
    session, _ = connect(buying, selling)
    raw = session._terms.raw
    stranger = Loopback(Seller(selling).handlers())
    refused(22, run, stranger.call(rpc.PROVE, b""))
    refused(22, run, stranger.call(rpc.OPEN, raw))
    refused(14, run, stranger.call(rpc.BILL, None))
    refused(14, run, stranger.call(rpc.PAY, b""))
    refused(14, run, stranger.call(rpc.CLOSE, b""))
    refused(1, run, stranger.call(rpc.HELLO, [b"", []]))
    run(stranger.call(rpc.HELLO, [bytes(32), buying.chain]))
    other_proof = {1: bytes(32), 2: bytes(32), 10: bytes(32), 11: bytes(32)}
    refused(1, run, stranger.call(rpc.PROVE, b""))
    refused(22, run, stranger.call(rpc.PROVE, selling.signer.sign(labels.PEER_PROOF, other_proof)[0]))
    refused(22, run, stranger.call(rpc.OPEN, raw))
    other = provisioned(Issuer())
    refused(6, run, stranger.call(rpc.HELLO, [bytes(32), other.chain]))


def test_proof_is_valid_for_one_connection():
    _, buying, selling = pair()

    class Recorder(Loopback):
        async def call(self, kind, item):
            if kind == rpc.PROVE:
                self.proof = item
            return await Loopback.call(self, kind, item)

    client = Recorder(Seller(selling).handlers())
    run(buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), client).agree())
    again = Loopback(Seller(selling).handlers())
    run(again.call(rpc.HELLO, [bytes(32), buying.chain]))
    refused(22, run, again.call(rpc.PROVE, client.proof))
