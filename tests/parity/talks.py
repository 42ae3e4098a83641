"""Talks over links: real devices in every state, every order, and trades of both sorts. Runs on both interpreters.

`micropython -X heapsize=900k talks.py metered` prints each frame that went over a link in the talk of this name: the
request's kind, request, reply.
"""

import asyncio
import gc
import sys

from element_bus import Element
from persons import Person
from rig import NOW, Board, Clock, Issuer, RamStore, policy, provisioned, with_ledger
from seal import buyer, channel, labels, offers, order, rpc, sightings, standing_order
from seal.compat import hexlify
from seal.device import Device
from seal.errors import DelegationEnded, FormerOwner, NotDelegated, NotYetValid, SensorFailed, Unreachable
from seal.records import ORDER_RECORD
from seal.seller import Seller
from seal.service import Service
from seal.uplink import Uplink
from trades import pair
from updates import FILES, HSS_KEY, WELL, boot, manifest, new_root, remove, words
from wire import Halt, Wire


class Radio:
    """Port Radio, on no network."""

    kinds = ("tcp", "udp", "esp-now")

    @staticmethod
    def host():
        return None


class BrokenSensor:
    model = "broken"

    def read(self):
        raise SensorFailed("nothing answers on the bus")


def _loaded(board):
    device = Device(board)
    device.load()
    return device


def _damaged(whole):
    """A device restarted with one record of `whole` overwritten."""
    files = dict(whole.board.store.files)
    files["j-owner"] = bytes(40)
    return _loaded(Board(RamStore(files)))


def in_every_state():
    """Devices in every state, asked everything: blank, keyed on the way to provisioned, provisioned, damaged."""
    issuer = Issuer()
    made = provisioned(issuer, policy(payees=[bytes(32)], button=5, not_after=9))
    made.board.sensors.append(BrokenSensor())
    blank, keyed = _loaded(Board(clock=Clock(0, 0))), _loaded(Board())
    blank.board.peer_links = []
    wire = Wire(Service(keyed).handlers())
    wire.ask(rpc.EVIDENCE, bytes(32))
    wire.ask(rpc.INFO)
    wire.ask(rpc.GRANT, issuer.grant(keyed.public, bytes(32), policy()))
    for device in (blank, keyed, made, _damaged(made)):
        wire = Wire(Service(device).handlers())
        for kind, item in (
            (rpc.INFO, None),
            (rpc.INFO, bytes(32)),
            (rpc.READINGS, [0, 8]),
            (rpc.CHAIN, None),
            (rpc.CHAIN, "rotations"),
            (rpc.CHANNELS, 0),
            (rpc.SELFTEST, None),
            (rpc.BENCH, 1),
            (rpc.EVIDENCE, bytes(32)),
            (rpc.GRANT, issuer.grant(made.public, bytes(32))),
            (rpc.COMMAND, issuer.command(made, "pause")),
            (rpc.REVOKE, issuer.signer.sign(labels.REVOCATION, {1: bytes(32), 2: 0, 6: 0})[0]),
        ):
            wire.ask(kind, item)
        gc.collect()


def _on_element():
    """(device, what its chip would be locked with): blank, with its keys to be in an ATECC608."""
    element = Element(is_locked=False)
    board = Board(element.store)
    board.keystore = element.keys
    return _loaded(board), element.keys.report()[4]


def in_an_element():
    """A device whose chip is locked before its key is made."""
    device, wanted = _on_element()
    wire = Wire(Service(device).handlers())
    for kind, item in (
        (rpc.EVIDENCE, bytes(32)),
        (rpc.ELEMENT, None),
        (rpc.ELEMENT, bytes(128)),
        (rpc.ELEMENT, wanted),
        (rpc.ELEMENT, None),
        (rpc.SELFTEST, None),
        (rpc.ELEMENT, bytes(32)),
        (rpc.EVIDENCE, bytes(32)),
        (rpc.ELEMENT, wanted),
        (rpc.ELEMENT, bytes(32)),
    ):
        wire.ask(kind, item)


