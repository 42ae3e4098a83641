"""Backpressure: bundles come faster than they are settled, for as long as you like: `make campaign-pressure`.

    python -m tests.host_tools.hub.pressure --seconds N --spool MB

A real hub, an emulated board at its URL, and an inbox that never runs empty. Settling stands still: first another
process writes to the ledger for so long, then the part itself is stopped (SIGSTOP) and runs for a moment now and then.
Meanwhile the spool stays within its bound and every part within its memory, the board's readings are not acknowledged,
and state, API, metrics and page say who waits. Then everything arrives, once, and the sums are those of a plain
settlement.
"""

import argparse
import os
import re
import signal
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import httpx
from sealwright import emulator
from sealwright.bookkeeping import known_ledger
from sealwright.emulator.board import free_port
from sealwright.operate import owner, provisioning
from sealwright.web.access.keys import OPERATOR, Keys

from .kills import PARTS
from .site import Site, sums

MB: Final = 1 << 20
CHUNK: Final = 1 * MB  # that one call of the spool may exceed its bound by, with certificates
GROWN: Final = 48 * MB  # that a part's memory may grow by under pressure
WAITING_FILES: Final = 2  # in the inbox, at least
READINGS: Final = 100  # of a device in a bundle
DEVICES: Final = 6
ACKS: Final = 30.0  # seconds of pressure from which on the ack is waited for, too: one comes in a minute
TURN: Final = 2.0  # seconds: of each the part runs for a tenth of a second


