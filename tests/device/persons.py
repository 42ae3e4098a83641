"""People with keys: owners, operators, thieves."""

from keystore.software import SoftwareKeyStore
from rig import NOW, Entropy, RamStore
from seal import cose, identity, labels
from seal.entropy import Pool
from seal.records import OWNER_SEQ


class Person:
    """Somebody with a key: an owner, an operator, a thief."""

    def __init__(self, signer=None, public=None):
        keys = SoftwareKeyStore(RamStore(), engine="plain")
        self.public = public or keys.generate(0, Pool(Entropy.sources).random)
        self.id = identity.device_id(self.public)
        self.signer = signer or cose.Signer(keys, 0, identity.kid(self.id))

    def transfer(self, device, to, number=1, **changes):
        claims = {
            1: changes.get("device_id", device.device_id),
            2: number,
            3: identity.cose_key(changes.get("old", self.public)),
            labels.IAT: NOW,
            labels.CNF: {1: identity.cose_key(to.public)},
        }
        return self.signer.sign(labels.TRANSFER, claims)[0]

    def delegation(self, device, to, ops, number=0, until=NOW + 86400, at=NOW, device_id=None):
        key = {1: identity.cose_key(to.public)}
        claims = {1: device_id or device.device_id, 2: number, 3: list(ops), 5: until, labels.IAT: at, labels.CNF: key}
        return self.signer.sign(labels.DELEGATION, claims)[0]

    def order(self, device, op, value=None, seq=None, ends=NOW + 600, delegation=None, **more):
        """A command; with a delegation as an operator hands it in."""
        claims = {1: device.device_id, 2: seq or device.owner_record()[OWNER_SEQ] + 1, 3: op}
        if value is not None:
            claims[4] = value
        if ends is not None:
            claims[5] = ends
        if delegation is not None:
            claims[7] = more.get("named", cose.parse(delegation).digest)
        raw = self.signer.sign(labels.COMMAND, claims)[0]
        return raw if delegation is None else [raw, delegation]
