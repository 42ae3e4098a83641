"""The good bundle changed in exactly one way, for every code: what is changed and which codes follow."""

import dataclasses

from sealwright.wire import certificates, cose
from sealwright.wire.cbor import Tag, decode, encode
from sealwright.wire.messages import Funding, sign_message

from tests.host_tools.factory import NOW, hash32, key
from tests.host_tools.rotated import rotation
from tests.host_tools.world import CHANNEL, ISSUER, LEDGER, NET, OWNER, PAYEE, PAYER, TICKS, good, transfer


def change(**replaced):
    """The good bundle with messages replaced: names have _ for spaces; None takes a message out."""
    bundle = good()
    for name, message in replaced.items():
        assert name.replace("_", " ") in bundle
        bundle[name.replace("_", " ")] = message
    return {name: message for name, message in bundle.items() if message is not None}


def turned(*messages):
    """The good bundle, and after it a rotation, and what else there is."""
    return {**good(), **dict(zip(("turn", "last"), messages, strict=False))}


def again(message):
    """The same body, signed by the same payer, with one thing changed."""
    return lambda signer=PAYER.key, **fields: sign_message(signer, dataclasses.replace(message.body, **fields))


def flipped(message):
    return message.raw[:-1] + bytes((message.raw[-1] ^ 1,))


def retyped(message, typ):
    header = {**message.sign1.header, 16: typ}
    return cose.sign(PAYER.key, header, message.sign1.payload).raw


def untagged(message):
    return encode(decode(message.raw).value)


def longer(message):
    assert message.raw[:2] == b"\xd2\x84"
    return b"\xd2\x98\x04" + message.raw[2:]


G = good()


