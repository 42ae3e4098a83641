"""`sealwright update` and `sealwright firmware`: packed, checked offline, sent, confirmed; or refused with reasons."""

from dataclasses import replace

import pytest
from sealwright.bench.updates import FirmwareBundle, make
from sealwright.home import Home
from sealwright.targets.build import Build
from sealwright.targets.kinds import find_any
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import sign_message

from tests.cli.runner import gone_wrong

UPDATE = ("update", "--device", "emulated:station")


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    """A home with a device, and a bundle for it."""
    from tests.cli.runner import Cli

    cli = Cli(tmp_path_factory.mktemp("update") / "home")
    try:
        cli.ok("init", "--network", "test net")
        cli.provisioned("station")
        cli.bundle = cli.home.parent / "unix-3.firmware"
        cli.ok("firmware", "pack", cli.bundle, "--board", "unix", "--version", "3")
        yield cli
    finally:
        cli.kill_all()


@pytest.fixture
def locking(maker):
    """The same, for a test that makes the home's hash-based key: the others have none."""
    yield maker
    (maker.home / "update.hss").unlink(missing_ok=True)


def rewritten(cli, name, change):
    """The bundle, changed, under another name."""
    path = cli.home.parent / name
    bundle = FirmwareBundle.read(cli.bundle)
    change(bundle).write(path)
    return path


def test_what_was_packed_is_shown_to_be_good(maker):
    result = maker.ok("firmware", "show", maker.bundle, "--json").last
    assert (result["model"], result["version"], result["arch"], result["hss"]) == ("emulated-unix", 3, "x64", False)
    assert result["ok"] and result["faults"] == [] and result["files"] > 40
    paths = [file.path for file in FirmwareBundle.read(maker.bundle).message.body.files]
    assert paths == sorted(paths) and {"board.mpy", "wiring.mpy", "seal/app.mpy", "keystore/software.mpy"} <= {*paths}
    assert not {"main.py", "boot.py", "loader.mpy", "main.mpy"} & {*paths}


def test_what_is_wrong_with_a_bundle_is_told(maker, tmp_path):
    def flipped(bundle):
        first = bundle.contents[0]
        contents = (first[:-1] + bytes((first[-1] ^ 1,)), *bundle.contents[1:])
        return FirmwareBundle(bundle.message, bundle.lock, contents)

    def short(bundle):
        return FirmwareBundle(bundle.message, None, bundle.contents[:-1])

    for name, change, code in (("flipped", flipped, "bad_file"), ("short", short, "bad_file")):
        ran = maker("firmware", "show", rewritten(maker, name, change), "--json")
        assert ran.code == 1 and [fault.split(":")[0] for fault in ran.last["faults"]] == [code]
    stranger = tmp_path / "stranger"
    maker.here("init", "--home", stranger)
    ran = maker.here("firmware", "show", maker.bundle, "--home", stranger, "--json")
    assert ran.code == 1 and ran.last["faults"][0].startswith("bad_signature")
    for name, data in (("empty", b""), ("cut", maker.bundle.read_bytes()[:-3]), ("text", b"hello")):
        path = tmp_path / name
        path.write_bytes(data)
        assert maker("firmware", "show", path).code == 1, name
    assert maker("firmware", "show", tmp_path / "none").code == 2
    assert maker("firmware", "pack", tmp_path / "x", "--board", "toaster", "--version", "1").code == 2


def refused_before_it_is_sent(maker):
    """The device runs version 3, the bundle's, and nothing hides behind that."""

    def flipped(bundle):
        first = bundle.contents[0]
        return replace(bundle, contents=(first[:-1] + bytes((first[-1] ^ 1,)), *bundle.contents[1:]))

    def for_another(bundle):
        body = replace(bundle.message.body, model="pico")
        return replace(bundle, message=sign_message(Home.open(maker.home).key("owner"), body))

    def by_another(bundle):
        return replace(bundle, message=sign_message(PrivateKey.generate(), bundle.message.body))

    for name, change, exit_code, code, words in (
        ("flipped", flipped, 1, "bad_file", "is not the file"),
        ("other", for_another, 4, "other_board", "for pico, and the device is emulated-unix"),
        ("signed", by_another, 1, "bad_signature", "owner's key did not sign"),
    ):
        gone_wrong(maker(*UPDATE, "--bundle", rewritten(maker, name, change)), exit_code, code, words)


