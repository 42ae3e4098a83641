"""Who may do what at the servers: the least that each part needs, and each device under its own id.

A part's account can neither read another's inbox nor change a stream; `admin` alone, which sets the streams up, may do
that. A device publishes what it says and hears its commands: it sees no stream, and none of the servers' own subjects.
"""

from typing import Final, NamedTuple

from . import streams
from .config import ADMIN, INTAKE, READINGS, VERIFY, Cluster, settler

_API: Final = "$JS.API"
MQTT_SUB: Final = (
    "$MQTT.sub.>"  # what a server delivers a subscription of MQTT by; no client may subscribe there itself
)


class Rights(NamedTuple):
    """Subjects that an account may publish to, and those that it may hear. None: all."""

    publish: list[str] | None
    subscribe: list[str] | None


def inbox(account: str) -> str:
    """Where the answers to an account go."""
    return f"_INBOX_{account}"


def rights_of(cluster: Cluster, account: str) -> Rights:
    """The rights of a part's account."""
    if account == ADMIN:
        return Rights(None, None)
    return Rights([*_publish(cluster, account)], [f"{inbox(account)}.>"])


def _publish(cluster: Cluster, account: str) -> list[str]:
    checked = [streams.readings_subject("*"), streams.money_subject("*"), streams.known_subject("*")]
    known = [
        f"{_API}.DIRECT.GET.{streams.KNOWN}.{streams.known_subject('*')}",
        f"{_API}.STREAM.MSG.GET.{streams.KNOWN}",
    ]
    if account == VERIFY:
        taken = [_take(streams.MQTT, streams.verifier(number)) for number in range(cluster.partitions)]
        return [*checked, streams.SAFE_SUBJECT, *known, *(one for two in taken for one in two)]
    if account == READINGS:
        return [*known, *_take(streams.CHECKED_READINGS, "readings")]
    if account == INTAKE:
        return [*checked, *known, f"{_API}.STREAM.MSG.GET.{streams.SAFE}"]
    for shard in range(cluster.shards):
        if account == settler(shard):
            later = streams.later(shard)
            own = [streams.later_subject(shard), f"{_API}.STREAM.MSG.GET.{later}", f"{_API}.STREAM.MSG.DELETE.{later}"]
            # what was in the ledger before it was divided stays in shard 0; that settler knows whose the rest is
            others = [streams.money_subject("*" if shard == 0 else 0)] if cluster.shards > 1 else []
            return [*own, *others, *_take(streams.CHECKED_MONEY, settler(shard))]
    raise AssertionError(account)


def _take(stream: str, consumer: str) -> list[str]:
    return [f"{_API}.CONSUMER.MSG.NEXT.{stream}.{consumer}", f"$JS.ACK.{stream}.{consumer}.>"]


def device_rights(topic: str) -> Rights:
    """The rights of a device. topic: the beginning of its topics, with dots: sealwright.NETWORK.DEVICE."""
    network, _, device = topic.rpartition(".")
    publish = [f"{network}.*.{device}.{name}" for name in streams.TOPICS]  # where the server maps them to
    return Rights([*publish, f"{topic}.state", f"{topic}.reply"], [f"{topic}.command", MQTT_SUB])


def hub_rights() -> Rights:
    """The rights of intake as a client of MQTT: it asks devices, and hears their answers."""
    return Rights(
        ["sealwright.*.*.command"],
        ["sealwright.*.*.reply", "sealwright.*.*.state", MQTT_SUB],
    )
