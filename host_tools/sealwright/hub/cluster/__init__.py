"""A hub past one machine: a cluster of NATS servers joins its parts, and devices speak with any of them.

    devices   MQTT 3.1.1 over TLS; what a server has acknowledged is on most of the servers
    verify    any number of them, on any machine: checks what devices say, and keeps what holds
    settle    one for each shard of a ledger on PostgreSQL
    readings  one, into the home's store
    intake    one: bundles and devices that are asked; it alone acknowledges to devices

`config` has the servers and the accounts, `files` writes what a server reads, `rights` says who may do what, `streams`
declares what is kept. All that is done with a message is idempotent by its digest, so each may be killed at any moment:
what it had not finished comes again.
"""
