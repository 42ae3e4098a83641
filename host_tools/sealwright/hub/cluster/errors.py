"""What goes wrong between the hub's parts and the servers of their cluster."""

from ...errors import Unreachable


class ClusterAway(Unreachable):
    """No server answers, or too few of them are there to keep anything. It passes by itself once they are back."""

    code = "no_quorum"
    remedy = "More than half of the cluster's servers have to run: `sealwright cluster status` shows them."


class StreamMissing(ClusterAway):
    """A stream or a consumer is not there, or has no server that leads it."""

    code = "no_stream"
    remedy = "Where `sealwright cluster status` shows most servers, `cluster set-up` makes what is missing."


class StreamFull(ClusterAway):
    """A stream takes nothing more until those who consume it have gone on."""

    code = "stream_full"
    remedy = (
        "See that the settlers and the part `readings` run; `--megabytes` of `sealwright cluster init` is the bound."
    )


class WrongAccount(ClusterAway):
    """The servers refuse the account, or what it tried to do."""

    code = "wrong_account"
    remedy = (
        "Give the servers the newest accounts.conf and reload them, and this machine the cluster.json of its own part."
    )
