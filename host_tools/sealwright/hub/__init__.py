"""A hub: the parts that run a network day and night, each a process of its own.

    intake      bundles, device URLs and a broker: verified, on disk in the spool, then acknowledged
    settle      the spool into the ledger
    readings    the spool into the store of readings
    watch       claims, refunds and warnings
    web         the page, see `web`

`folder` says where things are, `parts` what there is, `supervisor` runs them all. `spool` is what joins them: intake
writes it, each consumer has a position of its own in it. All that a part does is idempotent by digest, so a part that
was killed does its last step again.
"""