def _trade(buying, selling, wire, steps=99):
    """One connection's worth of the buyer's order."""
    session = buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), wire)
    asyncio.run(session.agree())
    for _ in range(steps):
        selling.board.meter.joules += 5
        if asyncio.run(session.step()):
            asyncio.run(session.close())
            break


def _sold(unit, budget, steps=99):
    """(issuer, buyer, seller, wire) after a trade."""
    issuer, buying, selling = pair(unit, budget=budget, ticks=4)
    seller = Seller(selling)
    wire = Wire(seller.handlers())
    _trade(buying, selling, wire, steps)
    seller.release()
    return issuer, buying, selling, wire


def every_order():
    """A sale of readings, and every command of an owner to the device that sold them."""
    issuer, buying, selling, _ = _sold("reading", 9)
    wires = [Wire(Service(device).handlers()) for device in (buying, selling)]
    selling.sensor_fault, selling.trade_fault = SensorFailed.code, Unreachable.code
    selling.timekeeper.fault = NotYetValid.code
    for wire in wires:
        gc.collect()
        wire.ask(rpc.INFO)
        for item in (0, 1, (1 << 64) - 1):
            wire.ask(rpc.CHANNELS, item)
        wire.ask(rpc.READINGS, [1, (1 << 64) - 1])
    selling.uplink = Uplink(selling)
    selling.board.radio = Radio
    closed = [record[channel.DIGEST] for _, record in selling.payee.records()]
    for op, *arguments in (
        ("pause",),
        ("resume",),
        ("policy", policy(payees=[bytes(32)], button=0, not_after=0)),
        ("offer",),
        ("offer", ["nEUR", "J", 0]),
        ("interval", 86400),
        ("interval", 1),
        ("interval", {1: 86400, 2: 60, 3: 5}),
        ("interval", {1: 1}),
        ("protect", {"least_left": 0, "longest": 1, "least_window": 0, "channels_per_payer": 8, "credit": 1}),
        ("protect", {"voucher_every": 0}),
        ("protect", {}),
        ("close", closed[0]),
        ("stop",),
        ("unlock",),
        ("rotate", bytes(32)),
        ("trade", {1: "tcp:192.0.2.1:1", 3: "nEUR", 4: "J", 5: 1}),
        ("clock", NOW),
        ("ack", {1: 2}),
        ("ack", {1: selling.log.seq, 3: selling.log.prev}),
        ("network", {2: {1: "192.0.2.1", 2: 8883, 3: b"DER"}}),
        ("network", {1: ["ssid", "word"], 2: {1: "broker", 2: 1, 3: bytes(600), 4: ["user", "word"]}}),
        ("network", {1: ["ssid", "word"], 3: "esp-now"}),
        ("network",),
        ("ack", {1: 2, 2: closed}),
        ("wipe",),
    ):
        assert wires[-1].ask(rpc.COMMAND, issuer.command(selling, op, *arguments)) is True, op
        wires[-1].ask(rpc.INFO)


def metered():
    """A metered trade, broken off and resumed, and a stranger that knocks."""
    _, buying, selling, first = _sold("J", 60, steps=2)
    Wire(Service(buying).handlers()).ask(rpc.INFO)
    _trade(buying, selling, Wire(Seller(selling).handlers()))
    stranger = Wire(Seller(selling).handlers())
    for kind in (rpc.PROVE, rpc.OPEN, rpc.BILL, rpc.PAY, rpc.CLOSE, rpc.TICK):
        assert stranger.ask(kind, first.items.get(kind, bytes(32))) in (14, 22)


def _opened_on_ledger():
    """(buyer, seller, the ledger's funding) where the buyer's order waits for the funding."""
    issuer, buying, selling = pair("J", budget=60)
    ledger, _ = with_ledger(issuer, buying, selling)
    try:
        asyncio.run(buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), Wire(Seller(selling).handlers())).agree())
    except rpc.PeerError as error:
        buying.trade_fault = error.code
    digest = buying.payer.records()[0][1][channel.DIGEST]
    return buying, selling, ledger.sign(labels.FUNDING, {1: digest, 2: 60, labels.IAT: NOW})[0]


