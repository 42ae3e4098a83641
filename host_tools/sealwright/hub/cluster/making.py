"""Making a cluster of a home's hub: its file, its certificates, and what each server reads."""

from pathlib import Path

from ...errors import Usage
from ...home import Home
from ...ledger import LedgerFile
from ..accounts import Accounts
from ..joining import cluster_file
from .config import Cluster, checked
from .files import write_accounts, write_server


def make(home: Home, cluster: Cluster) -> list[Path]:
    """Write all files of a cluster, made new or changed; the folders of the servers. What there was of passwords and
    of devices' accounts stays. Raises Usage."""
    made = checked(cluster).with_accounts()
    first = made.servers[0]
    accounts = Accounts(home)
    accounts.set_up(made.address or first.host, first.mqtt)
    made.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folders = [write_server(made, one, accounts.folder) for one in made.servers]
    made.save()
    write_accounts(made, accounts)
    return folders


def before(home: Home) -> Cluster | None:
    """The cluster that there is, or None. Raises Usage for one whose number of shards or partitions is another: what is
    in its streams would be left there."""
    return Cluster.read(home.folder) if cluster_file(home.folder).exists() else None


def check_same(old: Cluster | None, new: Cluster) -> None:
    """Raises Usage where a change would leave what is in the streams where nobody looks."""
    if old is not None and (old.shards, old.partitions) != (new.shards, new.partitions):
        why = f"the cluster has {old.shards} shards and {old.partitions} partitions, and messages wait in them"
        raise Usage(why, remedy=f"Give these numbers again, or remove {old.folder} once all is settled.")


def check_ledger(home: Home, shards: int, *, hurried: bool = False) -> None:
    """Raises Usage (code other_shards) where the home's ledger has not a log for each settler, and LedgerError.
    hurried: a server that is away is not waited for."""
    with LedgerFile(home.ledger_place, hurried=hurried) as ledger:
        has = len(ledger.head().all)
    if has != shards:
        why = f"the ledger has {_logs(has)}, and the cluster was made for {_logs(shards)}"
        remedy = f"Divide it: `sealwright ledger shard --into {shards}`; or make the cluster with --shards {has}."
        raise Usage(why, remedy=remedy, code="other_shards")


def _logs(count: int) -> str:
    return f"{count} log" if count == 1 else f"{count} logs"


def left_over(cluster: Cluster) -> list[Path]:
    """The folders of servers that the cluster has no more: certificates, keys and passwords are in them."""
    names = {one.name for one in cluster.servers}
    return sorted(one for one in (cluster.folder / "servers").iterdir() if one.is_dir() and one.name not in names)
