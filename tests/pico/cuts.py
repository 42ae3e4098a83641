"""Power cuts at random moments of a guest's trades on an emulated Pico: `make campaign-pico`.

The guest sells in one trade and buys in the next; a device under CPython, whose power stays, is the other side. At a
random moment of the guest's time, to the instruction, this process forks, and in the child the power goes: what the
flash then holds is all that the child's next start gets. There both sides' money is compared, and every tenth child
brings the trade to its end. In the parent the trade goes on to the next moment.

    seller   holds every voucher that it gave a receipt for, and no more than the buyer has promised
    buyer    has promised no less than what arrived, and would sign the same voucher again; all of it counts as
             spent today; the seller holds no more than that

A start is that of a second guest, which has booted and loaded the firmware's code, and seen none of this flash: it
mounts it and loads the device. Booting and loading code, which no cut changes, takes 8 of 9 seconds.
"""

import asyncio
import json
import os
import random
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from tests.pico.bench_trade import BUY
from tests.pico.machine import Machine
from tests.pico.rig import image

from rig import NOW, policy, provisioned  # isort: skip
from seal import buyer, cbor, channel, labels, messages, order, rpc, seller, voucher  # isort: skip
from seal.owner import Owner  # isort: skip
from seal.records import ORDER_RECORD  # isort: skip

PRICE = 3
BUDGET = 12 * PRICE
PAUSE = {"sells": 0.3, "buys": 0.8}  # seconds of the guest between two cuts at most
AT_ONCE = 3  # children
RESUMED = 10  # one child in so many
NAMES = {rpc.HELLO: "hello", rpc.PROVE: "prove", rpc.OPEN: "open", rpc.BILL: "bill", rpc.PAY: "pay", rpc.CLOSE: "close"}


class PowerCut(BaseException):
    """The guest's power is gone, in the child that has to look at what is left."""


class Enough(BaseException):
    """As many cuts as were asked for."""


