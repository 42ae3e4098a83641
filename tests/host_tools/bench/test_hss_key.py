"""The owner's hash-based key: no one-time key signs twice, whatever is killed and whoever signs at once."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from sealwright.bench.updates import hss
from sealwright.bench.updates.hss import FILE, HssKey, verify
from sealwright.errors import BadKeyFile, Usage

DIGEST = bytes(range(32))
SIGNER = """
import sys
from pathlib import Path
from sealwright.bench.updates.hss import HssKey
key = HssKey.find(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    print(key.sign(bytes([number]) * 32)[4:8].hex(), flush=True)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home's folder with a key, for tests that only sign."""
    folder = tmp_path_factory.mktemp("hss")
    HssKey.make(folder)
    return folder


def put(folder, text):
    (folder / FILE).touch(0o600)
    (folder / FILE).write_text(text)


def leaf(signature):
    return int.from_bytes(signature[4:8], "big")


def signer(folder, count):
    command = [sys.executable, "-c", SIGNER, str(folder), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_it_signs_with_one_number_after_the_other(made):
    key = HssKey.find(made)
    left = key.left
    first, second = key.sign(DIGEST), key.sign(DIGEST)
    assert leaf(second) == leaf(first) + 1 and HssKey.find(made).left == left - 2
    assert len(first) == 2512 and len(key.public) == 60
    for signature in (first, second):
        assert verify(key.public, DIGEST, signature)
        assert not verify(key.public, bytes(32), signature)
    assert not verify(key.public, DIGEST, first[:-1]) and not verify(key.public, DIGEST, b"")
    assert not verify(key.public[:-1], DIGEST, first)
    assert (made / FILE).stat().st_mode & 0o777 == 0o600


def test_there_is_one_key_a_home(made, tmp_path):
    assert HssKey.find(tmp_path) is None
    public = HssKey.find(made).public
    with pytest.raises(Usage, match="exists already"):
        HssKey.make(made)
    assert HssKey.find(made).public == public


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_nothing_is_signed_unless_the_number_is_on_disk(made, monkeypatch, where):
    key = HssKey.find(made)
    left = key.left

    def fail(*_):
        raise OSError(5, "input/output error")

    monkeypatch.setattr(*((os, "fsync") if where == "fsync" else (hss.Path, "replace")), fail)
    with pytest.raises(OSError):
        key.sign(DIGEST)
    monkeypatch.undo()
    assert key.left == left


def test_a_crash_after_the_number_is_on_disk_costs_it(made, monkeypatch):
    key = HssKey.find(made)
    left = key.left

    class Crash(BaseException):
        pass

    class Library:
        lms_sha256_m32_h10 = lmots_sha256_n32_w4 = b""

        def LmsPrivateKey(self, *_):  # noqa: N802  the library's name
            raise Crash

    monkeypatch.setattr(hss, "_library", Library)
    with pytest.raises(Crash):
        key.sign(DIGEST)
    monkeypatch.undo()
    assert key.left == left - 1
    assert leaf(key.sign(DIGEST)) == hss.LEAVES - left + 1


def test_no_number_comes_twice_however_often_it_is_killed(made):
    chance, seen = random.Random("hss"), []
    for _ in range(6):
        process = signer(made, 100)
        seen.append(process.stdout.readline().strip())
        time.sleep(2 * chance.random())
        process.send_signal(signal.SIGKILL)
        seen += process.communicate()[0].split()
    assert len(set(seen)) == len(seen) >= 6 and "" not in seen
    assert leaf(HssKey.find(made).sign(DIGEST)) > max(int(one, 16) for one in seen)


def test_no_number_comes_twice_when_two_sign_at_once(made):
    both = [signer(made, 2) for _ in range(2)]
    seen = [one for process in both for one in process.communicate()[0].split()]
    assert len(seen) == len(set(seen)) == 4


def test_a_key_that_is_used_up_signs_nothing(tmp_path, made):
    kept = json.loads((made / FILE).read_text())
    put(tmp_path, json.dumps(kept | {"next": hss.LEAVES}))
    key = HssKey.find(tmp_path)
    assert key.left == 0
    with pytest.raises(Usage, match="used up"):
        key.sign(DIGEST)


@pytest.mark.skipif(os.name != "posix", reason="this platform has no file modes")
def test_a_key_that_others_may_read_is_refused(tmp_path, made):
    put(tmp_path, (made / FILE).read_text())
    assert HssKey.find(tmp_path)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(BadKeyFile, match="mode 0640") as caught:
        HssKey.find(tmp_path)
    assert "chmod 600" in caught.value.remedy


def test_a_damaged_file_is_no_key(tmp_path):
    for text in ("", "{}", '{"format": 2}', '{"format": 1, "next": 0}', "[]"):
        put(tmp_path, text)
        with pytest.raises(BadKeyFile, match="cannot be read"):
            HssKey.find(tmp_path)


@pytest.mark.parametrize("name", ["public", "identifier", "seed", "next"])
@pytest.mark.parametrize("value", ["not hex", None, -1])
def test_a_file_with_a_damaged_value_is_no_key(tmp_path, made, name, value):
    kept = json.loads((made / FILE).read_text())
    put(tmp_path, json.dumps(kept | {name: value}))
    with pytest.raises(BadKeyFile, match="cannot be read") as caught:
        HssKey.find(tmp_path)
    assert caught.value.remedy
