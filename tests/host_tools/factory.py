"""Networks, devices and any message, for tests. All follows from labels: two runs make the same bytes."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sealwright.ledger import LedgerIdentity
from sealwright.wire import certificates
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import (
    Certificate,
    ChannelClose,
    ChannelOpen,
    Claim,
    Command,
    DecimalFraction,
    DepositArguments,
    DevicePolicy,
    Evidence,
    FactoryRecord,
    Firmware,
    FirmwareFile,
    Grant,
    Limit,
    Message,
    PeerProof,
    Reading,
    Receipt,
    Record,
    Revocation,
    Voucher,
    WithdrawArguments,
    sign_message,
    write_arguments,
)

NOW = 1_800_000_000
DAY = 86_400


def hash32(label: str) -> bytes:
    return sha256(label.encode()).digest()


LEDGER = "ledger"  # the label of the key of every ledger here, unless a test makes another


def ledger_id(label: str = LEDGER) -> bytes:
    """The id of the ledger whose key has this label."""
    return key(label).public.device_id


def key(label: str) -> PrivateKey:
    return PrivateKey.from_secret(int.from_bytes(hash32("key " + label), "big") >> 1)


@dataclass
class Device:
    """A certified key that signs what a device signs; `chain` is leaf first, without the root."""

    key: PrivateKey
    network: bytes
    chain: tuple[Message[Certificate], ...]
    last: bytes | None = None
    seq: int = 1

    @property
    def id(self) -> bytes:
        return self.key.public.device_id

    @property
    def certificate(self) -> Message[Certificate]:
        return self.chain[0]

    def reading(self, mantissa: int = 2150, **changes: Any) -> Message[Reading]:
        """The next reading of this device's log, unless `changes` say otherwise."""
        records = (Record(base_name="room-", name="t", unit="Cel", value=DecimalFraction(-2, mantissa)),)
        fields: dict[str, Any] = {
            "sampled_at": NOW + self.seq,
            "seq": self.seq,
            "prev": self.last,
            "clock_quality": 2,
            "firmware": "0.1.0",
            "records": records,
        }
        message = sign_message(self.key, Reading(**{**fields, **changes}))
        self.seq, self.last = message.body.seq + 1, message.digest
        return message

    def open(self, payee: "Device | bytes", capacity: int = 1000, **changes: Any) -> Message[ChannelOpen]:
        fields: dict[str, Any] = {
            "network": self.network,
            "payer": self.id,
            "payee": payee if isinstance(payee, bytes) else payee.id,
            "asset": "credit",
            "capacity": capacity,
            "expires": NOW + 30 * DAY,
            "nonce": hash32("nonce")[:16],
            "ledger": ledger_id(),
        }
        return sign_message(self.key, ChannelOpen(**{**fields, **changes}))

    def voucher(
        self, channel: Message[ChannelOpen] | bytes, amount: int, seq: int = 1, lane: int = 0, **more: Any
    ) -> Message[Voucher]:
        digest = channel if isinstance(channel, bytes) else channel.digest
        return sign_message(self.key, Voucher(digest, lane, seq, amount, **more))

    def receipt(self, voucher: Message[Voucher], **changes: Any) -> Message[Receipt]:
        of = voucher.body
        fields: dict[str, Any] = {
            "channel": of.channel,
            "lane": of.lane,
            "seq": of.seq,
            "amount": of.amount,
            "voucher": voucher.digest,
        }
        return sign_message(self.key, Receipt(**{**fields, **changes}))

    def close(
        self, channel: Message[ChannelOpen] | bytes, at: int = NOW, claims: tuple[Message[Voucher], ...] | None = None
    ) -> Message[ChannelClose]:
        """A close, with the claims that these vouchers make where there are any given."""
        digest = channel if isinstance(channel, bytes) else channel.digest
        named = None
        if claims is not None:
            named = tuple(Claim(v.body.lane, v.body.seq, v.body.amount, v.digest) for v in claims)
        return sign_message(self.key, ChannelClose(digest, at, named))

    def evidence(self, nonce: bytes = hash32("host nonce"), **changes: Any) -> Message[Evidence]:
        fields: dict[str, Any] = {
            "key": self.key.public,
            "nonce": nonce,
            "ueid": self.key.public.ueid,
            "custody": 2,
            "model": "board",
            "firmware": "0.1.0",
        }
        return sign_message(self.key, Evidence(**{**fields, **changes}))

    def factory_record(self, of: "Device", **changes: Any) -> Message[FactoryRecord]:
        """A record of this issuer about the device `of`; the next of its log, unless `changes` say otherwise."""
        fields: dict[str, Any] = {
            "maker": "a bench",
            "name": "station",
            "made_at": NOW,
            "key": of.key.public,
            "ueid": of.key.public.ueid,
            "custody": 2,
            "model": "board",
            "seq": self.seq,
            "prev": self.last,
            "firmware": "0.1.0",
            "selftest": {"curve": True, "sensor bme280": 13},
            "certificate": of.certificate.digest,
        }
        message = sign_message(self.key, FactoryRecord(**{**fields, **changes}))
        self.seq, self.last = message.body.seq + 1, message.digest
        return message

    def peer_proof(self, peer: "Device", **changes: Any) -> Message[PeerProof]:
        fields: dict[str, Any] = {
            "device": self.id,
            "peer": peer.id,
            "peer_nonce": hash32("peer nonce"),
            "own_nonce": hash32("own nonce"),
        }
        return sign_message(self.key, PeerProof(**{**fields, **changes}))