def funded():
    """A trade that waits for the ledger's funding."""
    buying, selling, funding = _opened_on_ledger()
    host = Wire(Service(buying).handlers())
    assert host.ask(rpc.INFO)["order"][0] == order.WAITING
    assert host.ask(rpc.LEDGER, funding) is True
    _trade(buying, selling, Wire(Seller(selling).handlers()))
    host.ask(rpc.CHANNELS, 0)


def updated():
    """A device is updated, tries a version that is never confirmed, and is given a key for the next."""
    issuer, device = Issuer(), None
    root = new_root()
    try:
        device = provisioned(issuer)
        for version in (1, 2):
            wire = Wire(Service(device, boot(root)[0]).handlers())
            raw = manifest(issuer, FILES, version)
            wire.ask(rpc.INFO)
            wire.ask(rpc.UPDATE_WRITE, [0, 0, b"x"])
            wire.ask(rpc.UPDATE_COMMIT)
            wire.ask(rpc.UPDATE_LOCK, bytes(300))
            assert wire.ask(rpc.UPDATE_BEGIN, words(raw)) == 0
            assert wire.ask(rpc.UPDATE_MANIFEST, [0, raw[:100]]) == 100
            for index, there in enumerate(wire.ask(rpc.UPDATE_MANIFEST, [100, raw[100:]])):
                name = sorted(FILES)[index]
                wire.ask(rpc.UPDATE_WRITE, [index, there, FILES[name]])
            wire.ask(rpc.UPDATE_BEGIN, words(raw))
            wire.ask(rpc.UPDATE_COMMIT)
            service = Service(device, boot(root)[0])
            wire = Wire(service.handlers())
            wire.ask(rpc.INFO)
            wire.ask(rpc.UPDATE_BEGIN, words(raw))
            if version == 1:
                service.firmware.confirm(WELL)
            gc.collect()
        for _ in range(3):
            wire = Wire(Service(device, boot(root)[0]).handlers())
        wire.ask(rpc.INFO)
        wire.ask(rpc.COMMAND, issuer.command(device, "update-key", HSS_KEY))
        wire.ask(rpc.INFO)
    finally:
        remove(root)


def _ready_to_update(kind):
    issuer, root = Issuer(), new_root()
    wire = Wire(Service(provisioned(issuer), boot(root)[0]).handlers())
    raw, names = manifest(issuer, FILES), sorted(FILES)
    if kind == rpc.UPDATE_LOCK:
        return wire, bytes(1000)
    if kind == rpc.UPDATE_BEGIN:
        return wire, words(raw)
    wire.ask(rpc.UPDATE_BEGIN, words(raw))
    if kind == rpc.UPDATE_MANIFEST:
        return wire, [0, raw]
    wire.ask(rpc.UPDATE_MANIFEST, [0, raw])
    if kind == rpc.UPDATE_WRITE:
        return wire, [1, 0, FILES[names[1]]]
    for index, name in enumerate(names):
        wire.ask(rpc.UPDATE_WRITE, [index, 0, FILES[name]])
    return wire, None


def ready_for(kind):
    """A wire and the good item of a request of this kind, not made yet, with all that must go before it done."""
    if rpc.UPDATE_LOCK <= kind <= rpc.UPDATE_COMMIT or kind == rpc.UPDATE_MANIFEST:
        return _ready_to_update(kind)
    issuer, buying, selling = pair("J", budget=60, ticks=4)
    if kind in (rpc.EVIDENCE, rpc.GRANT):
        blank = _loaded(Board())
        wire = Wire(Service(blank).handlers())
        if kind == rpc.EVIDENCE:
            return wire, bytes(32)
        wire.ask(rpc.EVIDENCE, bytes(32))
        return wire, issuer.grant(blank.public, bytes(32), policy())
    if kind == rpc.ELEMENT:
        device, wanted = _on_element()
        return Wire(Service(device).handlers()), wanted
    if kind == rpc.LEDGER:
        buying, _, funding = _opened_on_ledger()
        return Wire(Service(buying).handlers()), funding
    if kind <= rpc.BENCH or kind in (rpc.REVOKE, rpc.MARKET, rpc.OWNERS):
        items = {rpc.READINGS: [0, 8], rpc.CHANNELS: 0, rpc.BENCH: 1, rpc.OWNERS: 0}
        items[rpc.REVOKE] = issuer.signer.sign(labels.REVOCATION, {1: bytes(32), 2: 0, 6: 0})[0]
        items[rpc.COMMAND] = issuer.command(selling, "interval", 5)
        return Wire(Service(selling).handlers()), items.get(kind)
    wire = Wire(Seller(selling).handlers(), stop=kind)
    try:
        _trade(buying, selling, wire)
    except Halt:
        return wire, wire.items[kind]
    raise AssertionError(f"a trade without request {kind}")


