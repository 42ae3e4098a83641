"""A ledger in shards: several logs, each with a lock of its own, so that several processes settle at once.

`dealing` says which message belongs where, `settling` takes a bundle, `covering` brings a device's money to the shard
that needs it, `dividing` makes a ledger one of shards, `checking` proves that the logs fit together. Each shard's log
is complete: what certifies its signers is in every one, in the same order, and an audit rebuilds it by itself.
"""
