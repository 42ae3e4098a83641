"""Which shard has what: a channel by its digest, the orders of a device's owner by the device's id.

Limits: who makes a channel may choose its shard, by trying nonces; that shard then has more work, and no more money.
"""


def shard_of(digest: bytes, of: int) -> int:
    """The shard, of so many, of a channel (the digest of its open) or of a device's orders (its id)."""
    return int.from_bytes(digest[:8], "big") % of
