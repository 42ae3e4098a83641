"""No room: what was reported is in the ledger, nothing else is, and settling goes on once there is room."""

import resource
import shutil
import subprocess

import pytest
from sealwright.ledger import LedgerError, LedgerFull

from tests.host_tools.ledger.conftest import World, holds, raws
from tests.host_tools.ledger.processes import output_of

pytestmark = pytest.mark.sqlite


def fill(world, ledger, bundle):
    """Settle until there is no room; what was reported must be in the ledger, and nothing else."""
    reported = []
    with pytest.raises(LedgerFull) as caught:
        for verdict in ledger.settle(bundle, batch=7):
            reported.append(verdict)
    assert all(verdict.ok for verdict in reported) and len(reported) < len(bundle)
    assert "Free space" in caught.value.remedy
    return len(reported)


def completed(world, bundle, before):
    """After there is room again."""
    with world.ledger() as ledger:
        assert [verdict.code for verdict in ledger.settle(bundle)] == (
            ["already_settled"] * before + ["ok"] * (len(bundle) - before)
        )
        assert holds(ledger, world.payee) == len(bundle)
        assert ledger.audit().ok


def test_a_database_at_its_limit(world):
    ledger, channel = world.opened()
    bundle = raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 200))
    (pages,) = ledger._database(write=True).row("PRAGMA page_count")
    ledger._database(write=True).run(f"PRAGMA max_page_count = {pages + 9}")
    before = fill(world, ledger, bundle)
    assert before > 0 and ledger.audit().ok and holds(ledger, world.payee) == before
    ledger.close()
    completed(world, bundle, before)


def test_a_file_size_limit(world):
    ledger, channel = world.opened()
    ledger.close()
    bundle = raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 300))
    limit = 2 * world.path.stat().st_size

    def settle(tell):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        with world.ledger() as mine:
            before = fill(world, mine, bundle)
            assert mine.audit().ok and holds(mine, world.payee) == before
            tell(before)

    (before,) = output_of(settle)
    assert before > 0
    completed(world, bundle, before)


@pytest.fixture
def small_disk(tmp_path):
    """A file system with little room; a callable to enlarge it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=384k", "none", str(disk)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("this user cannot mount a small file system; the other tests of full disks do without")
    yield disk, lambda: subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(small_disk):
    disk, enlarge = small_disk
    world = World(disk / "ledger.db")
    ledger, channel = world.opened()
    bundle = raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 600))
    before = fill(world, ledger, bundle)
    assert before > 0 and ledger.audit().ok and holds(ledger, world.payee) == before
    ledger.close()
    enlarge()
    completed(world, bundle, before)


def test_a_disk_too_full_for_a_ledger(small_disk):
    disk, enlarge = small_disk
    (disk / "ballast").write_bytes(bytes(380_000))
    world = World(disk / "ledger.db")
    order = world.owner.deposit(world.payer, 1).raw
    with world.ledger() as ledger, pytest.raises(LedgerError) as caught:
        ledger.deposit(order)
    assert isinstance(caught.value, LedgerFull)
    assert [path.name for path in disk.iterdir()] == ["ballast"]
    enlarge()
    with world.ledger() as ledger:
        assert ledger.deposit(order).ok