def market():
    """What a device sees for sale, before its owner gives it a standing order and after."""
    issuer, buying, selling = pair("J", budget=60)
    host = Wire(Service(buying).handlers())
    host.ask(rpc.MARKET)
    order.finish(buying, order.STOPPED)
    longest = channel.Offer("A" * 32, "u" * 32, (1 << 63) - 1)
    table = buying.peers.market().table
    for number in range(sightings.MAX_OFFERS):
        address = f"udp:{'h' * (offers.MAX_ADDRESS - 7)}:{number}"
        table.hear(offers.sign(selling.signer, selling.device_id, longest, address, NOW, 400), None, number, NOW)
        table._parsed = sightings.Rate(1000, 1)
    wanted = {3: "nEUR", 4: "J", 5: 60, 12: 9}
    for more in ({6: 86400, 7: 0, 13: 5, 14: 60, 16: 60, 17: [bytes(32)]}, {}):
        wanted.update(more)
        assert host.ask(rpc.COMMAND, issuer.command(buying, "order", wanted)) is True
        for number in range(20):
            buying.peers.market().note(bytes([number]) * 32, number % 2 and standing_order.DEARER)
        buying.peers.market().note(None, 45)
        assert [len(part) for part in host.ask(rpc.MARKET)] == [sightings.MAX_OFFERS, 12]
        host.ask(rpc.INFO)
        host.ask(rpc.COMMAND, issuer.command(buying, "stop"))
    buying.peers = None
    assert host.ask(rpc.MARKET) == 23


def owned():
    """A device changes hands twice, and its owner lets somebody else command it."""
    issuer, _, selling = pair()
    owner, other = Person(issuer.owner, issuer.owner_public), Person()
    host = Wire(Service(selling).handlers())
    host.ask(rpc.OWNERS, 0)
    for number, (old, new) in enumerate(((owner, other), (other, owner)), 1):
        transfer = old.transfer(selling, new, number)
        assert host.ask(rpc.COMMAND, new.order(selling, "take", transfer)) is True
        assert host.ask(rpc.COMMAND, old.order(selling, "pause")) == FormerOwner.code
        host.ask(rpc.INFO, bytes(32))
        gc.collect()
    assert [len(host.ask(rpc.OWNERS, index)) for index in range(3)] == [2, 2, 1]
    given = owner.delegation(selling, other, ["pause"], 2)
    assert host.ask(rpc.COMMAND, other.order(selling, "pause", delegation=given)) is True
    assert host.ask(rpc.COMMAND, other.order(selling, "resume", delegation=given)) == NotDelegated.code
    assert host.ask(rpc.COMMAND, owner.order(selling, "undelegate", NOW)) is True
    assert host.ask(rpc.COMMAND, other.order(selling, "pause", delegation=given)) == DelegationEnded.code


TALKS = {
    "in_every_state": in_every_state,
    "every_order": every_order,
    "metered": metered,
    "funded": funded,
    "updated": updated,
    "in_an_element": in_an_element,
    "market": market,
    "owned": owned,
}


def show(kind, request, reply):
    """Print a call in small pieces: the heap is in no better state than a board's."""
    print(kind, end="")
    for frame in (request, reply):
        print(" ", end="")
        for at in range(0, len(frame), 256):
            print(hexlify(frame[at : at + 256]), end="")
    print()


def main(name):
    Wire.witness = show
    TALKS[name]()


if __name__ == "__main__":
    main(sys.argv[1])