def test_a_device_is_updated_and_then_locked(locking):
    maker = locking
    first = maker.ok(*UPDATE, "--bundle", maker.bundle, "--json").last
    assert (first["version"], first["slot"], first["sent"]) == (3, "a", first["bytes"])
    assert maker.ok(*UPDATE, "--bundle", maker.bundle, "--json").last["sent"] == 0
    assert "it runs version 3 already; nothing was sent" in maker.ok(*UPDATE, "--bundle", maker.bundle).out
    old = maker.home.parent / "old.firmware"
    maker.ok("firmware", "pack", old, "--board", "unix", "--version", "2")
    gone_wrong(maker(*UPDATE, "--bundle", old), 2, "old_version", "version 2 is not above 3")
    gone_wrong(maker(*UPDATE, "--version", "3"), 2, "old_version", "version 3 is not above 3")
    refused_before_it_is_sent(maker)
    assert "slot a, version 3" in maker.ok("info", "--device", "emulated:station").out
    key = ("owner", "update-key", "--device", "emulated:station")
    assert maker(*key, "--yes").code == 2  # there is none
    made = maker.ok("firmware", "key", "--json").last
    assert made["made"] and made["left"] == 1024 and len(made["public"]) == 120
    assert not maker.ok("firmware", "key", "--json").last["made"]
    assert maker(*key).code == 2  # not confirmed
    maker.ok(*key, "--yes")
    assert maker(*key, "--yes").code == 4  # once
    result = maker("firmware", "show", maker.bundle, "--json")
    assert result.code == 1 and result.last["faults"][0].startswith("lock_missing")
    gone_wrong(maker(*UPDATE, "--bundle", maker.bundle), 2, "lock_missing", "and the bundle has none")
    hidden = (maker.home / "update.hss").rename(maker.home / "elsewhere")
    gone_wrong(maker(*UPDATE), 2, "lock_missing", "has no key for one")
    hidden.rename(maker.home / "update.hss")
    gone_wrong(maker(*UPDATE, "--version", "3"), 2, "old_version", "not above")
    gone_wrong(maker(*UPDATE, "--board", "pico"), 4, "other_board", "for rpi-pico, and the device is emulated-unix")
    assert maker.ok("firmware", "key", "--json").last["left"] == 1024, "a refusal spends no one-time key"
    second = maker.ok(*UPDATE, "--json").last
    assert (second["version"], second["slot"]) == (4, "b")
    assert maker.ok("firmware", "key", "--json").last["left"] == 1023
    assert "updates need a hash-based signature" in maker.ok("info", "--device", "emulated:station").out


def test_what_cannot_be_updated(maker):
    maker.board("blank")
    ran = maker("update", "--device", "emulated:blank", "--bundle", maker.bundle, "--json")
    assert (ran.code, ran.last["code"]) == (4, "device_blank")
    assert maker(*UPDATE, "--bundle", maker.bundle, "--version", "9").code == 2
    assert maker("update", "--device", "emulated:nobody").code == 2


def test_a_version_that_was_rolled_back_is_told(maker):
    maker.provisioned("unlucky")
    build = Build(find_any("unix"), "broken", {}, {"seal/__init__.mpy": b"no code at all"})
    path = maker.home.parent / "broken.firmware"
    make(Home.open(maker.home), build, 9).write(path)
    ran = maker("update", "--device", "emulated:unlucky", "--bundle", path, "--json")
    assert (ran.code, ran.last["ok"], ran.last["code"]) == (1, False, "rolled_back")
    result = maker.ok("info", "--device", "emulated:unlucky", "--json").last
    assert (result["state"], result["slot"], result["rolled_back"]) == ("provisioned", "factory", 9)
    assert "version 9 was rolled back" in maker.ok("info", "--device", "emulated:unlucky").out