class Pressure:
    """One run in `folder`."""

    def __init__(self, folder: Path, spool: int) -> None:
        self.site, self.bound = Site(folder), spool * MB
        self.devices = [self.site.device(f"device {n}") for n in range(DEVICES)]
        payer, payee = self.devices[:2]
        self.channel = self.site.open(payer, payee, 10**9, "one")
        self.sent = self.seq = 0
        first = (*(one.certificate for one in self.devices), self.site.deposit(payer, 10**9), self.channel)
        self.site.drop(*first)
        self.most_spool = 0
        self.board = emulator.create(self.site.home, "unix", "roof", ["ina219"])
        self.port = free_port()

    def feed(self) -> None:
        """Keep the inbox from running empty."""
        there = sum(not one.name.startswith(".") and one.is_file() for one in self.site.folder.inbox.iterdir())
        for _ in range(WAITING_FILES - there):
            messages = [self.site.reading(one) for one in self.devices for _ in range(READINGS)]
            self.seq += 1
            messages.append(self.devices[0].voucher(self.channel, 3 * self.seq, seq=self.seq))
            self.site.drop(*messages)
            self.sent += len(messages)

    def look(self) -> None:
        """Hold the spool against its bound."""
        size = 0
        for path in self.site.folder.spool.glob("*.bundle"):
            with suppress(OSError):
                size += path.stat().st_size
        self.most_spool = max(self.most_spool, size)
        assert size <= self.bound + CHUNK, size

    def memory(self) -> dict[str, int]:
        """The most bytes that each part has had in memory."""
        found = {}
        for part, told in self.site.states().items():
            with suppress(OSError):
                status = Path(f"/proc/{told['pid']}/status").read_text()
                found[part] = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) << 10  # type: ignore[index]
        return found

    def said(self) -> dict[str, Any]:
        """What the board says of itself."""
        with emulator.resolve(self.site.home, "emulated:roof") as client:
            return client.info().raw

    def is_held(self) -> bool:
        """Whether intake waits, and every way of asking says so."""
        intake = self.site.states().get("intake", {})
        if not (intake.get("held") and "spool is full" in intake["text"]):
            return False
        keys, url = Keys(self.site.home.folder), f"http://127.0.0.1:{self.port}"
        head = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            shown = client.get("/api/v1/hub", headers=head).json()
            metrics = client.get("/metrics", headers=head).text
            client.get(f"/sign-in?link={keys.new_link(OPERATOR)}", follow_redirects=True)
            page = client.get("/hub").text
        assert "intake is held" in page and "the spool is full" in page, page
        assert re.search(r'sealwright_part_held\{part="intake"\} 1', metrics), metrics
        assert '"held": true' in str(shown).replace("True", "true").replace("'", '"'), shown
        return True

    def press(self, seconds: float) -> dict[str, int]:
        """Hold settling up for so long, half of it by each way; how much each part's memory grew."""
        ledger = sqlite3.connect(self.site.home.ledger_path, isolation_level=None)
        with closing(ledger):
            ledger.execute("BEGIN IMMEDIATE")
            while not self.is_held():
                self.feed()
                self.look()
                time.sleep(0.1)
            before, said = self.memory(), self.said()
            self._hold(seconds / 2, lambda: None)
            later = self.said()
            assert later["acknowledged"] <= said["reading_seq"] < later["reading_seq"], (said, later)
            ledger.execute("ROLLBACK")
        settle = int(self.site.states()["settle"]["pid"])
        try:
            os.kill(settle, signal.SIGSTOP)
            self._hold(seconds / 2, lambda: self._let_go_for_a_moment(settle))
        finally:
            os.kill(settle, signal.SIGCONT)
        grown = {part: size - before.get(part, 0) for part, size in self.memory().items()}
        assert max(grown.values()) <= GROWN, grown
        return grown

    def _let_go_for_a_moment(self, process: int) -> None:
        os.kill(process, signal.SIGCONT)
        time.sleep(0.1)
        os.kill(process, signal.SIGSTOP)

    def _hold(self, seconds: float, each: Any) -> None:
        end, turn = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            self.feed()
            self.look()
            if time.monotonic() >= turn:
                turn = time.monotonic() + TURN
                each()
            time.sleep(0.1)

    def run(self, seconds: float) -> str:
        """The whole; one line of figures."""
        self.board.start()
        with emulator.resolve(self.site.home, "emulated:roof") as client:
            provisioning.provision(self.site.home, client, "roof")
            owner.set_interval(self.site.home, client, 1)
        self.token = Keys(self.site.home.folder).new_token(OPERATOR, "pressure")
        options = ("--allow-test", "--every", "0.5", "--spool", str(self.bound // MB), "--port", str(self.port))
        hub = self.site.start(*options)
        try:
            self.site.wait(lambda: {*PARTS, "web"} <= self.site.states().keys())
            began = time.monotonic()
            grown = self.press(seconds)
            pressed, taken = time.monotonic() - began, self.site.count("intake", "taken")
            seq = self.said()["reading_seq"]
            self.site.wait(lambda: self.site.is_done() and not self.site.states()["intake"]["held"])
            if seconds >= ACKS:
                self.site.wait(lambda: self.said()["acknowledged"] >= seq)
            drained = time.monotonic() - began - pressed
            with emulator.resolve(self.site.home, "emulated:roof") as client:
                owner.set_interval(self.site.home, client, 86_400)
                last = client.info().raw["reading_seq"]
            own = READINGS * sum(1 for _ in self.devices) * self.seq
            self.site.wait(lambda: len(self.site.readings()) >= own + last)
        finally:
            hub.terminate()
            code = hub.wait(60)
            self.board.kill()
        assert code == 0, self.site.logs()
        assert len(self.site.readings()) == own + last, "each reading once"
        with known_ledger(self.site.home, allow_test=True) as ledger:
            assert ledger.audit().ok and sums(ledger) == self.site.plain(self.site.folder.path / "plain.db")
        assert not any(self.site.folder.refused.iterdir())
        memory = ", ".join(f"{part} {size / MB:.1f}" for part, size in grown.items())
        return (
            f"{self.sent} messages offered in {pressed:.0f} s, {taken} taken by then; "
            f"spool at most {self.most_spool / MB:.1f} of {self.bound / MB:.0f} MB; memory grew by {memory} MB; "
            f"all of it arrived {drained:.0f} s after the release"
        )


def campaign(folder: Path, seconds: float, spool: int) -> str:
    """One run; its figures."""
    return Pressure(folder, spool).run(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--spool", type=int, default=8, metavar="MB")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(campaign(Path(folder), given.seconds, given.spool))


if __name__ == "__main__":
    main()
