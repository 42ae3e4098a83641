"""Keys on flash: damage, wiping, power cuts and full flash never make a new key or half a one. On a real FileStore."""

import os

from check import raises
from keystore.software import SoftwareKeyStore
from scratch import Scratch
from seal.errors import Fault, StateDamaged, StorageFull

DIGEST = bytes(range(32))


def test_damage_never_generates_a_key():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        keys.generate(0, os.urandom)
        record = store.read("key-0")
        assert len(record) == 105
        damaged = [record[:cut] for cut in (0, 1, 37, 104)] + [record + b"\x00", bytes(105), b"\xff" * 105]
        for at in range(len(record)):
            damaged.append(record[:at] + bytes((record[at] ^ 1 << at % 8,)) + record[at + 1 :])
        for data in damaged:
            store.write("key-0", data)
            for call in (keys.has, keys.public):
                raises(StateDamaged, call, 0)
            raises(StateDamaged, keys.sign, 0, DIGEST)
            raises(StateDamaged, keys.generate, 0, os.urandom)
            assert store.read("key-0") == data
        store.write("key-0", record)
        assert keys.sign(0, DIGEST)


def test_wipe_zeroes_then_removes():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        keys.wipe(0)
        keys.generate(0, os.urandom)
        log = []

        class Watched:
            def read(self, name):
                return store.read(name)

            def write(self, name, data):
                log.append((name, data))
                store.write(name, data)

            def remove(self, name):
                log.append((name, store.read(name)))
                store.remove(name)

        SoftwareKeyStore(Watched(), engine="plain").wipe(0)
        assert log == [("key-0", bytes(105)), ("key-0", bytes(105))]
        assert store.names() == [] and keys.has(0) is False
        store.write("key-0", b"damaged")
        keys.wipe(0)
        assert keys.has(0) is False
        keys.generate(0, os.urandom)


def test_power_cut_within_wipe_leaves_device_locked():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        keys.generate(0, os.urandom)
        store.write("key-0", bytes(105))  # the cut: zeroed and not yet removed
        raises(StateDamaged, keys.generate, 0, os.urandom)
        keys.wipe(0)
        assert keys.has(0) is False


class _Failing:
    """A store whose flash is full, or keeps other bytes than it was given."""

    def __init__(self, store, full):
        self._store = store
        self._full = full

    def read(self, name):
        return self._store.read(name)

    def remove(self, name):
        self._store.remove(name)

    def write(self, name, data):
        if self._full:
            raise StorageFull("full")
        self._store.write(name, data[:-1] + bytes((data[-1] ^ 0x10,)))


def test_key_without_storage_is_not_announced():
    for full, error in ((True, StorageFull), (False, Fault)):
        with Scratch() as store:
            keys = SoftwareKeyStore(_Failing(store, full), engine="plain")
            raises(error, keys.generate, 0, os.urandom)
            assert keys.has(0) is False
