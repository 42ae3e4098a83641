"""A device that hostile frames are sent to, and every real request of its life. MicroPython only: see `hostile`."""

import asyncio
import os

import littlefs
from keystore.software import SoftwareKeyStore
from rig import Board, Clock, Issuer, Loopback, Thermometer, policy, provision, provisioned
from seal import buyer, cbor, channel, labels, protection, rpc, seller
from seal.compat import sha256
from seal.device import Device
from seal.firmware import Firmware
from seal.owner import Owner
from seal.records import ORDER_RECORD, OWNER_PROTECTION, OWNER_RECORD
from seal.service import Service
from seal.staging import walk
from seal.store import FileStore
from updates import boot, install, manifest, words

littlefs.BLOCKS = 64
ROOT = "/board"
OLD = {"board.mpy": b"old" * 50, "seal/app.mpy": b"old!" * 200}
NEW = {"board.mpy": b"new" * 60, "seal/app.mpy": b"new!" * 300}


class Tap(Loopback):
    """A client that notes what is asked."""

    def __init__(self, handlers, heard):
        super().__init__(handlers)
        self.heard = heard

    async def call(self, kind, item):
        self.heard.append((kind, cbor.encode(item)))
        return await super().call(kind, item)


class Tail:
    """The last lines that a board's console showed."""

    def __init__(self):
        self.lines = []

    def __call__(self, text):
        self.lines = self.lines[-9:] + [text]


class Pipe:
    """One direction of a connection."""

    def __init__(self):
        self.data, self.is_closed, self._event = b"", False, asyncio.Event()

    async def read(self, count):
        while not self.data and not self.is_closed:
            self._event.clear()
            await self._event.wait()
        return self.take(count)

    def take(self, count=4096):
        """What there is, at once."""
        data, self.data = self.data[:count], self.data[count:]
        return data

    def write(self, data):
        self.data += data
        self._event.set()

    async def drain(self):
        pass

    def close(self):
        self.is_closed = True
        self._event.set()


class FlashBoard(Board):
    """The rig's board, with its state on a LittleFS and the engine of the real one."""

    def __init__(self, flash):
        super().__init__(FileStore(ROOT + "/state", flash), Clock(), 1000)
        self.keystore = SoftwareKeyStore(self.store)
        self.peer_links = []
        self.console = Tail()


def prepare(flash, heard):
    """A device that sells joules to a buyer, with a version in its slot; returns (issuer, buyer). heard: gets every
    real request of their life."""
    issuer = Issuer()
    board = FlashBoard(flash)
    device = Device(board)
    device.load()
    provision(device, issuer, policy())
    install(ROOT + "/a", manifest(issuer, OLD, 1), OLD)
    boot(ROOT)[0].activate("a")
    slots = boot(ROOT)[0]
    Firmware(device, slots).settle()
    host = Tap(Service(device, slots).handlers(), heard)
    buying = provisioned(issuer, policy())
    buying.board.sensors = [Thermometer()]
    for op, value in (("offer", ["nEUR", "J", 3]), ("interval", 86400), ("pause", None), ("policy", policy(5))):
        asyncio.run(host.call(rpc.COMMAND, issuer.command(device, op, value)))
    wanted = {1: "tcp:127.0.0.1:1", 2: device.device_id, 3: "nEUR", 4: "J", 5: 3000, 7: 0}
    owner = buying.owner_record()
    owner[OWNER_PROTECTION] = {protection.VOUCHER_EVERY: 8}
    buying.journal.put(OWNER_RECORD, owner)
    Owner(buying).command(issuer.command(buying, "trade", wanted))
    asyncio.run(trade(device, buying, heard))
    asyncio.run(ask_all(host, device, issuer))
    return issuer, buying


async def trade(device, buying, heard):
    serving = seller.Seller(device)
    session = buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), Tap(serving.handlers(), heard))
    await session.agree()
    for _ in range(14):
        device.board.meter.joules += 1
        await session.step()
    serving.release()
    # of another channel than its own: a buyer that has proved itself may close that one
    digest = buying.payer.records()[0][1][channel.DIGEST]
    heard.append((rpc.CLOSE, cbor.encode(bytes([byte ^ 0xFF for byte in digest[:6]]) + digest[6:])))


async def ask_all(host, device, issuer):
    """Every other request that a device gets in its life; an update but for its last piece."""
    for kind, item in (
        (rpc.INFO, None),
        (rpc.INFO, bytes(32)),
        (rpc.READINGS, [0, 8]),
        (rpc.CHAIN, None),
        (rpc.CHANNELS, 0),
        (rpc.SELFTEST, None),
        (rpc.BENCH, 1),
    ):
        await host.call(kind, item)
    raw = manifest(issuer, NEW, 2)
    await host.call(rpc.UPDATE_LOCK, bytes(100))
    await host.call(rpc.UPDATE_BEGIN, words(raw))
    for at in range(0, len(raw), 150):
        await host.call(rpc.UPDATE_MANIFEST, [at, raw[at : at + 150]])
    for number, path in enumerate(sorted(NEW)):
        await host.call(rpc.UPDATE_WRITE, [number, 0, NEW[path][:150]])
    nonce = os.urandom(32)
    for kind, item in (
        (rpc.EVIDENCE, nonce),
        (rpc.GRANT, issuer.grant(device.public, nonce, policy())),
        (rpc.REVOKE, issuer.signer.sign(labels.REVOCATION, {1: bytes(32), 2: 1, 6: 1})[0]),
        (rpc.LEDGER, issuer.signer.sign(labels.FUNDING, {1: bytes(32), 2: 1, 6: 1})[0]),
        (rpc.UPDATE_COMMIT, None),
        (rpc.ELEMENT, bytes(128)),
        (rpc.MARKET, None),
    ):
        try:
            await host.call(kind, item)
        except rpc.PeerError:
            pass  # refused, as it should be: the request is real all the same


def contents():
    """Path -> hash of every file that hostile frames must not change. The spare slot takes what an owner-signed update
    begins, which anybody may repeat; `j-noise` is new with each seed of the generator."""
    found = {}
    for path, size in walk(ROOT):
        if size is not None and not path.startswith(ROOT + "/b/"):
            if path.endswith("/j-noise"):
                continue
            with open(path, "rb") as file:
                found[path] = sha256(file.read())
    return found
