"""Keys in software: made once, never given out, never silently replaced. On a real FileStore."""

import os

from check import raises
from keystore import software
from keystore.software import SoftwareKeyStore
from scratch import Draws, Scratch
from seal import p256
from seal.compat import sha256
from seal.errors import BadKey, EntropyFailed, Fault, Malformed, Refused, StateDamaged
from seal.store import FileStore

DIGEST = bytes(range(32))


def test_custody_is_open():
    assert SoftwareKeyStore.custody == 0


def test_generate_sign_verify():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        assert keys.has(0) is False
        public = keys.generate(0, os.urandom)
        assert keys.has(0) is True and keys.public(0) == public
        signature = keys.sign(0, DIGEST)
        assert p256.verify(public, DIGEST, signature)
        assert keys.sign(0, DIGEST) == signature
        other = keys.sign(0, DIGEST, b"added entropy")
        assert other != signature and p256.verify(public, DIGEST, other)
        raises(Malformed, keys.sign, 0, DIGEST[:31])


def test_key_is_the_drawn_secret_and_survives_restart():
    with Scratch() as store:
        secret = sha256(b"a secret")
        public = SoftwareKeyStore(store, engine="plain").generate(0, Draws(secret))
        assert public == p256.public_key(secret)
        again = SoftwareKeyStore(FileStore(store._directory), engine="plain")
        assert again.public(0) == public
        assert again.sign(0, DIGEST) == p256.sign(secret, DIGEST)


def test_slots_are_independent():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        publics = [keys.generate(slot, os.urandom) for slot in range(software.SLOTS)]
        assert len(set(publics)) == software.SLOTS
        keys.wipe(1)
        assert [keys.has(slot) for slot in range(software.SLOTS)] == [True, False, True, True]
        assert keys.public(2) == publics[2]
        # a record copied to another slot is damage, not a key
        store.write("key-1", store.read("key-2"))
        raises(StateDamaged, keys.public, 1)


def test_generate_refuses_full_slot():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        public = keys.generate(0, os.urandom)
        record = store.read("key-0")
        draws = Draws(sha256(b"another"))
        assert "wipe" in str(raises(Refused, keys.generate, 0, draws))
        assert len(draws.left) == 1 and store.read("key-0") == record and keys.public(0) == public


def test_empty_slot_and_invalid_slot():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        raises(BadKey, keys.public, 0)
        raises(BadKey, keys.sign, 0, DIGEST)
        for slot in (-1, software.SLOTS, "0", None):
            for call in (keys.has, keys.public, keys.wipe):
                raises(BadKey, call, slot)
            raises(BadKey, keys.sign, slot, DIGEST)
            raises(BadKey, keys.generate, slot, os.urandom)
        assert store.names() == []


def test_variable_time_engine_signs_only_when_named():
    fixed = p256.fixed_time
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        keys.generate(0, os.urandom)
        try:
            p256.fixed_time = False
            for engine in (None, "another"):
                refused = SoftwareKeyStore(store, engine=engine)
                raises(Refused, refused.sign, 0, DIGEST)
                raises(Refused, refused.generate, 1, os.urandom)
                assert not refused.has(1)
            assert p256.engine != "plain" or keys.sign(0, DIGEST)
            p256.fixed_time = True
            assert SoftwareKeyStore(store).sign(0, DIGEST)
        finally:
            p256.fixed_time = fixed


def test_three_faults_lock_keystore():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        keys.generate(0, os.urandom)
        good = store.read("key-0")
        store.write("key-0", software._pack(0, good[5:37], p256.public_key(sha256(b"another"))))
        for _ in range(software.FAULTS):
            assert "verify" in str(raises(Fault, keys.sign, 0, DIGEST))
        store.write("key-0", good)
        for _ in range(2):
            assert "looked at" in str(raises(Fault, keys.sign, 0, DIGEST))
        assert SoftwareKeyStore(store, engine="plain").sign(0, DIGEST), "a restart gives three more"


def test_mismatched_public_key_releases_no_signature():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        keys.generate(0, os.urandom)
        secret = store.read("key-0")[5:37]
        store.write("key-0", software._pack(0, secret, p256.public_key(sha256(b"another"))))
        raises(Fault, keys.sign, 0, DIGEST)


def test_no_key_without_entropy():
    with Scratch() as store:
        keys = SoftwareKeyStore(store, engine="plain")
        raises(EntropyFailed, keys.generate, 0, lambda n: bytes(n))
        assert store.names() == [] and keys.has(0) is False


def _holds(value, secret):
    if isinstance(value, (bytes, bytearray)):
        return secret in bytes(value)
    if isinstance(value, int):
        return value == int.from_bytes(secret, "big")
    if isinstance(value, (list, tuple, set)):
        return any(_holds(item, secret) for item in value)
    if isinstance(value, dict):
        return any(_holds(item, secret) for item in value.values())
    return False


def test_no_getter_gives_private_key():
    with Scratch() as store:
        secret = sha256(b"the secret")
        keys = SoftwareKeyStore(store, engine="plain")
        results = [keys.generate(0, Draws(secret)), keys.sign(0, DIGEST), keys.public(0), keys.has(0)]
        keys = SoftwareKeyStore(store, engine="plain")  # one that finds the key, too
        results += [keys.sign(0, DIGEST), keys.public(0), keys.has(0)]
        names = [name for name in dir(keys) if not name.startswith("__")]
        public = sorted(name for name in names if not name.startswith("_"))
        assert public == ["custody", "generate", "has", "idle", "public", "sign", "wipe"], public
        # nothing of the object holds it, hidden or not, and no method of one slot gives it
        for name in names:
            value = getattr(keys, name)
            results.append(value)
            if callable(value) and name not in ("generate", "sign", "wipe"):
                results.append(value(0))
        assert not _holds(results, secret)
        assert _holds([b"x" + secret], secret), "the search itself must work"
        assert secret.hex() not in repr(keys) if hasattr(secret, "hex") else True
