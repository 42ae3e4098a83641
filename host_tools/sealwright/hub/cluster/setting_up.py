"""Streams and consumers as they are to be, made or changed; again changes nothing."""

import time
from collections.abc import Callable
from typing import Any, Final

from ...errors import Usage
from .config import ADMIN, Cluster
from .errors import ClusterAway
from .link import Link
from .streams import ACK_SECONDS, MOST_TAKEN, consumers, streams

_START_SECONDS: Final = 60.0  # for a majority of the servers, after a start
_NEW: Final = (10059, 10014)  # stream or consumer not found


def set_up(cluster: Cluster, tell: Callable[[str], None] = lambda _: None, wait: float = _START_SECONDS) -> None:
    """Have every stream and consumer there. tell: gets what was made. wait: seconds for a majority of the servers.

    Raises ClusterAway, and Usage for a stream that cannot become what it is to be.
    """
    link = Link(cluster, ADMIN)
    try:
        _await_majority(link, wait)
        for stream in streams(cluster):
            _ensure(link, "STREAM", stream["name"], stream, tell)
        for one in consumers(cluster):
            config = {
                "durable_name": one.name,
                "name": one.name,
                "filter_subject": one.subject,
                "ack_policy": "explicit",
                "ack_wait": int(ACK_SECONDS * 1e9),
                "max_ack_pending": MOST_TAKEN,
                "deliver_policy": "all",
                "max_deliver": -1,
            }
            _ensure_consumer(link, one.stream, one.name, config, tell)
    finally:
        link.close()


def _await_majority(link: Link, wait: float) -> None:
    end = time.monotonic() + wait
    while True:
        try:
            answer = link.request("INFO")
            if "error" not in answer:
                return
            why = str(answer["error"].get("description", answer["error"]))
        except ClusterAway as error:
            why = str(error)
        if time.monotonic() >= end:
            raise ClusterAway(f"the cluster has no majority of its servers: {why}")
        time.sleep(0.5)


def _ensure(link: Link, kind: str, name: str, config: dict[str, Any], tell: Callable[[str], None]) -> None:
    found = _asked(link, f"{kind}.INFO.{name}")
    if found.get("error", {}).get("err_code") in _NEW:
        _made(_asked(link, f"{kind}.CREATE.{name}", config), name)
        tell(name)
        return
    have = _made(found, name)["config"]
    if any(have.get(key) != value for key, value in config.items()):
        _made(_asked(link, f"{kind}.UPDATE.{name}", {**have, **config}), name)
        tell(name)


def _ensure_consumer(link: Link, stream: str, name: str, config: dict[str, Any], tell: Callable[[str], None]) -> None:
    found = _asked(link, f"CONSUMER.INFO.{stream}.{name}")
    if found.get("error", {}).get("err_code") in _NEW:
        body = {"stream_name": stream, "config": config}
        _made(_asked(link, f"CONSUMER.CREATE.{stream}.{name}.{config['filter_subject']}", body), name)
        tell(name)
    else:
        _made(found, name)


def _asked(link: Link, subject: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer; tried again while the servers choose who leads."""
    for _ in range(20):
        try:
            answer = link.request(subject, body)
        except ClusterAway as error:
            answer = {"error": {"code": 503, "description": str(error)}}
        if answer.get("error", {}).get("code") not in (503, 408):
            return answer
        time.sleep(0.5)
    return answer


def _made(answer: dict[str, Any], name: str) -> dict[str, Any]:
    error = answer.get("error")
    if error is None:
        return answer
    why = f"the servers refuse {name}: {error.get('description', error)}"
    if error.get("code") == 503:
        raise ClusterAway(why)
    raise Usage(
        why, remedy="Compare what `sealwright cluster status` shows with the servers' room.", code="stream_refused"
    )
