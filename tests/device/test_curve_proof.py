"""The engine of the curve is tried once for each build of it, before a device with a key does anything."""

from rig import Board, Issuer, provisioned, restarted
from seal import p256
from seal.device import DAMAGED, PROVISIONED, Device
from seal.errors import Fault
from seal.records import CURVE_RECORD


class Proofs:
    """The proofs of the curve's engine, counted by how they end; `failure` is raised instead of a success."""

    def __init__(self, failure=None):
        self.count = 0
        self.failure = failure

    def __enter__(self):
        self._forget, p256.forget = p256.forget, self._counted
        return self

    def __exit__(self, *_):
        p256.forget = self._forget

    def _counted(self):
        self.count += 1
        if self.failure:
            raise self.failure
        self._forget()


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


class Engine:
    """The engine at work, with one function replaced."""

    def __init__(self, name, function):
        for other in ("public_key", "sign_with", "verify", "learn", "forget"):
            setattr(self, other, getattr(p256._engine, other))
        setattr(self, name, function)


def test_engine_that_signs_or_verifies_wrongly_damages_the_device():
    device = provisioned(Issuer())
    device.journal.put(CURVE_RECORD, "another build")
    chosen = p256._engine
    broken = [
        Engine("sign_with", lambda secret, digest, nonce: bytes(64)),
        Engine("verify", lambda public, digest, signature: True),
        Engine("verify", lambda public, digest, signature: False),
    ]
    try:
        for engine in broken:
            p256._engine = engine
            device = restarted(device)
            assert device.state == DAMAGED and isinstance(device.fault, Fault)
    finally:
        p256._engine = chosen
    assert restarted(device).state == PROVISIONED
