"""Nothing is burned for an image that a sealed board would not start."""

import stat

import pytest
from sealwright import SealwrightError
from sealwright.bench.hardening import make_signing_key, sign_image
from sealwright.home import Home

from tests.host_tools.bench.flashing.kinds import esp
from tests.host_tools.bench.hardening.builds import BOARDS, Build, table

pytest.importorskip("esptool")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home.init(tmp_path_factory.mktemp("makers") / "home", "net")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    made = Home.init(tmp_path_factory.mktemp("others") / "home", "net")
    make_signing_key(made.hardenings)
    return made


@pytest.fixture(params=BOARDS)
def build(request, tmp_path, home):
    return Build(tmp_path / "build", request.param, home)


def refused(build, **other):
    before = build.state()
    with pytest.raises(SealwrightError) as error:
        build.run(**other)
    assert build.state() == before
    assert build.home.hardenings.find(mac_of(build)) is None
    return error.value.code


def mac_of(build):
    with build.job().chip() as chip:
        return chip.mac


@pytest.mark.parametrize("which", ["boot_loader", "app"])
def test_an_image_that_is_not_signed_by_this_home(build, stranger, which):
    plain = build.folder / ("boot-plain.bin" if which == "boot_loader" else "app-plain.bin")
    assert refused(build, **{which: plain}) == "not_signed"
    foreign = build.folder / "foreign.bin"
    sign_image(stranger.hardenings, plain, foreign)
    assert refused(build, **{which: foreign}) == "not_signed"


@pytest.mark.parametrize("which", ["boot_loader", "app"])
def test_an_image_that_was_changed_after_it_was_signed(build, which):
    path = build.folder / ("boot.bin" if which == "boot_loader" else "app.bin")
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    changed = build.folder / "changed.bin"
    changed.write_bytes(data)
    assert refused(build, **{which: changed}) == "not_signed"


def test_an_image_for_another_chip(build):
    other = build.folder / "other.bin"
    plain = build.folder / "plain.bin"
    plain.write_bytes(esp(12, 20_000))
    sign_image(build.home.hardenings, plain, other)
    assert refused(build, app=other) == "wrong_image"


def test_a_boot_loader_that_reaches_into_the_table(build):
    plain, signed = build.folder / "plain.bin", build.folder / "long.bin"
    numbers = {"esp32": 0, "esp32_s3": 9, "esp32_c3": 5}
    plain.write_bytes(esp(numbers[build.board], 64 * 1024))
    sign_image(build.home.hardenings, plain, signed)
    assert refused(build, boot_loader=signed) == "too_large"


def test_another_partition_table(build):
    path = build.folder / "other-table.bin"
    data = bytearray(table(build.board))
    data[28] ^= 1  # a flag: whether the first partition is encrypted
    path.write_bytes(data)
    assert refused(build, table=path) == "wrong_table"
    path.write_bytes(b"\xff" * 0xC00)
    assert refused(build, table=path) == "wrong_table"


def test_a_board_that_cannot_be_sealed(tmp_path, home):
    from sealwright import targets
    from sealwright.bench.hardening import Files, Job

    job = Job(targets.find("pico"), None, tmp_path / "f", Files(tmp_path, tmp_path, tmp_path))
    with pytest.raises(SealwrightError) as error, job.chip():
        pass
    assert error.value.code == "cannot_harden"


def test_keys_are_encrypted_where_the_home_has_a_passphrase(tmp_path):
    home = Home.init(tmp_path / "home", "net", b"a passphrase")
    build = Build(tmp_path / "build", "esp32_c3", home)
    mac = build.run().mac
    for path in (home.folder / "signing.key", home.folder / "hardened" / f"{mac}.key"):
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SealwrightError) as error:
        Home.open(home.folder, b"another").hardenings.secret(mac)
    assert error.value.code == "passphrase_wrong"
    with pytest.raises(SealwrightError) as error:
        Home.open(home.folder).hardenings.secret(mac)
    assert error.value.code == "passphrase_missing"


def test_a_key_that_others_may_read_is_refused(build):
    mac = build.run().mac
    (build.home.folder / "hardened" / f"{mac}.key").chmod(0o644)
    with pytest.raises(SealwrightError) as error:
        build.home.hardenings.secret(mac)
    assert error.value.code == "lax_mode"
