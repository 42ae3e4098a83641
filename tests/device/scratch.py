"""A real store and known random draws for the keystore's tests."""

import os
from binascii import hexlify

from seal.store import FileStore


class Scratch:
    """A FileStore in a temporary folder."""

    def __enter__(self):
        self._folder = (os.getenv("TMPDIR") or "/tmp") + "/sealwright-" + hexlify(os.urandom(8)).decode()
        self.store = FileStore(self._folder)
        return self.store

    def __exit__(self, *_):
        for name in self.store.names():
            self.store.remove(name)
        os.rmdir(self._folder)


class Draws:
    """random(n) from a list, so that a test knows the secret."""

    def __init__(self, *secrets):
        self.left = list(secrets)

    def __call__(self, n):
        assert n == 32
        return self.left.pop(0)