@dataclass
class Owner:
    """An owner: commands devices, brings money in and takes it out."""

    key: PrivateKey
    seq: int = field(default=0)

    def command(self, device: Device | bytes, op: str, arguments: Any = None, **changes: Any) -> Message[Command]:
        self.seq += 1
        fields: dict[str, Any] = {
            "device": device if isinstance(device, bytes) else device.id,
            "seq": self.seq,
            "op": op,
            "arguments": arguments,
        }
        return sign_message(self.key, Command(**{**fields, **changes}))

    def firmware(self, **changes: Any) -> Message[Firmware]:
        files = (FirmwareFile("board.mpy", 5, hash32("board")), FirmwareFile("seal/app.mpy", 2**20, hash32("app")))
        fields: dict[str, Any] = {"model": "board", "version": 2, "name": "1.1", "arch": "armv6m", "files": files}
        return sign_message(self.key, Firmware(**{**fields, **changes}))

    def deposit(self, device: Device | bytes, amount: int, asset: str = "credit", **changes: Any) -> Message[Command]:
        ledger = changes.pop("ledger", ledger_id())
        return self.command(device, "deposit", write_arguments(DepositArguments(asset, amount, ledger)), **changes)

    def withdraw(self, device: Device | bytes, amount: int, asset: str = "credit", **changes: Any) -> Message[Command]:
        ledger = changes.pop("ledger", ledger_id())
        return self.command(device, "withdraw", write_arguments(WithdrawArguments(asset, amount, ledger)), **changes)


class Network:
    """A root and what hangs from it. Labels name keys: the same label in two networks is the same key."""

    def __init__(self, name: str = "test net", label: str = "root", **root: Any) -> None:
        self.name = name
        self.key = key(label)
        fixed = {"issued_at": NOW - 100 * DAY, "id": hash32("cti " + label)[:16]}
        self.root = certificates.make_root(self.key, name, **{**fixed, **root})
        self.id = self.root.body.network

    def certify(self, subject: PrivateKey, issuer: PrivateKey | None = None, **changes: Any) -> Message[Certificate]:
        fields: dict[str, Any] = {
            "network": self.id,
            "custody": 2,
            "issued_at": NOW - DAY,
            "id": subject.public.device_id[-16:],
            "model": "board",
        }
        return certificates.issue(issuer or self.key, subject.public, **{**fields, **changes})

    def issuer(self, label: str = "issuer", may_issue: int = 0, **changes: Any) -> Device:
        """A certified issuer between the root and devices."""
        own = key(label)
        chain = (self.certify(own, may_issue=may_issue, custody=0, **changes),)
        return Device(own, self.id, chain)

    def device(self, label: str = "device", issuer: Device | None = None, **changes: Any) -> Device:
        """A certified device, by the root or by `issuer`."""
        own = key(label)
        above = () if issuer is None else issuer.chain
        leaf = self.certify(own, None if issuer is None else issuer.key, **changes)
        return Device(own, self.id, (leaf, *above))

    def owner(self, label: str = "owner") -> Owner:
        return Owner(key(label))

    def ledger(self, label: str = LEDGER, **changes: Any) -> LedgerIdentity:
        """A ledger of this network, with its key."""
        own = key(label)
        fixed = {"roles": 1, "custody": 0, "model": "ledger"}
        return LedgerIdentity((self.certify(own, **{**fixed, **changes}),), own)

    def revoke(self, device: Device, issuer: Device | None = None, **changes: Any) -> Message[Revocation]:
        fields: dict[str, Any] = {"device": device.id, "reason": 1, "revoked_from": NOW}
        return sign_message(self.key if issuer is None else issuer.key, Revocation(**{**fields, **changes}))

    def grant(self, device: Device, **changes: Any) -> Message[Grant]:
        fields: dict[str, Any] = {
            "device": device.id,
            "nonce": hash32("host nonce"),
            "chain": device.chain,
            "owner": key("owner").public,
            "network": self.id,
            "issued_at": NOW,
            "policy": DevicePolicy({"credit": Limit(100, 1000)}, payees=(hash32("payee"),)),
        }
        return sign_message(self.key, Grant(**{**fields, **changes}))
