"""The part `intake`: what devices signed, from every side, verified and on disk before anybody may forget it.

    inbox       bundles that somebody dropped
    URLs        the devices that the register has at a URL, looked at every few seconds
    broker      readings as they come, and the devices there, looked at now and then

Each bundle is verified with `--proof chained`, then it is on disk in the spool, then its device is told. Intake alone
speaks with devices: it also brings them the ledger's word that their channels are funded, and renews their
certificates before they end.
"""

import threading
import time
from collections import deque
from contextlib import ExitStack, closing, suppress
from typing import Any, Final

from ..errors import SealwrightError, Unreachable
from ..home import Home
from ..ledger import LedgerFile
from ..link import Client
from ..link.broker import Broker
from ..operate.complaints import Complaints
from ..verify.policy import CHAINED, Policy
from .accounts import HUB, Accounts
from .asked import Asked
from .brokered import Brokered
from .checking import Checking
from .fleet import BROKER, Fleet
from .folder import HubFolder
from .inbox import Inbox
from .joined import joint_of
from .joining import AtBroker, Joint
from .known import Known
from .ledger_asked import LedgerAsked
from .log import Log, Safe
from .polling import Polling
from .reaching import places, reach
from .renewals import Renewals
from .settings import Settings
from .state import State
from .taking import Stopped, Taker

PART: Final = "intake"
_STEP_SECONDS: Final = 0.25
_INBOX_SECONDS: Final = 1.0  # for a large bundle, before the devices have their turn
_REGISTER_SECONDS: Final = 10.0
_PATIENCE: Final = 5.0  # for a ledger that is written


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Take in until `stop` is set. Raises Usage where the hub's folder fails."""
    folder = HubFolder(home.folder)
    folder.make()
    with ExitStack() as stack:
        ledger = LedgerAsked(stack.enter_context(LedgerFile(home.ledger_place, _PATIENCE, hurried=True)))
        fleet = stack.enter_context(Fleet(folder.fleet, write=True))
        joint = stack.enter_context(closing(joint_of(home, settings, PART)))
        work = _Intake(home, settings, ledger, fleet, joint=joint, stop=stop)
        stack.callback(work.close)
        with suppress(Stopped):
            while not stop.is_set():
                work.step()
        work.taker.tell()


