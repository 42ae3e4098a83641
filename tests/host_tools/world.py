"""One good bundle with a message of every kind, and what its checker knows: what tests change one thing of."""

from hashlib import sha256

from sealwright.verify import Policy, hash_times
from sealwright.wire.messages import Delegation, Funding, Ticks, Transfer, sign_message

from tests.host_tools.factory import NOW, Network, hash32, key

NET = Network()
ISSUER = NET.issuer()
OWNER = NET.owner()
LEDGER = NET.ledger()
SECRET = b"the secret of the lock"
TICK = hash32("last tick of the chain")
TICKS = Ticks(hash_times(TICK, 3), value=5, count=100)
POLICY = {
    "network": NET.id,
    "custody_floor": 2,
    "at": NOW,
    "secrets": (b"another", SECRET),
    "ticks": {TICKS.root: (3, TICK)},
    "owners": (NET.owner("another owner").key.public, OWNER.key.public),
}


def policy(**changes):
    return Policy(**{**POLICY, **changes})


def devices():
    """Payer and payee, new: a device counts its readings."""
    return NET.device("payer", ISSUER, expires=NOW + 10), NET.device("payee", ISSUER)


PAYER, PAYEE = devices()
CHANNEL = PAYER.open(PAYEE, capacity=1000)
LOCK = sha256(SECRET).digest()
DELEGATION = sign_message(OWNER.key, Delegation(PAYER.id, 0, ("pause", "resume"), 2**40, NOW, key("operator").public))


def transfer(old, new, generation, device=PAYER):
    """A device changes hands."""
    return sign_message(old, Transfer(device.id, generation, old.public, new.public, NOW))


def good():
    """Name -> message, in order. Lanes: 0 (vouchers first, locked, third), 1 (ticking)."""
    payer, _ = devices()
    first = PAYER.voucher(CHANNEL, 100, not_before=NOW, not_after=NOW, item=hash32("item"))
    return {
        "root": NET.root,
        "issuer": ISSUER.certificate,
        "payer": PAYER.certificate,
        "payee": PAYEE.certificate,
        "ledger": LEDGER.certificates[0],
        "reading 0": payer.reading(2150),
        "reading 1": payer.reading(2151),
        "reading 2": payer.reading(2152),
        "open": CHANNEL,
        "first": first,
        "locked": PAYER.voucher(CHANNEL, 150, seq=2, hash_lock=LOCK),
        "ticking": PAYER.voucher(CHANNEL, 10, lane=1, ticks=TICKS),
        "third": PAYER.voucher(CHANNEL, 200, seq=3),
        "receipt": PAYEE.receipt(first),
        "evidence": PAYER.evidence(),
        "grant": NET.grant(PAYER),
        "command": NET.owner().deposit(PAYER, 1000),
        "proof": PAYER.peer_proof(PAYEE),
        "made 0": (bench := NET.issuer()).factory_record(PAYER),
        "made 1": bench.factory_record(PAYEE),
        "close": PAYEE.close(CHANNEL, claims=(first,)),
        "funding": LEDGER.sign(Funding(CHANNEL.digest, 1000, NOW)),
        "delegation": DELEGATION,
        "delegated": NET.owner("operator").command(PAYER, "pause", delegation=DELEGATION.digest),
        "sold": transfer(OWNER.key, key("buyer"), 1),
        "resold": transfer(key("buyer"), key("heir"), 2),
    }
