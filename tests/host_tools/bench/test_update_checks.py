"""What the host refuses an update for, by what the device says of itself."""

import pytest
from sealwright.bench.updates.checking import check_arch, check_lock, check_version
from sealwright.errors import SealwrightError
from sealwright.link import Info


def info(state="provisioned", **raw):
    return Info(state, "model", "0.1.0", 0, None, {"slot": "a", "version": 9, "trial": False, **raw})


@pytest.mark.parametrize(
    ("told", "model", "version", "code", "words"),
    [
        (info(), "other", 10, "other_board", "for other, and the device is model"),
        (info(), "model", 9, "old_version", "version 9 is not above 9"),
        (info(), "model", 3, "old_version", "version 3 is not above 9"),
        (info(trial=True), "model", 10, "on_trial", "version 9 on trial"),
        (info("blank"), "model", 10, "device_blank", "is blank"),
    ],
)
def test_what_is_refused(told, model, version, code, words):
    with pytest.raises(SealwrightError, match=words) as caught:
        check_version(told, model, version)
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
