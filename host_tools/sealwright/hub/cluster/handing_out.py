"""What a machine needs that runs one part of a hub: a home that has no key, and that part's account alone.

It has the roots, by which everything is checked, and where the servers are. A settler needs the ledger's key as well,
and `readings` its store: those run where the home is, or a copy of it.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from ...errors import Usage, cause_of
from ...files import write_output
from ...home import Home
from ..joining import cluster_file
from .config import VERIFY, Cluster

ACCOUNTS: Final = (VERIFY,)
_FILES: Final = ("home.json", "root.pem", "test-root.pem")


def hand_out(home: Home, account: str, folder: Path) -> None:
    """Make the home of a machine that runs this part alone. Raises Usage where the folder has something in it."""
    if account not in ACCOUNTS:
        remedy = "A verifier alone needs no key: `sealwright cluster hand-out verify --out FOLDER`."
        raise Usage(f"the part {account!r} needs the home itself", remedy=remedy)
    cluster = Cluster.read(home.folder)
    given = {account: cluster.password(account)}
    try:
        if folder.exists() and any(folder.iterdir()):
            raise Usage(f"{folder} is not empty", remedy="Name a new folder.", code="folder_not_empty")
        of_cluster = cluster_file(folder).parent
        of_cluster.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)
        for name in _FILES:
            shutil.copyfile(home.folder / name, folder / name)
        (folder / "devices").mkdir()
        write_output(of_cluster / "ca.pem", cluster.authority.read_bytes())
    except OSError as error:
        raise Usage(f"cannot write {folder}: {cause_of(error)}", remedy="Check its permissions.") from error
    replace(cluster, accounts=given).save(of_cluster)
