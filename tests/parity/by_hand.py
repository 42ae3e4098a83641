"""Messages that no device makes by itself: every key of the schema, at its edges, signed by a given Signer.

As a program it prints them: `micropython by_hand.py`. It needs little heap, so the small machines run it too.
"""

from fixed import FAR, MAX_UINT, Authority, Witness, hash32, keys
from rig import NETWORK, NOW
from seal import cbor, channel, identity, labels, voucher


def by_hand(signer):
    """The keys of the schema that no device of today fills in."""
    network, own, other, digest = NETWORK, hash32("payer"), hash32("payee"), hash32("channel")
    opened = {1: channel.VERSION, 2: network, 3: own, 4: other, 5: "", 6: 0, 7: MAX_UINT, 8: bytes(16)}
    signer.sign(labels.CHANNEL_OPEN, opened)
    opened.update({6: labels.MAX_AMOUNT, 9: labels.MAX_AMOUNT, 10: "\u00b5\u6c34\U00010151", 11: 86400})
    signer.sign(labels.CHANNEL_OPEN, opened)
    opened[labels.TERMS_LEDGER] = hash32("ledger")
    signer.sign(labels.CHANNEL_OPEN, opened)
    for kind in (labels.FUNDING, labels.REFUND):
        signer.sign(kind, {1: digest, 2: labels.MAX_AMOUNT, 6: NOW})
    for claims in ([], [[0, MAX_UINT, 0, hash32("voucher")], [63, 0, labels.MAX_AMOUNT, hash32("other")]]):
        signer.sign(labels.CHANNEL_CLOSE, {1: digest, 2: NOW, labels.CLOSE_CLAIMS: claims})
    receipt = {1: digest, 2: 0, 3: 1, 4: 2, 5: hash32("voucher"), 6: [3, hash32("tick")]}
    signer.sign(labels.RECEIPT, receipt)
    signer.sign(labels.COMMAND, {1: bytes(32), 2: 0, 3: "", labels.COMMAND_STATUS: digest})
    stat = {1: own, labels.NONCE: digest, 2: 0, 3: MAX_UINT, 4: None, labels.IAT: 0, labels.CLOCK_QUALITY: 3}
    signer.sign(labels.STATUS, stat | {labels.FIRMWARE: ""})
    signer.sign(labels.STATUS, stat | {4: digest, labels.FIRMWARE: "1.0"})
    signer.sign(labels.STATUS, stat | {labels.STATUS_ACKNOWLEDGED: MAX_UINT, labels.FIRMWARE: "1.0"})
    signer.sign(labels.STATUS, stat | {5: [MAX_UINT, hash32("owner")], labels.FIRMWARE: ""})
    cose_key = identity.cose_key(keys("by hand").public(0))
    confirmed = {1: identity.cose_key(keys("new owner").public(0))}
    signer.sign(labels.TRANSFER, {1: own, 2: MAX_UINT, 3: cose_key, labels.IAT: NOW, labels.CNF: confirmed})
    signer.sign(labels.TRANSFER, {1: own, 2: 1, 3: confirmed[1], labels.IAT: 0, labels.CNF: {1: cose_key}})
    given = {1: own, 2: 0, 3: ["pause", ""], 5: MAX_UINT, labels.IAT: NOW, labels.CNF: confirmed}
    signer.sign(labels.DELEGATION, given)
    signer.sign(labels.COMMAND, {1: own, 2: 1, 3: "pause", labels.COMMAND_DELEGATION: digest})
    for reason in range(5):
        signer.sign(labels.REVOCATION, {1: own, 2: reason, labels.IAT: NOW})
    rotated = {1: own, 2: MAX_UINT, labels.IAT: 0, labels.CNF: {1: identity.cose_key(keys("by hand").public(0))}}
    signer.sign(labels.ROTATION, rotated)
    signer.sign(labels.ROTATION, rotated | {labels.SEQ: MAX_UINT, labels.PREV: digest})
    offer = {1: own, 2: "", 3: labels.MAX_AMOUNT, 4: "!" * 32, 5: MAX_UINT, labels.IAT: 0}
    signer.sign(labels.OFFER, offer)
    signer.sign(labels.OFFER, offer | {labels.OFFER_ADDRESS: "", labels.OFFER_LEFT: labels.MAX_AMOUNT})
    signer.sign(labels.VOUCHER, voucher.payload(digest, 0, 0, 0))
    full = voucher.payload(digest, 1, MAX_UINT, labels.MAX_AMOUNT, hash32("item"))
    full.update({5: NOW, 6: FAR, 7: hash32("lock"), 9: [[0, 23], [24, 255], [256, 65535], [65536, 1 << 32]]})
    full[10] = {1: hash32("tick"), 2: 1, 3: 1 << 20}
    signer.sign(labels.VOUCHER, full)
    for key in (5, 6, 7, 9, 10):
        signer.sign(labels.VOUCHER, {1: digest, 2: 2, 3: key, 4: 5, key: full[key]})
    fraction = cbor.Tag(4, [-3, -2150])
    records = [
        {-2: "room-", -3: NOW, -4: "Cel", 0: "t", 2: fraction, 6: -1},
        {0: "", 1: "lon", 2: -MAX_UINT - 1, 6: cbor.Tag(4, [MAX_UINT, MAX_UINT])},
        {3: "text \U00010151"},
        {4: True},
        {4: False, -3: cbor.Tag(4, [0, 0])},
        {8: bytes(range(256))},
        {},
    ]
    files = [["board.mpy", 250, hash32("board")], ["seal/p256/curve.mpy", 1 << 20, hash32("curve")]]
    signer.sign(labels.FIRMWARE_UPDATE, {1: "rig", 2: MAX_UINT, 3: "1.0", 4: "armv6m", 5: files})
    claims = {labels.IAT: 0, labels.SEQ: MAX_UINT, labels.PREV: hash32("before"), labels.CLOCK_QUALITY: 0}
    claims[labels.FIRMWARE] = ""
    signer.sign(labels.READING, records, claims)


def any_arguments(signer, most=1024):
    """Commands may carry any value of the profile. most: bytes of the longest."""
    deep = 0
    for _ in range(cbor.MAX_DEPTH - 2):
        deep = [deep]
    keyed = {"b": 1, "aa": 2, b"b": 3, b"": 4, 0: 5, 23: 6, 24: 7, 255: 8, 256: 9, -1: 10, -24: 11, -25: 12, -257: 13}
    keyed[1 << 32] = keyed[-MAX_UINT - 1] = keyed[""] = keyed["\u00fc"] = [True, False, None]
    for value in (None, True, 0, -1, "", b"", [], {}, deep, keyed, cbor.Tag(4, "no number"), "x" * 256, bytes(most)):
        signer.sign(labels.COMMAND, {1: bytes(32), 2: 0, 3: "", 4: value})


def main():
    Authority()  # its certificates
    signer = Witness("by hand", keys("by hand"), 0)
    by_hand(signer)
    any_arguments(signer, 256)


if __name__ == "__main__":
    main()
