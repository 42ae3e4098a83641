"""Files and folders that this user may not write, or not even read."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from sealwright.ledger import LedgerBusy, LedgerReadOnly

from tests.host_tools.ledger.conftest import World, holds
from tests.host_tools.ledger.processes import Child, stripped, without_rights

pytestmark = pytest.mark.sqlite


@pytest.fixture
def public(request):
    """A world in a folder that every user may look into."""
    folder = Path(tempfile.mkdtemp(prefix="sealwright-"))
    folder.chmod(0o755)
    world = World(folder / "ledger.db")
    world.opened()[0].close()
    yield world
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o755), (0o444, 0o555), (0o666, 0o555)])
def test_a_read_only_ledger_can_be_read_and_not_settled_into(public, file, folder):
    public.path.chmod(file)
    public.path.parent.chmod(folder)
    before = public.path.read_bytes()

    def use(tell):
        with public.ledger() as ledger:
            tell((holds(ledger, public.payer), ledger.audit().ok))
            try:
                ledger.deposit(public.owner.deposit(public.payee, 1).raw)
            except LedgerReadOnly as error:
                tell(error.code)

    assert without_rights(use) == [(0, True), "ledger_read_only"]
    assert public.path.read_bytes() == before


def test_a_ledger_of_somebody_else(public):
    public.path.chmod(0)

    def use(tell):
        for attempt in (lambda ledger: ledger.balances(), lambda ledger: list(ledger.settle([]))):
            try:
                attempt(public.ledger())
            except LedgerReadOnly as error:
                tell(error.exit_code)

    assert without_rights(use) == [4, 4]


def test_a_folder_that_takes_no_ledger(public):
    public.path.parent.chmod(0o555)

    def use(tell):
        try:
            World(public.path.with_name("new.db")).ledger().deposit(public.owner.deposit(public.payee, 1).raw)
        except LedgerReadOnly as error:
            tell(str(error))

    (words,) = without_rights(use)
    assert "new.db" in words and "cannot be opened" in words


def test_a_writer_who_comes_while_one_without_rights_reads_is_noticed(public):
    public.path.parent.chmod(0o755)

    def use(tell):
        entries = public.ledger().entries()
        next(entries)
        tell("begun")
        deadline = time.monotonic() + 120
        before = public.path.stat().st_mtime_ns
        while public.path.stat().st_mtime_ns == before and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(LedgerBusy, match="while it was read"):
            list(entries)

    if os.geteuid() != 0:
        pytest.skip("needs a second user: only root can be two")
    reader = Child(stripped(use))
    reader.next()
    with public.ledger() as ledger:
        assert ledger.deposit(public.owner.deposit(public.payee, 1).raw).ok
    assert reader.wait()[1] == 0
