"""The engine of the curve is tried once for each build of it, before a device with a key does anything."""

from rig import Board, Issuer, provisioned, restarted
from seal import p256
from seal.device import DAMAGED, PROVISIONED, Device
from seal.errors import Fault
from seal.records import CURVE_RECORD


class Proofs:
    """`p256.prove`, counted; `failure` is raised instead of a success."""

    def __init__(self, failure=None):
        self.count = 0
        self.failure = failure

    def __enter__(self):
        self._prove, p256.prove = p256.prove, self._counted
        return self

    def __exit__(self, *_):
        p256.prove = self._prove

    def _counted(self):
        self.count += 1
        if self.failure:
            raise self.failure
        self._prove()


def test_engine_is_tried_once_for_each_build():
    device = provisioned(Issuer())
    with Proofs() as proofs:
        device = restarted(device)
        assert device.state == PROVISIONED and proofs.count == 0
        device.journal.put(CURVE_RECORD, "another build")
        device = restarted(device)
        assert device.state == PROVISIONED and proofs.count == 1
        device = restarted(device)
        assert device.state == PROVISIONED and proofs.count == 1


def test_engine_of_blank_device_is_tried_at_each_boot_and_leaves_no_record():
    with Proofs() as proofs:
        for _ in range(2):
            device = Device(Board())
            device.load()
            assert device.journal.get(CURVE_RECORD) is None
        assert proofs.count == 2


def test_device_with_broken_engine_signs_nothing_and_tries_again():
    device = provisioned(Issuer())
    device.journal.put(CURVE_RECORD, "another build")
    with Proofs(Fault("wrong")):
        device = restarted(device)
        assert device.state == DAMAGED and device.signer is None and isinstance(device.fault, Fault)
    with Proofs() as proofs:
        device = restarted(device)
        assert device.state == PROVISIONED and proofs.count == 1


def test_full_flash_costs_the_test_and_nothing_else():
    device = provisioned(Issuer())
    device.journal.remove(CURVE_RECORD)
    store = device.board.store
    again = Device(Board(store))
    write, store.write = store.write, _full
    try:
        with Proofs() as proofs:
            again.load()
            assert again.state == PROVISIONED and proofs.count == 1
    finally:
        store.write = write
    assert again.journal.get(CURVE_RECORD) is None


def _full(name, data):
    raise OSError(28)
