"""Two boards and somebody who cheats: what each side did, and what it lost. For commands see test_owner.py."""

import os
import shutil
import socket
import time

import pytest
from sealwright.link.frames import Frame, FrameReader, pack
from sealwright.link.labels import ERROR, HELLO, PROVE, REPLY
from sealwright.operate import spending
from sealwright.wire.certificates import issue
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import ChannelOpen, PeerProof, Voucher, parse_message, sign_message
from sealwright.wire.messages.schema import write

from .lab import ASSET
from .test_trade import ended

PRICE = 10
DONE, FAILED = 1, 3
OPEN = 34
DECREASED, UNFUNDED, ROLLED_BACK = 18, 27, 29
MOST_UNITS, MOST_FIRST = 13, 14  # keys of an order
DAY_LIMIT, OVER_RATE = 41, 49
YEAR_2100 = 4_102_444_800


@pytest.fixture
def shop(lab):
    """(lab, payee that sells readings, payer)"""
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", PRICE)
    return lab, payee, payer


def paid(ledger):
    return sum(channel.paid for channel in ledger.channels())


def progressed(steps):
    return lambda result: result["order"][2] and result["order"][2][0] >= steps


def best(lab, payee):
    """The most that a payee can show."""
    bodies = (parse_message(raw).body for raw in lab.collect(payee))
    return max(body.amount for body in bodies if isinstance(body, Voucher))


def test_a_relay_that_redirects_is_paid_nothing(shop, proxied, witness):
    lab, payee, payer = shop
    thief = lab.board("thief", ["bme280"])
    lab.sells(thief, "reading", PRICE)
    way = proxied(payee)
    way._target, right = lambda: tuple(thief.hardware["peer"]), way._target
    lab.order(payer, payee, "reading", 5 * PRICE, address=way.address)
    fault = lab.wait(payer, lambda result: result["trade_fault"])["trade_fault"]
    assert not witness.of(ChannelOpen, Voucher), "the payer promised nothing"
    assert lab.info(thief)["channels"] == lab.info(payer)["channels"] == [0, 0], fault
    way._target = right
    assert lab.wait(payer, ended)["order"] == [DONE, None, [5, 5 * PRICE]]
    with lab.settle(lab.collect(payee, payer), {payer: 1000}) as ledger:
        assert {channel.payee for channel in ledger.channels()} == {lab.info(payee)["device"]}


def test_a_relay_that_hoards_costs_one_step_at_most(shop, proxied, witness):
    lab, payee, payer = shop
    way, hoarded = proxied(payee), []

    def hoard(message):
        witness.sent(message)
        if isinstance(message.body, Voucher) and message.body.seq == 5 and not hoarded:
            way.silence()  # this one does not go on
            hoarded.append(message)

    way._notes = hoard, way._notes[1]
    lab.order(payer, payee, "reading", 40 * PRICE, address=way.address)
    lab.wait(payer, lambda _: hoarded)
    with lab.settle(lab.collect(payee), {payer: 1000}) as ledger:
        assert paid(ledger) == 4 * PRICE, "the payee delivered as much, and is paid for it"
        for _ in range(2):
            assert all(verdict.ok for verdict in ledger.settle([hoarded[0].raw]))
            assert paid(ledger) == 5 * PRICE, "once, and to the payee: the relay has nothing of it"
    payer.kill()  # its connection seems open: nobody ended it
    payer.start()
    assert lab.wait(payer, ended)["order"] == [DONE, None, [40, 40 * PRICE]], "what the payer had promised counts"
    with lab.settle(lab.collect(payee, payer), {}) as ledger:
        assert paid(ledger) == 40 * PRICE and not ledger.equivocations()


@pytest.mark.parametrize("who", ["payer", "payee"])
def test_an_old_flash_copy_takes_nothing_back(shop, who):
    lab, payee, payer = shop
    board = {"payer": payer, "payee": payee}[who]
    lab.order(payer, payee, "reading", 30 * PRICE, pause_ms=150)
    lab.wait(payer, progressed(3))
    board.kill()
    shutil.copy(board.folder / "flash.img", board.folder / "flash.old")
    board.start()
    lab.wait(payer, progressed(8))
    before = lab.collect(payee, payer)
    with lab.settle(before, {payer: 1000}) as ledger:
        owed = paid(ledger)
    board.kill()
    promised = lab.info(payer)["order"][2][1] if who == "payee" else best(lab, payee)
    shutil.copy(board.folder / "flash.old", board.folder / "flash.img")
    board.start()
    if who == "payer":  # it stops rather than promise less than the seller shows that it promised
        assert lab.wait(payer, ended)["order"][:2] == [FAILED, ROLLED_BACK]
    else:
        lab.wait(payer, lambda result: result["trade_fault"] == DECREASED)
        lab.wait(payer, lambda _: "again in 2000 ms" in lab.console(payer).rpartition("is less than")[0])
        lab.tell(payer, "stop")  # it asks less than was promised already: nothing more is bought in this channel
    after = lab.collect(payee, payer)
    with lab.ledger() as ledger:
        verdicts = list(ledger.settle(after))
        assert all(verdict.ok for verdict in verdicts if verdict.type != "reading"), verdicts
        assert paid(ledger) == max(promised, owed), "what was promised, whoever forgot it"
        assert not ledger.audit().findings
    forks = [one for one in lab.verify([*before, *after]) if one.code == "equivocation"]
    assert {one.type for one in forks} == ({"reading"} if who == "payee" else set()), "its log shows it"


