"""One good message of each type, with every key of its map that may be left out."""

from dataclasses import replace

from sealwright.wire import labels
from sealwright.wire.cbor import Tag, decode, encode
from sealwright.wire.messages import (
    ChannelClose,
    Checkpoint,
    Chip,
    Claim,
    DecimalFraction,
    Delegation,
    DevicePolicy,
    Division,
    Funding,
    Limit,
    LogEnd,
    Offer,
    Owned,
    Place,
    Record,
    Refund,
    RevealedTick,
    Revocation,
    Rotation,
    Shift,
    Status,
    Ticks,
    Transfer,
    sign_message,
)

from tests.host_tools.factory import NOW, Network, hash32, key

NET = Network()
DEVICE = NET.device(expires=NOW, model="board")
PEER = NET.device("peer")
LEDGER = key("ledger")
OWNER = key("owner")
LEDGER_ID = LEDGER.public.device_id
LEDGER_CERTIFICATE = sign_message(NET.key, replace(NET.certify(LEDGER).body, roles=labels.ROLE_LEDGER))
OPEN = DEVICE.open(PEER, price=3, unit="kWh", dispute_window=60, ledger=LEDGER_ID)
CLAIMS = (Claim(0, 9, 8, hash32("voucher")), Claim(7, 2**64 - 1, 2**63 - 1, hash32("other")))
STATUS = Status(DEVICE.id, hash32("host nonce"), 3, 4, hash32("reading"), NOW, 2, "0.1.0", Owned(1, hash32("owner")), 7)
OFFER = Offer(DEVICE.id, "kWh", 83, "nEUR", NOW + 60, NOW, "tcp:solar:9000", 10)
FULL = {
    "not_before": 1,
    "not_after": 2,
    "hash_lock": hash32("lock"),
    "item": hash32("item"),
    "merges": ((1, 2), (3, 4)),
    "ticks": Ticks(hash32("root"), 5, 6),
}
ENDS = (LogEnd(9, hash32("head 1"), hash32("root 1")), LogEnd(0, bytes(32), hash32("root 2")))
RECORDS = (
    Record(base_name="a", base_time=NOW, base_unit="Cel", name="n", value=DecimalFraction(-2, 2150), time=-1),
    Record(name="t", text="warm"),
    Record(name="b", flag=False),
    Record(name="d", data=b"\x00", unit="%RH"),
    Record(),
)
POLICY = DevicePolicy({"credit": Limit(1, 2), "EUR": Limit(0, 2**63 - 1)}, (hash32("p"),), 2**64 - 1, NOW)
MESSAGES = {
    "certificate": sign_message(NET.key, replace(NET.issuer(expires=NOW, model="x").certificate.body, roles=2)),
    "reading": DEVICE.reading(records=RECORDS, prev=hash32("before")),
    "channel-open": OPEN,
    "voucher": DEVICE.voucher(OPEN, 7, **FULL),
    "receipt": PEER.receipt(DEVICE.voucher(OPEN, 7), tick=RevealedTick(3, hash32("tick"))),
    "evidence": DEVICE.evidence(),
    "grant": NET.grant(DEVICE, policy=POLICY, ledger_chain=(LEDGER_CERTIFICATE,)),
    "command": NET.owner().command(
        DEVICE,
        "set",
        {1: [None, True, Tag(4, [0, 1])], "a": b""},
        not_after=NOW,
        status=hash32("status"),
        delegation=hash32("delegation"),
    ),
    "channel-close": sign_message(DEVICE.key, ChannelClose(OPEN.digest, NOW, CLAIMS)),
    "peer-proof": DEVICE.peer_proof(PEER),
    "firmware": NET.owner().firmware(),
    "factory-record": NET.issuer().factory_record(DEVICE, chip=Chip(bytes(9), bytes(4), hash32("zone"), bytes(64), 1)),
    "funding": sign_message(LEDGER, Funding(OPEN.digest, 1000, NOW)),
    "refund": sign_message(LEDGER, Refund(OPEN.digest, 993, NOW)),
    "status": sign_message(DEVICE.key, STATUS),
    "revocation": sign_message(NET.key, Revocation(DEVICE.id, labels.REASON_KEY_LOST, NOW)),
    "offer": sign_message(DEVICE.key, OFFER),
    "checkpoint": sign_message(LEDGER, Checkpoint(LEDGER_ID, 12, hash32("head"), NOW, hash32("root"), ENDS)),
    "rotation": sign_message(DEVICE.key, Rotation(DEVICE.id, key("device, second").public, NOW, 1, 7, hash32("seven"))),
    "transfer": sign_message(OWNER, Transfer(DEVICE.id, 1, OWNER.public, key("new owner").public, NOW)),
    "delegation": sign_message(OWNER, Delegation(DEVICE.id, 0, ("pause", "offer"), NOW, NOW, key("operator").public)),
    "division": sign_message(LEDGER, Division(LEDGER_ID, 1, 2, NOW)),
    "shift": sign_message(LEDGER, Shift(LEDGER_ID, DEVICE.id, "credit", 7, Place(0, 12), NOW, Place(1, 9))),
}


def split(name):
    """Header and payload of a good message, decoded."""
    sign1 = MESSAGES[name].sign1
    return decode(sign1.protected), decode(sign1.payload)


def resigned(header, payload):
    """A raw message of this header (a label that is ... is left out) and payload, with no good signature."""
    header = {label: value for label, value in header.items() if value is not ...}
    protected = encode(header)
    return encode(Tag(18, [protected, {}, payload if isinstance(payload, bytes) else encode(payload), bytes(64)]))