class _Intake:
    """Everything that brings messages, and where they go."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        ledger: LedgerAsked,
        fleet: Fleet,
        *,
        joint: Joint,
        stop: threading.Event,
    ) -> None:
        folder = HubFolder(home.folder)
        self._home, self._stop, self._ledger = home, stop, ledger
        self._state = State(folder.state(PART), PART)
        self._joint, self._spool = joint, joint.sink()
        self._known = Known(home, folder.path / "known.bundle", ledger.certificates)
        owners = (home.key("owner").public,)
        policy = Policy(allow_test=settings.allow_test, owners=owners, proof=CHAINED)
        checking = Checking(home.roots(), policy, self._known)
        self.taker = Taker(checking, self._known, self._spool, fleet=fleet, state=self._state, stop=stop)
        self._failures: deque[tuple[bytes | None, str, str]] = deque(maxlen=1000)  # threads note them
        self._complaints = Complaints(lambda text: None)
        self._inbox = Inbox(folder.inbox, folder.refused, self.taker)
        self._polling = Polling(home, self._connect, self._failed, settings.every)
        self._renewals = Renewals(home, self._known, settings.renew_before)
        self._brokers: dict[str, AtBroker] = {}  # by URL, or HUB for the hub's own
        self._named = settings.broker
        self._own: dict[str, Log] = {}  # by URL, beyond what the broker brought
        self._register_at = 0.0
        self._state.tell(now=True)

    def _find_brokers(self) -> None:
        """The brokers to listen to: the one that was named, and the hub's own once there is one."""
        if self._named is not None and self._named not in self._brokers:
            self._listen_to(self._named, Broker.parse(self._home, self._named)[0])
        accounts = Accounts(self._home)
        if HUB not in self._brokers and accounts.exists:
            self._listen_to(HUB, accounts.broker)

    def _listen_to(self, name: str, address: Broker) -> None:
        def failed(*failure: Any) -> None:
            self._failures.append(failure)

        if name == HUB:
            self._brokers[name] = self._joint.brokered(address, failed)
        else:
            self._brokers[name] = Brokered(self._home, address, failed)

    def step(self) -> None:
        """Look at every side once. Raises Stopped, Usage."""
        if self.taker.wait_for_room():
            raise Stopped
        busy = self._inbox.step(_INBOX_SECONDS)
        for broker in self._brokers.values():
            self._look_at_broker(broker)
        self._look_at_devices(0.0 if busy else _STEP_SECONDS)
        while self._failures:
            device, code, text = self._failures.popleft()
            if self._complaints.note(f"{device!r} {code}", "", text):
                self.taker.fault(device, code, text)
        self._state.counts["waiting files"] = self._inbox.waiting()
        self._state.counts["devices"] = len(self._polling.asked)
        self.taker.tell()

    def _look_at_broker(self, broker: AtBroker) -> None:
        found = broker.look()
        if not found:
            return
        before = {device: log.safe for device, log in dict(broker.logs).items()}
        for _ in self.taker.take(found, BROKER, broker.logs):
            pass
        broker.settle()
        for device, log in dict(broker.logs).items():
            if before.get(device, Safe()) != log.safe:
                self._polling.nudge(broker.url(device))

    def _look_at_devices(self, seconds: float) -> None:
        now = time.monotonic()
        if now >= self._register_at:
            self._register_at = now + _REGISTER_SECONDS
            self._known.refresh()
            self._find_brokers()
            self._polling.of(self._wanted())
        self._renewals.refresh()
        for asked, messages in self._polling.step(seconds):
            for _ in self.taker.take(messages, asked.how, {asked.log.device: asked.log}):
                pass
            if self._polling.is_stalled(asked):
                self._failures.append((asked.log.device, "gap", _missing(asked)))
            self._complaints.settle(f"{asked.device!r}")
        for asked in self._polling.asked.values():
            info, asked.info = asked.info, None
            if info is not None and asked.device:
                self.taker.see(asked.device, asked.how, info)
        self._renew()
        try:
            self._polling.serve(self._ledger)
        except SealwrightError as error:  # a ledger that is away: it is asked again at the next step
            self._failures.append((None, error.code, str(error)))

    def _renew(self) -> None:
        """Renew what is due, and note what came of it."""
        self._polling.renew(self._renewals)
        renewed, faults = self._renewals.take()
        self._state.counts["renewed"] += len(renewed)
        for device, code, text in faults:
            self.taker.fault(device, code, text)

    def _wanted(self) -> dict[str, Log]:
        """Who is asked: at the broker where it was heard of there, else at its URL."""
        brokers = self._brokers.values()
        found = {url: log for broker in brokers for url, log in broker.urls().items()}
        for url, device in places(self._home).items():
            if not any(broker.heard_of(device) for broker in brokers):
                found[url] = self._own.setdefault(url, Log(device))
        return found

    def _connect(self, url: str) -> Client:
        if url.startswith("mqtts:"):
            for broker in list(self._brokers.values()):
                if url.startswith(f"mqtts://{broker.broker.name}/"):
                    return broker.open(url)
            raise Unreachable(f"no broker is listened to: {url}")
        return reach(self._home, url)

    def _failed(self, device: bytes, url: str, error: SealwrightError) -> None:
        """A device that is asked has failed; one that sleeps is not at the broker most of the time."""
        if not (url.startswith("mqtts:") and isinstance(error, Unreachable)):
            self._failures.append((device or None, error.code, f"{url}: {error}"))

    def close(self) -> None:
        """Leave everything."""
        self._polling.close()
        for broker in self._brokers.values():
            broker.close()
        self._known.close()
        self._spool.close()
        self._state.tell(now=True)


def _missing(asked: Asked) -> str:
    """What a device does not show."""
    first, last = asked.log.gap or (0, 0)
    which = f"reading {first}" if first == last else f"readings {first} to {last}"
    return (
        f"{asked.part.url}: {which} did not come, so nothing from there on is acknowledged. Where the device lost them "
        "and nobody between keeps them back, collect it by its own wire: `sealwright collect --ack`"
    )
