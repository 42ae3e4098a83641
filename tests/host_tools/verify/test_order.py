"""Order decides nothing about money: any permutation of a bundle shows the same worth of every lane."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.verify import Policy, Verifier, hash_times
from sealwright.wire.messages import Funding, RevealedTick, Ticks

from tests.host_tools.factory import DAY, NOW, Network, hash32

NET = Network()
TOP = NET.issuer("top", may_issue=1)
ISSUER = NET.issuer("low")
ISSUER.chain = (NET.certify(ISSUER.key, TOP.key, may_issue=0, custody=0), *TOP.chain)
PAYER, PAYEE = NET.device("payer", ISSUER, expires=NOW + DAY), NET.device("payee", ISSUER)
OLD, STRANGER = NET.device("payer", ISSUER, expires=NOW, issued_at=0), NET.device("stranger")
LEDGER = NET.ledger()
CHANNEL = PAYER.open(PAYEE, capacity=100)
CERTIFICATES = [
    *(TOP.certificate, ISSUER.certificate, PAYER.certificate, PAYEE.certificate, OLD.certificate),
    *(STRANGER.certificate, *LEDGER.certificates),
]
LAST, COUNT = hash32("last"), 9
CHAIN = Ticks(hash_times(LAST, COUNT), 10, COUNT)
NEVER_REVEALED = Ticks(hash_times(hash32("other"), COUNT), 2**62, COUNT)
SPOILT = (
    *({"hash_lock": bytes(32)}, {"merges": ((0, 1),)}, {"not_after": NOW - 1}, {"not_before": NOW + 1}),
    *({"lane": 64}, {"ticks": Ticks(CHAIN.root, 1, 0)}),
)

SEQS = st.integers(0, 4) | st.sampled_from((2**63, 2**64 - 1))
AMOUNTS = st.integers(0, 6) | st.sampled_from((99, 101, 2**63 - 1))
PLAIN = st.fixed_dictionaries({"amount": AMOUNTS, "seq": SEQS, "lane": st.sampled_from((0, 0, 0, 63))})


@st.composite
def bundles(draw):
    """A bundle, and the worth of its lanes by the law."""
    worth, messages = {}, []
    for fields in draw(st.lists(PLAIN, min_size=1, max_size=6)):
        messages.append(PAYER.voucher(CHANNEL, **fields))
        worth[fields["lane"]] = max(worth.get(fields["lane"], 0), fields["amount"])
    messages += [PAYER.voucher(CHANNEL, 77, seq=2, **spoilt) for spoilt in draw(st.lists(st.sampled_from(SPOILT)))]
    for seq in draw(st.sets(st.integers(0, 3))):
        voucher = PAYER.voucher(CHANNEL, 5, seq=seq, lane=7, ticks=CHAIN)
        tick = draw(st.none() | st.integers(0, COUNT))
        messages += [voucher, PAYER.voucher(CHANNEL, 0, seq=seq, lane=9, ticks=NEVER_REVEALED)]
        worth[7], worth[9] = max(worth.get(7, 0), 5 + 10 * (tick or 0)), 0
        if tick is not None:
            messages.append(PAYEE.receipt(voucher, tick=RevealedTick(tick, hash_times(LAST, COUNT - tick))))
    messages += draw(st.lists(st.sampled_from((*messages, STRANGER.voucher(CHANNEL, 88))), max_size=3))
    closes = [PAYEE.close(CHANNEL), PAYEE.close(CHANNEL, claims=()), PAYER.close(CHANNEL)]
    messages += draw(st.lists(st.sampled_from(closes), max_size=2))
    messages += draw(st.sampled_from(((), (LEDGER.sign(Funding(CHANNEL.digest, 100, NOW)),))))
    raws = [message.raw for message in [*CERTIFICATES, CHANNEL, *messages]]
    raws += [raw[:-1] + bytes((raw[-1] ^ 1,)) for raw in draw(st.lists(st.sampled_from(raws), max_size=2))]
    return draw(st.permutations(raws)), worth


@settings(max_examples=120)
@given(bundles())
def test_any_order_shows_the_same_worth_and_never_refuses_the_best(drawn):
    bundle, worth = drawn
    verifier = Verifier([NET.root], Policy(at=NOW))
    verdicts = list(verifier.run(bundle))
    lanes = {lane: verifier.memory.lane(CHANNEL.digest, lane) for lane in range(66)}
    assert {lane: best.worth for lane, best in lanes.items() if best is not None} == worth
    numbers = {}
    vouchers = [verdict for verdict in verdicts if verdict.type == "voucher" and verdict.code != "bad_signature"]
    for verdict in vouchers:
        body = verdict.message.body
        numbers.setdefault((body.lane, body.seq), set()).add(verdict.digest)
    best = {lane.voucher for lane in lanes.values() if lane is not None}
    for verdict in vouchers:
        body = verdict.message.body
        if verdict.digest in best and verdict.code != "replay":
            twins = len(numbers[body.lane, body.seq]) > 1
            assert verdict.ok or (twins and verdict.code == "equivocation") or body.ticks is not None, verdict


def test_the_worst_order_of_the_longest_chain():
    """Each message rests on those after it."""
    upper = NET.issuer("upper", may_issue=2)
    middle, lower, ledger = NET.issuer("middle"), NET.issuer("lower"), NET.ledger()
    middle.chain = (NET.certify(middle.key, upper.key, may_issue=1),)
    lower.chain = (NET.certify(lower.key, middle.key, may_issue=0),)
    payer, payee = NET.device("payer", lower, expires=NOW), NET.device("payee", lower)
    by_lower = NET.certify(ledger.key, lower.key, roles=1)
    channel = payer.open(payee)
    voucher = payer.voucher(channel, 9, ticks=CHAIN)
    bundle = [
        payee.receipt(voucher, tick=RevealedTick(COUNT, LAST)),
        *(voucher, channel, LEDGER.sign(Funding(channel.digest, 1000, NOW)), by_lower),
        *(payee.certificate, payer.certificate, lower.certificate, middle.certificate, upper.certificate),
    ]
    verifier = Verifier([NET.root], Policy(at=NOW))
    codes = {verdict.type: verdict.code for verdict in verifier.run(message.raw for message in bundle)}
    del codes["certificate"]  # one of them has expired; the funding is older
    assert codes == dict.fromkeys(("receipt", "voucher", "channel-open", "funding"), "ok")
    assert verifier.memory.lane(channel.digest, 0).worth == 99
