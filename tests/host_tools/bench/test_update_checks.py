"""What the host refuses an update for, by what the device says of itself."""

import hashlib

import pytest
from sealwright.bench.updates import FirmwareBundle
from sealwright.bench.updates.checking import check_arch, check_lock, check_version
from sealwright.bench.updates.paths import bad_paths
from sealwright.errors import SealwrightError
from sealwright.link import Info
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import Firmware, FirmwareFile, sign_message


def info(state="provisioned", **raw):
    return Info(state, "model", "0.1.0", 0, None, {"slot": "a", "version": 9, "trial": False, **raw})


@pytest.mark.parametrize(
    ("runs", "model", "version", "code", "words"),
    [
        (info(), "other", 10, "other_board", "for other, and the device is model"),
        (info(), "model", 9, "old_version", "version 9 is not above 9"),
        (info(), "model", 3, "old_version", "version 3 is not above 9"),
        (info(trial=True), "model", 10, "on_trial", "version 9 on trial"),
        (info("blank"), "model", 10, "device_blank", "is blank"),
    ],
)
def test_what_is_refused(runs, model, version, code, words):
    with pytest.raises(SealwrightError, match=words) as caught:
        check_version(runs, model, version)
    assert caught.value.code == code and caught.value.remedy


@pytest.mark.parametrize(("runs", "words"), [("x64", "runs x64: nothing"), ("", "runs none: nothing")])
def test_code_for_another_interpreter_is_refused(runs, words):
    with pytest.raises(SealwrightError, match=words) as caught:
        check_arch(info(arch=runs), "xtensawin")
    assert caught.value.code == "wrong_architecture" and "--bundle" in caught.value.remedy
    check_arch(info(arch=runs), runs)
    check_arch(info(), "xtensawin")  # firmware that did not tell yet: the device will


def test_what_is_not():
    check_version(info(), "model", 10)
    check_lock(info(), False, "there is none")
    check_lock(info(hss=True), True, "there is none")
    with pytest.raises(SealwrightError, match="there is none") as caught:
        check_lock(info(hss=True), False, "there is none")
    assert caught.value.code == "lock_missing" and "update.hss" in caught.value.remedy


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["manifest"], "own files"),
        (["manifest.new"], "own files"),
        (["incoming.new"], "own files"),
        (["incoming.sum"], "own files"),
        (["incoming/a.mpy"], "own files"),
        (["a", "a/b"], "'a' is both"),
        (["a/b", "a"], "'a' is both"),
        (["a/b/c", "b", "a/b"], "'a/b' is both"),
        (["a", "a"], "named twice"),
        (["../a"], "no path"),
        (["/a"], "no path"),
        (["a.mpy\n"], "no path"),
        (["a" * 65], "no path"),
    ],
)
def test_paths_that_no_device_stages(names, words):
    (why,) = bad_paths([FirmwareFile(name, 1, bytes(32)) for name in names])
    assert words in why


def test_paths_that_a_device_stages():
    names = ["manifests", "a/manifest.new", "ab", "a/b", "a/bc/d", "a" * 64]
    assert not list(bad_paths([FirmwareFile(name, 1 << 20, bytes(32)) for name in names]))
    assert list(bad_paths([FirmwareFile("a", (1 << 20) + 1, bytes(32))]))


def test_a_bundle_with_such_a_path_does_not_hold():
    owner, digest = PrivateKey.generate(), hashlib.sha256(b"x").digest()
    for names, faults in ((("a", "b"), []), (("a", "a/b"), ["bad_path"]), (("a", "manifest.new"), ["bad_path"])):
        files = tuple(FirmwareFile(name, 1, digest) for name in names)
        bundle = FirmwareBundle(sign_message(owner, Firmware("pico", 1, "1", "", files)), None, (b"x", b"x"))
        assert [fault.code for fault in bundle.faults(owner.public, None)] == faults