def test_a_clock_pushed_to_2100_and_back_moves_no_limit(shop):
    lab, payee, payer = shop

    def policy(steps):
        return spending.parse_policy({"assets": {ASSET: {"per_voucher": PRICE, "per_day": steps * PRICE}}})

    lab.tell(payer, "policy", write(policy(10)))

    def buy(count):
        lab.order(payer, payee, "reading", count * PRICE)
        return lab.wait(payer, ended)["order"]

    assert buy(6) == [DONE, None, [6, 6 * PRICE]]
    for board in (payer, payee):
        (board.folder / "clock").write_text(str(YEAR_2100 - int(time.time())))
    assert buy(5) == [FAILED, DAY_LIMIT, [4, 4 * PRICE]], "no new day began"
    for board in (payer, payee):
        (board.folder / "clock").unlink()
    assert buy(1) == [FAILED, DAY_LIMIT, None], "nor did an old one"
    lab.tell(payer, "policy", write(policy(20)))
    assert buy(3) == [DONE, None, [3, 3 * PRICE]], "and the devices trade on"
    with lab.settle(lab.collect(payee, payer), {payer: 1000}) as ledger:
        assert paid(ledger) == 13 * PRICE, "the payee has every step"
        assert all(channel.terms.claim_end < time.time() + 10 * 86400 for channel in ledger.channels()), "none in 2100"
        assert sum(channel.remaining for channel in ledger.channels()) == 0


def test_a_meter_that_jumps_is_paid_at_the_rate_of_the_order(lab):
    path = lab.home.folder / "jump.csv"
    path.write_text("time,power,voltage\n0,20,24\n5,20,24\n6,150,24\n600,150,24\n")
    payee, payer = lab.board("payee", [f"ina219=csv:{path},speed=1"]), lab.board("payer")
    lab.sells(payee, "J", PRICE)
    info, began = lab.info(payee), time.time()
    order = {1: info["peer"], 2: info["device"], 3: ASSET, 4: "J", 5: 10**6, 7: 100}
    lab.tell(payer, "trade", order | {MOST_UNITS: 50, MOST_FIRST: 100 * PRICE})
    assert lab.wait(payer, ended)["order"][:2] == [FAILED, OVER_RATE]
    seconds = time.time() - began
    with lab.settle(lab.collect(payee, payer), {payer: 10**6}) as ledger:
        (channel,) = ledger.channels()
        assert 20 * PRICE < channel.paid <= 100 * PRICE + 50 * PRICE * (seconds + 1)
        assert channel.paid + channel.refunded == 10**6, "the payer has the rest again"


class Member:
    """Certified in the lab's network, with software of its own: a connection to a board's peer link."""

    def __init__(self, lab, board):
        self._lab, self._board, self._key = lab, board, PrivateKey.generate()
        self._socket = socket.create_connection(tuple(board.hardware["peer"]), 5)
        self._frames, self._last = FrameReader(), 0
        at = {"network": lab.home.network_id(test=True), "issued_at": int(time.time()) - 60}
        issuer = lab.home.key("test")
        self._chain = [
            issue(issuer, self._key.public, custody=0, model="emulated-unix", **at),
            lab.home.root(test=True),
        ]
        own = os.urandom(32)
        nonce = self.ask(HELLO, [own, [one.raw for one in self._chain]])[1][0]
        me, peer = self._key.public.device_id, lab.info(board)["device"]
        assert self.ask(PROVE, self.signed(PeerProof(me, peer, nonce, own))) == (REPLY, True)
        self._common = {"network": at["network"], "payer": me, "payee": peer, "asset": ASSET, "price": PRICE}

    def signed(self, body):
        return sign_message(self._key, body).raw

    def ask(self, kind, item=None):
        """(kind, item) of the reply."""
        self._last += 1
        self._socket.sendall(pack(Frame(self._last, kind, item)))
        while data := self._socket.recv(4096):
            for frame in self._frames.feed(data):
                return frame.kind, frame.item
        raise AssertionError("it hung up")

    def open(self):
        """What the board says to one more channel."""
        end, ledger = int(time.time()) + 80000, self._lab.home.key("ledger").public.device_id
        more = {"capacity": 10**6, "expires": end, "nonce": os.urandom(16), "unit": "reading", "ledger": ledger}
        return self.ask(OPEN, self.signed(ChannelOpen(**self._common, **more, dispute_window=86400)))

    def close(self):
        self._socket.close()


def test_a_member_that_opens_100_channels_closes_no_shop(shop):
    lab, payee, payer = shop
    lab.tell(payee, "protect", {"channels_per_payer": 2, "credit": 0})
    member = Member(lab, payee)
    assert member.open() == (ERROR, [UNFUNDED])
    assert [member.open() for _ in range(100)] == [(ERROR, [UNFUNDED])] * 100
    assert lab.info(payee)["channels"] == [0, 0], "what the ledger has not funded takes no place"
    lab.tell(payee, "protect", {"credit": 100 * PRICE})
    assert {member.open()[0] for _ in range(100)} == {REPLY}
    assert lab.info(payee)["channels"] == [0, 2], "of those without a payment the newest"
    lab.tell(payee, "protect", {"credit": 0})
    lab.order(payer, payee, "reading", 5 * PRICE)
    lab.fund(payer)
    assert lab.wait(payer, ended)["order"] == [DONE, None, [5, 5 * PRICE]]
    heap = lab.info(payee)["heap_free"]  # by now it has loaded what it loads late
    assert [member.open() for _ in range(100)] == [(ERROR, [UNFUNDED])] * 100
    assert lab.info(payee)["heap_free"] > heap - 20000
    member.close()
    with lab.settle(lab.collect(payer), {}) as ledger:
        assert paid(ledger) == 5 * PRICE, "the member got nothing, and has nothing of the shop"
