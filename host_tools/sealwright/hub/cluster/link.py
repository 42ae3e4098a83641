"""A connection to the servers of a cluster, for the parts of a hub, which are no coroutines.

A thread of its own runs it. Where a server ends, it goes on with another. What was taken of a stream is said to be
still in work until it is `done`, so a part that takes long over a batch is not taken for a dead one; what a dead one
had taken is given to another within ACK_SECONDS.
"""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from ...extras import load
from .config import Cluster
from .connecting import ANSWER_SECONDS, CONNECT_SECONDS, KEEP_SECONDS, connected
from .errors import ClusterAway, StreamFull, StreamMissing, WrongAccount
from .pulling import NOBODY, Pull, Taken
from .rights import inbox
from .streams import ACK_SECONDS

T = TypeVar("T")
_FULL: Final = (10077, 10047, 10023)  # max bytes or messages; no room on the disk; too little for a stream
_MISSING: Final = (10059, 10014)  # stream, consumer
_NO_MESSAGE: Final = 10037
_IN_WORK: Final = b"+WPI"


class Link:
    """A connection as one account. Every method may raise a ClusterAway; then it is not known what was done of it, and
    all may be done again."""

    def __init__(self, cluster: Cluster, account: str) -> None:
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each TLS connection that nats-py makes
        self._nats = load("nats-py", "cluster", "nats", "a cluster needs", "no_nats")
        self._cluster, self._account = cluster, account
        cluster.password(account)  # before a thread is begun
        self._said = ""  # what a server refused last
        self._held: dict[str, float] = {}  # replies of what was taken and is not done
        self._pulls: dict[str, Pull] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._run(self._connect(), 2 * CONNECT_SECONDS)
        except BaseException:
            self.close()
            raise

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Return when most servers have all of these (subject, data)."""
        self._run(self._publish_all(messages))

    def put(self, subject: str, data: bytes, after: int) -> bool:
        """Replace the last message of a subject, if it is still the one with this number; whether it was."""
        return self._run(self._put(subject, data, after))

    def last(self, stream: str, subjects: Iterable[str]) -> dict[str, tuple[int, bytes]]:
        """The last message of each of these subjects that has one, with its number."""
        return self._run(self._last_all(stream, list(subjects)))

    def after(self, stream: str, number: int, subject: str) -> tuple[int, str, bytes] | None:
        """The first message of a stream from this number on, with its own number and its subject."""
        return self._run(self._after(stream, number, subject))

    def remove(self, stream: str, numbers: Iterable[int]) -> None:
        """Remove these messages of a stream."""
        self._run(self._remove_all(stream, list(numbers)))

    def pull(self, stream: str, consumer: str, most: int, size: int = 0) -> list[Taken]:
        """What the consumer has, up to so many messages, and so many bytes where `size` is one."""
        return self._run(self._pull(stream, consumer, most, size))

    def done(self, taken: Iterable[Taken]) -> None:
        """These need not be given again."""
        self._run(self._answer(list(taken), b"+ACK"))

    def again(self, taken: Iterable[Taken], seconds: float) -> None:
        """Give these again after a while."""
        delay = json.dumps({"delay": int(seconds * 1e9)}).encode()
        self._run(self._answer(list(taken), b"-NAK " + delay))

    def leave(self, taken: Iterable[Taken]) -> None:
        """Nothing came of these: let them be given again, soon."""
        for one in taken:
            self._held.pop(one.reply, None)

    def request(self, subject: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the servers' API answers; "error" is in it where it refuses."""
        return self._run(self._request(subject, body))

    def close(self) -> None:
        """Leave. What was taken and is not done is given to another."""
        with suppress(Exception):
            self._run(self._close(), ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)

    def _run(self, work: Coroutine[Any, Any, T], seconds: float = 60.0) -> T:
        future = asyncio.run_coroutine_threadsafe(self._explained(work), self._loop)
        try:
            return future.result(seconds)
        except TimeoutError as error:
            future.cancel()
            raise ClusterAway(f"the cluster's servers did not answer in {seconds:.0f} s") from error

    async def _explained(self, work: Awaitable[T]) -> T:
        errors, js = self._nats.errors, self._nats.js.errors
        try:
            return await work
        except js.APIError as error:
            raise self._refusal(error) from error
        except (js.NoStreamResponseError, errors.NoRespondersError) as error:
            raise StreamMissing(f"no stream of the cluster takes it now{self._why()}") from error
        except (TimeoutError, errors.TimeoutError) as error:
            self._check_rights()
            raise ClusterAway(f"the cluster's servers do not answer{self._why()}") from error
        except (errors.Error, OSError) as error:
            raise ClusterAway(f"the connection to the cluster failed: {error}{self._why()}") from error

    def _refusal(self, error: Any) -> ClusterAway:
        code, said = getattr(error, "err_code", None), getattr(error, "description", None) or str(error)
        if code in _FULL:
            return StreamFull(f"a stream of the cluster is full: {said}")
        if code in _MISSING:
            return StreamMissing(f"the cluster lacks something: {said}")
        return ClusterAway(f"the cluster refuses it for now: {said}")

    def _check_rights(self) -> None:
        said, self._said = self._said, ""
        if "permissions" in said.lower():
            raise WrongAccount(f"the account {self._account} may not do that: {said}")
        self._said = said

    def _why(self) -> str:
        return f" ({self._said})" if self._said else ""

    async def _connect(self) -> None:
        def note(error: Exception) -> None:
            self._said = str(error)

        self._client = await connected(self._nats, self._cluster, self._account, note)
        self._said = ""
        self._js = self._client.jetstream(timeout=ANSWER_SECONDS)
        self._inbox = f"{inbox(self._account)}.pull-{self._client.new_inbox().rpartition('.')[2]}"
        self._beat = asyncio.ensure_future(self._beating())

    async def _publish_all(self, messages: Sequence[tuple[str, bytes]]) -> None:
        found = await asyncio.gather(
            *(self._js.publish(*one, timeout=KEEP_SECONDS) for one in messages), return_exceptions=True
        )
        for one in found:
            if isinstance(one, BaseException):
                raise one

    async def _put(self, subject: str, data: bytes, after: int) -> bool:
        headers = {"Nats-Expected-Last-Subject-Sequence": str(after)}
        try:
            await self._js.publish(subject, data, headers=headers)
        except self._nats.js.errors.APIError as error:
            if error.err_code == 10071:
                return False
            raise
        return True

    async def _last_all(self, stream: str, subjects: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        found = await asyncio.gather(*(self._last(stream, one) for one in subjects))
        return {subject: one for subject, one in zip(subjects, found, strict=True) if one is not None}

    async def _last(self, stream: str, subject: str) -> tuple[int, bytes] | None:
        answer = await self._client.request(f"$JS.API.DIRECT.GET.{stream}.{subject}", b"", timeout=ANSWER_SECONDS)
        headers = answer.headers or {}
        if not headers.get("Status"):
            return int(headers["Nats-Sequence"]), answer.data
        try:  # any server has answered, and may be behind: the one that leads is asked, too
            found = await self._js.get_msg(stream, subject=subject, direct=False)
        except self._nats.js.errors.NotFoundError as error:
            if error.err_code == _NO_MESSAGE:
                return None
            raise
        return int(found.seq), found.data or b""

    async def _after(self, stream: str, number: int, subject: str) -> tuple[int, str, bytes] | None:
        try:
            found = await self._js.get_msg(stream, seq=number, subject=subject, next=True, direct=False)
        except self._nats.js.errors.NotFoundError as error:
            if error.err_code == _NO_MESSAGE:
                return None
            raise
        return int(found.seq), str(found.subject), found.data or b""

    async def _remove_all(self, stream: str, numbers: Sequence[int]) -> None:
        body = [{"seq": number, "no_erase": True} for number in numbers]
        await asyncio.gather(*(self._request(f"STREAM.MSG.DELETE.{stream}", one) for one in body))

    async def _request(self, subject: str, body: dict[str, Any] | None) -> dict[str, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        answer = await self._client.request(f"$JS.API.{subject}", data, timeout=ANSWER_SECONDS)
        found = json.loads(answer.data)
        return found if isinstance(found, dict) else {}

    async def _pull(self, stream: str, consumer: str, most: int, size: int) -> list[Taken]:
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        pull = self._pulls.get(subject)
        if pull is None:
            pull = self._pulls[subject] = Pull(f"{self._inbox}.{consumer}", subject)
            await self._client.subscribe(pull.inbox, cb=pull.arrived)
        found = await pull.ask(self._client, most, size)
        if pull.said == NOBODY:
            raise StreamMissing(f"the cluster has no consumer {consumer} now")
        if not found and not pull.ended.is_set():
            self._check_rights()
            raise ClusterAway(f"the cluster does not answer for {consumer}{self._why()}")
        now = time.monotonic()
        self._held.update((one.reply, now) for one in found)
        return found

    async def _answer(self, taken: Sequence[Taken], text: bytes) -> None:
        for one in taken:
            self._held.pop(one.reply, None)
            await self._client.publish(one.reply, text)
        await self._client.flush(timeout=ANSWER_SECONDS)

    async def _beating(self) -> None:
        """Say now and then that what was taken is in work."""
        while True:
            await asyncio.sleep(ACK_SECONDS / 5)
            due = time.monotonic() - ACK_SECONDS / 3
            with suppress(Exception):  # no connection: it is given again, to whoever asks first
                for reply, at in list(self._held.items()):
                    if at < due:
                        await self._client.publish(reply, _IN_WORK)
                        if reply in self._held:
                            self._held[reply] = time.monotonic()

    async def _close(self) -> None:
        if hasattr(self, "_beat"):
            self._beat.cancel()
        await self._client.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
