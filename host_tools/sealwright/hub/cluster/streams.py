"""What the servers keep: streams, each on three servers where there are so many, and who is given what of them.

    $MQTT_msgs            what devices published and no verifier has dealt with, in partitions by device id
    SEALWRIGHT_READINGS   checked readings, some hundred in a message, in the same partitions; for `readings`
    SEALWRIGHT_MONEY      checked messages of money and of authority, by shard; for the settlers
    SEALWRIGHT_LATER_N    what the settler of shard N has to try again, each under its digest
    SEALWRIGHT_KNOWN      what certifies a device, under its key hint: the last word counts
    SEALWRIGHT_SAFE       up to which reading a device's log is checked and kept; for intake, which acknowledges

A full stream refuses what is new: verifiers wait for the settlers, devices for the verifiers. Of the first stream a
device may fill MOST_OF_DEVICE messages of each topic; then it waits alone.
"""

from dataclasses import dataclass
from typing import Any, Final

from .config import Cluster

MQTT: Final = "$MQTT_msgs"
CHECKED_READINGS: Final = "SEALWRIGHT_READINGS"
CHECKED_MONEY: Final = "SEALWRIGHT_MONEY"
KNOWN: Final = "SEALWRIGHT_KNOWN"
SAFE: Final = "SEALWRIGHT_SAFE"
TOPICS: Final = ("readings", "certificates", "money")  # of a device, whose messages verifiers take
MOST_OF_DEVICE: Final = 2000
SAFE_SECONDS: Final = 86_400
ACK_SECONDS: Final = 15.0  # after which what somebody took and did not finish is given to another
MOST_TAKEN: Final = 16_384  # of a partition or a shard, by all who take of it
SAFE_SUBJECT: Final = "sealwright.safe"
_MQTT_SUBJECTS: Final = "$MQTT.msgs."


def later(shard: int) -> str:
    """The stream of what waits for a settler."""
    return f"SEALWRIGHT_LATER_{shard}"


def later_subject(shard: int, digest: str = "*") -> str:
    """Where one of its messages is."""
    return f"sealwright.later.{shard}.{digest}"


def readings_subject(partition: int | str) -> str:
    """Where checked readings of a partition go."""
    return f"sealwright.checked.readings.{partition}"


def money_subject(shard: int | str) -> str:
    """Where checked messages of a shard go."""
    return f"sealwright.checked.money.{shard}"


def known_subject(kid: str) -> str:
    """Where what certifies a key hint (hex) is."""
    return f"sealwright.known.{kid}"


def verifier(partition: int) -> str:
    """The consumer of a partition."""
    return f"verify-{partition}"


@dataclass(frozen=True, slots=True)
class Consumed:
    """A durable consumer of a stream: its name, and the subjects that it is given."""

    stream: str
    name: str
    subject: str


def consumers(cluster: Cluster) -> list[Consumed]:
    """All that there are."""
    found = [
        Consumed(MQTT, verifier(number), f"{_MQTT_SUBJECTS}sealwright.*.{number}.*.*")
        for number in range(cluster.partitions)
    ]
    found.append(Consumed(CHECKED_READINGS, "readings", readings_subject("*")))
    found += [Consumed(CHECKED_MONEY, f"settle-{n}", money_subject(n)) for n in range(cluster.shards)]
    return found


def streams(cluster: Cluster) -> list[dict[str, Any]]:
    """Each stream, in the words of the server's API."""
    most = cluster.megabytes << 20
    kept: dict[str, Any] = {"num_replicas": cluster.replicas, "storage": "file", "max_bytes": most, "discard": "new"}
    per_device = {"max_msgs_per_subject": MOST_OF_DEVICE, "discard_new_per_subject": True}
    found: list[dict[str, Any]] = [
        {"name": MQTT, "subjects": [f"{_MQTT_SUBJECTS}>"], "retention": "interest", **per_device, **kept},
        {"name": CHECKED_READINGS, "subjects": [readings_subject("*")], "retention": "workqueue", **kept},
        {"name": CHECKED_MONEY, "subjects": [money_subject("*")], "retention": "workqueue", **kept},
    ]
    last = {"max_msgs_per_subject": 1, "allow_direct": True}
    found.append({"name": KNOWN, "subjects": [known_subject("*")], **kept, **last, "discard": "new"})
    found.append({"name": SAFE, "subjects": [SAFE_SUBJECT], **kept, "discard": "old", "max_age": SAFE_SECONDS * 10**9})
    for shard in range(cluster.shards):
        of_shard = {"name": later(shard), "subjects": [later_subject(shard)], "max_msgs_per_subject": 1}
        found.append({**kept, **of_shard, "discard": "old", "max_bytes": max(1, cluster.megabytes // 16) << 20})
    return found