# code -> (what is changed, the codes that follow): the fault itself, and what depends on the message that it spoilt
FAULTS = {
    "malformed": [
        (change(first=untagged(G["first"])), {"first": "malformed", "receipt": "receipt_mismatch"}),
        (change(close=G["close"].raw[:-1]), {"close": "malformed"}),
        (change(close=G["close"].raw + b"\x00"), {"close": "malformed"}),
        (change(close=b""), {"close": "malformed"}),
        (change(close=encode(Tag(18, [b"", {}, b"", bytes(64)]))), {"close": "malformed"}),
    ],
    "not_deterministic": [
        (change(close=longer(G["close"])), {"close": "not_deterministic"}),
        (change(proof=longer(G["proof"])), {"proof": "not_deterministic"}),
    ],
    "wrong_type": [
        (change(close=retyped(G["close"], 65099)), {"close": "wrong_type"}),
        (change(close=retyped(G["close"], "text")), {"close": "wrong_type"}),
    ],
    "unknown_signer": [
        (change(payee=None), {"receipt": "unknown_signer", "close": "unknown_signer"}),
        (change(close=again(G["close"])(key("stranger"))), {"close": "unknown_signer"}),
        (change(grant=again(G["grant"])(key("stranger"))), {"grant": "unknown_signer"}),
        (change(command=again(G["command"])(key("stranger"))), {"command": "unknown_signer"}),
        (change(made_1=again(G["made 1"])(key("stranger"))), {"made 1": "unknown_signer"}),
        (change(payee=certificates.issue(key("stranger"), PAYEE.key.public, network=NET.id, custody=2, issued_at=0)),
         {"payee": "unknown_signer", "receipt": "unknown_signer", "close": "unknown_signer"}),
    ],
    "bad_certificate": [
        (change(payee=again(PAYEE.certificate)(ISSUER.key, subject=PAYER.key.public.did)),
         {"payee": "bad_certificate", "receipt": "bad_certificate", "close": "bad_certificate"}),
        (change(payee=again(PAYEE.certificate)(ISSUER.key, ueid=PAYER.key.public.ueid)),
         {"payee": "bad_certificate", "receipt": "bad_certificate", "close": "bad_certificate"}),
        (change(payee=again(PAYEE.certificate)(ISSUER.key, issuer=NET.key.public.did)),
         {"payee": "bad_certificate", "receipt": "bad_certificate", "close": "bad_certificate"}),
        (change(payee=again(PAYEE.certificate)(ISSUER.key, may_issue=0)),
         {"payee": "bad_certificate", "receipt": "bad_certificate", "close": "bad_certificate"}),
        (change(payee=certificates.issue(PAYER.key, PAYEE.key.public, network=NET.id, custody=2, issued_at=0)),
         {"payee": "bad_certificate", "receipt": "bad_certificate", "close": "bad_certificate"}),
        (change(evidence=again(G["evidence"])(ueid=PAYEE.key.public.ueid)), {"evidence": "bad_certificate"}),
        (change(grant=again(G["grant"])()), {"grant": "bad_certificate"}),
        (change(grant=again(G["grant"])(NET.key, device=PAYEE.id)), {"grant": "bad_certificate"}),
        (change(grant=again(G["grant"])(NET.key, chain=ISSUER.chain)), {"grant": "bad_certificate"}),
        (change(made_1=again(G["made 1"])()), {"made 1": "bad_certificate"}),
        (change(made_1=again(G["made 1"])(ISSUER.key, ueid=PAYER.key.public.ueid)), {"made 1": "bad_certificate"}),
    ],
    "expired_certificate": [
        (change(payee=again(PAYEE.certificate)(ISSUER.key, expires=NOW)),
         {"payee": "expired_certificate", "receipt": "expired_certificate", "close": "expired_certificate"}),
    ],
    "wrong_network": [
        (change(payee=again(PAYEE.certificate)(ISSUER.key, network=bytes(32))),
         {"payee": "wrong_network", "receipt": "wrong_network", "close": "wrong_network"}),
        (change(open=again(CHANNEL)(network=bytes(32))),
         {"open": "wrong_network", "first": "unknown_channel", "locked": "unknown_channel",
          "ticking": "unknown_channel", "third": "unknown_channel", "receipt": "unknown_channel",
          "close": "unknown_channel", "funding": "unknown_channel"}),
        (change(grant=again(G["grant"])(NET.key, network=bytes(32))), {"grant": "wrong_network"}),
    ],
    "custody_too_low": [
        (change(payee=again(PAYEE.certificate)(ISSUER.key, custody=1)),
         {"payee": "custody_too_low", "receipt": "custody_too_low", "close": "custody_too_low"}),
    ],
    "bad_signature": [
        (change(sold=flipped(G["sold"])), {"sold": "bad_signature"}),
        (change(sold=sign_message(key("thief"), G["sold"].body)), {"sold": "bad_signature"}),
        (
            change(delegated=NET.owner("thief").command(PAYER, "pause", delegation=G["delegation"].digest)),
            {"delegated": "bad_signature"},
        ),
        (change(close=flipped(G["close"])), {"close": "bad_signature"}),
        (change(reading_2=flipped(G["reading 2"])), {"reading 2": "bad_signature"}),
        (change(evidence=flipped(G["evidence"])), {"evidence": "bad_signature"}),
        (change(command=flipped(G["command"])), {"command": "bad_signature"}),
        (change(grant=flipped(G["grant"])), {"grant": "bad_signature"}),
        (change(made_1=flipped(G["made 1"])), {"made 1": "bad_signature"}),
        (change(root=flipped(G["root"])), {"root": "bad_signature"}),
        (change(payee=flipped(G["payee"])),
         {"payee": "bad_signature", "receipt": "unknown_signer", "close": "unknown_signer"}),
    ],
    "gap": [
        (change(reading_1=None), {"reading 2": "gap"}),
        (change(reading_2=again(G["reading 2"])(prev=hash32("another"))), {"reading 2": "gap"}),
        (change(reading_2=again(G["reading 2"])(prev=None)), {"reading 2": "gap"}),
        (change(reading_2=again(G["reading 2"])(seq=0)), {"reading 2": "gap"}),
        (change(reading_2=again(G["reading 2"])(seq=4)), {"reading 2": "gap"}),
        (change(made_1=again(G["made 1"])(ISSUER.key, seq=3)), {"made 1": "gap"}),
        (change(made_1=again(G["made 1"])(ISSUER.key, prev=hash32("another"))), {"made 1": "gap"}),
        (change(made_1=again(G["made 1"])(ISSUER.key, prev=None)), {"made 1": "gap"}),
    ],
    "replay": [
        (change(reading_2=G["reading 1"]), {"reading 2": "replay"}),
        (change(close=G["open"]), {"close": "replay"}),
        (change(close=G["first"]), {"close": "replay"}),
        (change(close=G["third"]), {"close": "replay"}),
        (change(close=G["receipt"]), {"close": "replay"}),
        (change(close=G["command"]), {"close": "replay"}),
        (change(close=G["evidence"]), {"close": "replay"}),
        (change(close=G["grant"]), {"close": "replay"}),
        (change(close=G["proof"]), {"close": "replay"}),
        (change(made_1=G["made 0"]), {"made 1": "replay"}),
    ],
    "not_yet_valid": [
        (change(locked=again(G["locked"])(not_before=NOW + 1)), {"locked": "not_yet_valid"}),
        (change(payee=again(PAYEE.certificate)(ISSUER.key, issued_at=NOW + 301)),
         {"payee": "not_yet_valid", "receipt": "unknown_signer", "close": "unknown_signer"}),
        (change(grant=again(G["grant"])(NET.key, issued_at=NOW + 301)), {"grant": "not_yet_valid"}),
    ],
    "not_the_owner": [
        (change(resold=transfer(key("thief"), key("heir"), 2)), {"resold": "not_the_owner"}),
    ],
    "not_delegated": [
        (
            change(delegated=NET.owner("operator").command(PAYER, "wipe", delegation=G["delegation"].digest)),
            {"delegated": "not_delegated"},
        ),
        (
            change(delegated=NET.owner("operator").command(PAYER, "p\u0430use", delegation=G["delegation"].digest)),
            {"delegated": "not_delegated"},
        ),
    ],
    "expired": [
        (change(delegation=again(G["delegation"])(OWNER.key, not_after=NOW - 1)),
         {"delegation": "expired", "delegated": "unknown_signer"}),
        (change(locked=again(G["locked"])(not_after=NOW - 1)), {"locked": "expired"}),
    ],
    "unknown_channel": [
        (change(locked=again(G["locked"])(channel=hash32("another"))), {"locked": "unknown_channel"}),
        (change(receipt=again(G["receipt"])(PAYEE.key, channel=hash32("another"))), {"receipt": "unknown_channel"}),
        (change(close=PAYEE.close(hash32("another"))), {"close": "unknown_channel"}),
    ],
    "not_a_party": [
        (
            change(delegated=NET.owner("operator").command(PAYEE, "pause", delegation=G["delegation"].digest)),
            {"delegated": "not_a_party"},
        ),
        (change(locked=again(G["locked"])(PAYEE.key)), {"locked": "not_a_party"}),
        (change(receipt=again(G["receipt"])()), {"receipt": "not_a_party"}),
        (change(proof=again(G["proof"])(PAYEE.key)), {"proof": "not_a_party"}),
        (change(close=again(CHANNEL)(PAYEE.key)), {"close": "not_a_party"}),
    ],
    "over_capacity": [
        (change(funding=LEDGER.sign(Funding(CHANNEL.digest, 999, NOW))), {"funding": "over_capacity"}),
    ],
    "amount_decreased": [
        (change(locked=again(G["locked"])(amount=99)), {"locked": "amount_decreased"}),
        (change(third=again(G["third"])(amount=149)), {"third": "amount_decreased"}),
    ],
    "lock_missing": [
        (change(locked=again(G["locked"])(hash_lock=hash32("another lock"))), {"locked": "lock_missing"}),
    ],
    "bad_merge": [
        (change(third=again(G["third"])(merges=((1, 1),))), {"third": "bad_merge"}),
        (change(third=again(G["third"])(merges=((0, 2),))), {"third": "bad_merge"}),
    ],
    "superseded_key": [
        (turned(rotation(PAYER, "next"), PAYER.peer_proof(PAYEE, own_nonce=bytes(32))), {"last": "superseded_key"}),
    ],
    "bad_rotation": [
        (turned(rotation(PAYER, "next", 0)), {"turn": "bad_rotation"}),
        (turned(rotation(PAYER, "next", 2)), {"turn": "bad_rotation"}),
        (turned(rotation(PAYER, PAYER.key)), {"turn": "bad_rotation"}),
        (turned(rotation(PAYER, PAYEE.key)), {"turn": "bad_rotation"}),
    ],
    "bad_lane": [
        (change(third=again(G["third"])(lane=64)), {"third": "bad_lane"}),
        (change(third=again(G["third"])(lane=2**64 - 1)), {"third": "bad_lane"}),
    ],
    "equivocation": [
        (
            change(resold=transfer(OWNER.key, key("heir"), 1)),
            {"resold": "equivocation"},
        ),
        (change(locked=PAYER.voucher(CHANNEL, 150, seq=1)), {"locked": "equivocation"}),
        (change(third=again(G["third"])(seq=2)), {"third": "equivocation"}),
        (change(reading_2=again(G["reading 2"])(seq=2)), {"reading 2": "equivocation"}),
        (change(reading_2=again(G["reading 2"])(seq=1)), {"reading 2": "equivocation"}),
        (change(made_1=again(G["made 1"])(ISSUER.key, seq=1)), {"made 1": "equivocation"}),
        (change(third=PAYEE.close(CHANNEL, claims=())), {"close": "equivocation"}),
    ],
    "revoked": [
        (change(evidence=NET.revoke(PAYER, ISSUER)), {"proof": "revoked"}),
    ],
    "not_a_device": [
        (change(close=again(G["close"])(ISSUER.key), issuer=again(ISSUER.certificate)(NET.key, custody=2)),
         {"close": "not_a_device"}),
        (change(reading_2=again(G["reading 2"])(ISSUER.key), issuer=again(ISSUER.certificate)(NET.key, custody=2)),
         {"reading 2": "not_a_device"}),
        (change(proof=again(G["proof"])(LEDGER.key), ledger=again(LEDGER.certificates[0])(NET.key, custody=2)),
         {"proof": "not_a_device"}),
    ],
    "not_a_ledger": [
        (change(funding=again(G["funding"])()), {"funding": "not_a_ledger"}),
    ],
    "wrong_ledger": [
        (change(evidence=NET.ledger("other").certificates[0], funding=again(G["funding"])(key("other"))),
         {"funding": "wrong_ledger"}),
    ],
    "bad_tick": [
        (change(ticking=again(G["ticking"])(ticks=dataclasses.replace(TICKS, count=2))),
         {"ticking": "bad_tick"}),
        (change(ticking=again(G["ticking"])(ticks=dataclasses.replace(TICKS, count=0))),
         {"ticking": "bad_tick"}),
        (change(ticking=again(G["ticking"])(ticks=dataclasses.replace(TICKS, value=0, count=2**20 + 1))),
         {"ticking": "bad_tick"}),
    ],
    "receipt_mismatch": [
        (change(receipt=again(G["receipt"])(PAYEE.key, amount=101)), {"receipt": "receipt_mismatch"}),
        (change(receipt=again(G["receipt"])(PAYEE.key, seq=2)), {"receipt": "receipt_mismatch"}),
        (change(receipt=again(G["receipt"])(PAYEE.key, lane=1)), {"receipt": "receipt_mismatch"}),
        (change(receipt=again(G["receipt"])(PAYEE.key, voucher=hash32("none"))), {"receipt": "receipt_mismatch"}),
    ],
}  # fmt: skip