class Siege:
    """Trades of a machine, cut again and again. `found` counts."""

    def __init__(self, uf2: Path, seed: int = 1) -> None:
        self.guest, self.random, self.found = Machine(uf2), random.Random(seed), Counter[str]()
        self.receipts: dict[bytes, int] = {}  # channel -> amount, from the guest
        self.arrived: dict[bytes, dict[int, tuple[str, int]]] = {}  # channel -> seq -> (digest, amount), of the guest
        self.asking, self.role = "before", ""
        self.left = self.pipe = 0
        self.children: list[int] = []
        self.other: dict[str, Any] = {"sells": provisioned(self.guest.issuer, policy()), "buys": None}
        self.other["buys"] = provisioned(self.guest.issuer, joules=1000)
        Owner(self.other["buys"]).command(self._command(self.other["buys"], "offer", ["nEUR", "reading", PRICE], 1))
        self.guest.tell("offer", ["nEUR", "reading", PRICE])
        self.orders = 0

    def _command(self, device: Any, op: str, value: object, seq: int) -> bytes:
        return bytes(self.guest.issuer.command(device, op, value, seq=seq))

    def wanted(self, payee: bytes, address: str) -> dict[int, Any]:
        self.orders += 1
        return {1: address, 2: payee, 3: "nEUR", 4: "reading", 5: BUDGET, 7: 0}

    def strike(self, count: int, first: str = "sells") -> None:
        """`count` cuts, each with its reckoning, `first` while the guest sells or buys. Raises AssertionError for one
        that has not come out right."""
        self.left = count
        self.guest.pico.on_alarm = self._cut
        try:
            while True:
                self.role = first if self.role != first else "buys" if first == "sells" else "sells"
                self.guest.pico.alarm_at = self._moment()
                self.sell() if self.role == "sells" else self.buy()
        except Enough:
            while self.children:
                self._reap()
        except PowerCut:
            self._end_child()

    def _moment(self) -> float:
        return self.guest.pico.seconds + self.random.random() * PAUSE[self.role]

    def _cut(self) -> None:
        """Let a child begin where the power goes, and go on."""
        if self.left == 0:
            raise Enough
        while len(self.children) >= AT_ONCE:
            self._reap()
        self.left -= 1
        told, tell = os.pipe()
        if os.fork() == 0:
            self.pipe = tell
            raise PowerCut
        os.close(tell)
        self.children.append(told)
        self.found["cuts"] += 1
        self.found[f"{self.role}, {self.asking}"] += 1
        self.guest.pico.alarm_at = self._moment()

    def _reap(self) -> None:
        with os.fdopen(self.children.pop(0)) as pipe:
            said = pipe.read()
        os.wait()
        assert said.startswith("{"), said or "a child died"
        self.found.update(json.loads(said))
        print(dict(self.found), flush=True)

    def _end_child(self) -> None:
        """In the child: start again, reckon, tell the parent, and end."""
        must_resume = self.left % RESUMED == 0
        self.found = Counter()
        try:
            self.guest.restart()
            self.reckon()
            if must_resume:
                self.sell() if self.role == "sells" else self.buy()
                self.reckon()
                self.found["brought to its end"] += 1
            said = json.dumps(self.found)
        except BaseException:
            said = traceback.format_exc()
        os.write(self.pipe, said.encode())
        os._exit(0)

    def sell(self) -> None:
        """A trade in which the guest sells, to its end."""
        buying = self.other["sells"]
        current = buying.journal.get(ORDER_RECORD)
        if current is None or current[order.STATUS] != order.ACTIVE:
            wanted = self.wanted(self.guest.device_id, "tcp:127.0.0.1:1")
            Owner(buying).command(self._command(buying, "trade", wanted, NOW + self.orders))
            current = buying.journal.get(ORDER_RECORD)
        asyncio.run(self._sell(buyer.Buyer(buying, current, self), buying, current[order.NUMBER]))

    async def _sell(self, session: Any, buying: Any, number: int) -> None:
        if await session.agree() is None:
            while not session.is_spent():
                await session.step()
            await session.close()
        order.finish(buying, order.DONE, None, number)

    async def call(self, kind: int, item: Any) -> Any:
        """A request to the guest, as `rpc.Client`'s."""
        self.asking = NAMES[kind]
        result = self.guest.ask("selling", kind, item)
        if kind == rpc.PAY:
            claims = messages.parse(item, labels.VOUCHER).payload
            self.receipts[claims[voucher.CHANNEL]] = claims[voucher.AMOUNT]
        if kind == rpc.BILL:
            self.found["bills"] += 1
        return result

    def buy(self) -> None:
        """A trade in which the guest buys, to its end."""
        guest, selling = self.guest, self.other["buys"]
        if guest.number(f"print((this.journal.get('order') or {{8: 1}})[{order.STATUS}])") != order.ACTIVE:
            guest.tell("trade", self.wanted(selling.device_id, "uart:1"))
        guest.run(BUY)
        self.handlers = seller.Seller(selling).handlers()
        self._drive("agree")
        while not guest.number("print(int(session.is_spent()))"):
            self._drive("step")
        self._drive("close")
        guest.run(f"from seal import order\norder.finish(this, {order.DONE}, None, session.order[{order.NUMBER}])")

    def _drive(self, task: str) -> None:
        guest, reply = self.guest, None
        self.asking = task
        guest.run(f"task = session.{task}()")
        while True:
            guest.pico.give("reply", cbor.encode(reply))
            printed = guest.pico.run("reply = cbor.decode(bytes(reply))\nstep(reply)\nreply = None").splitlines()
            goes_on, asked = cbor.decode(bytes.fromhex(printed[0]))
            if not goes_on:
                return
            if asked[0] == rpc.PAY:
                self._note(asked[1])
            kind, reply = rpc.answer(self.handlers, *asked)
            assert kind != rpc.ERROR, (task, reply)
            self.asking = "after " + NAMES[asked[0]]

    def _note(self, raw: bytes) -> None:
        """A voucher of the guest arrived."""
        message = messages.parse(raw, labels.VOUCHER)
        claims = message.payload
        known = self.arrived.setdefault(claims[voucher.CHANNEL], {})
        made = message.digest.hex(), claims[voucher.AMOUNT]
        assert known.setdefault(claims[voucher.SEQ], made) == made, "a number has two vouchers"
        assert made[1] == max(amount for _, amount in known.values()), "an amount fell"

    def reckon(self) -> None:
        """Compare both sides' money. Raises AssertionError."""
        shown, (spent, state, _, commands) = self.guest.shown()
        assert state == 2 and commands == self.guest.seq, "it is not who it was"
        promised = {record[channel.DIGEST]: record for _, record in self.other["sells"].payer.records()}
        for digest, record in promised.items():
            held = shown.get(("payee", digest), (0, 0, ""))[0]
            receipted = self.receipts.get(digest, 0)
            assert receipted <= held <= record[channel.AMOUNT], (receipted, held, record[channel.AMOUNT])
            self.found["kept and not yet acknowledged"] += held > receipted
        for digest, known in self.arrived.items():
            amount, seq, last = shown["payer", digest]
            assert seq >= max(known) and amount >= known[max(known)][1], "the buyer forgot a promise"
            assert known.get(seq, (last,))[0] == last, "the buyer would sign another voucher"
            taken = self.other["buys"].payee.paid(digest)
            assert taken <= amount
            self.found["promised and not yet sent"] += amount > known[max(known)][1]
        assert spent >= sum(amount for (role, _), (amount, _, _) in shown.items() if role == "payer"), "spent fell"


def main(count: int, seed: int = 1, first: str = "sells") -> Siege:
    """`count` cuts, see `Siege.strike`."""
    uf2 = image()
    assert uf2, "name a MicroPython image in SEALWRIGHT_PICO_UF2"
    began, made = time.monotonic(), Siege(uf2, seed)
    made.strike(count, first)
    print(f"0 violations after {count} cuts; {time.monotonic() - began:.0f} s")
    return made


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:4])
