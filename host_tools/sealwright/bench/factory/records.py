"""The factory ledger: signed records of the devices made ready here, one after the other, each naming the one before.

    factory/ledger        of devices; signed with the issuer's key
    factory/test-ledger   of emulated boards; signed with the test key

Both are bundles (`sealwright verify factory/ledger --root root.pem`), which are only ever added to. What a crash cut in
the middle of its last record was never reported to anyone, and is removed before the next one is written.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from ...errors import Malformed, Truncated, Usage
from ...extras import unix
from ...home import Home
from ...verify import Policy, Verdict, Verifier
from ...wire.bundle import read_bundle
from ...wire.messages import FactoryRecord, Message, parse_as, sign_message

fcntl = unix("fcntl")

LEDGERS: Final = {False: "ledger", True: "test-ledger"}


def ledger_path(home: Home, *, test: bool) -> Path:
    """Where the records of devices are, or those of emulated boards."""
    return home.folder / "factory" / LEDGERS[test]


def records(home: Home, *, test: bool) -> list[Message[FactoryRecord]]:
    """The whole records of a ledger, unchecked. Raises Usage where it holds something else."""
    return list(_read(ledger_path(home, test=test)))


def add_record(home: Home, body: FactoryRecord, *, test: bool) -> Message[FactoryRecord]:
    """Number, chain, sign and append a record; on disk when this returns. seq and prev of `body` are replaced.

    A device has one record: again, it is the one it has. Raises Usage where the ledger cannot be written.
    """
    path = ledger_path(home, test=test)
    with _locked(path) as file:
        seq, prev, end = 0, None, 0
        for one in _read(path):
            if one.body.key == body.key:
                return one
            seq, prev, end = one.body.seq + 1, one.digest, end + len(one.raw)
        record = sign_message(home.key("test" if test else "issuer"), replace(body, seq=seq, prev=prev))
        file.truncate(end)
        file.write(record.raw)
        file.flush()
        os.fsync(file.fileno())
    return record


def verify_ledger(home: Home, *, test: bool) -> list[Verdict]:
    """A verdict on each record, and one more where the ledger ends in the middle of one."""
    path = ledger_path(home, test=test)
    verifier = Verifier([home.root(test=test)], Policy(network=home.network_id(test=test), allow_test=test))
    found: list[Verdict] = []
    try:
        for raw in read_bundle(path) if path.exists() else ():
            found.append(verifier.check(raw))
    except Truncated as error:
        found.append(verifier.check_rest(error))
    return found


def _read(path: Path) -> Iterator[Message[FactoryRecord]]:
    try:
        for raw in read_bundle(path) if path.exists() else ():
            yield parse_as(raw, FactoryRecord)
    except Truncated:
        return  # a crash cut the last record
    except Malformed as error:
        remedy = "Put it back from a copy; `sealwright ledger factory` shows what is wrong with it."
        raise Usage(f"{path} is damaged: {error}", remedy=remedy, code="ledger_damaged") from error


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
    except OSError as error:
        raise Usage(f"cannot write {path}: {error.strerror}", remedy="Free some space.", code="disk_full") from error
