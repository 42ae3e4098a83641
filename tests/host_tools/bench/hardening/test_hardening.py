"""Sealing chips whose fuses are a file: whole, cut at every step, begun by others. espefuse is the real one."""

import io
import os
import stat

import pytest
from sealwright.bench.hardening import Hardening
from sealwright.bench.hardening.chip import Chip, virtual_chip
from sealwright.bench.hardening.fuses import FIELD, KEY, READ_PROTECT, WRITE_PROTECT
from sealwright.home import Home

from tests.host_tools.bench.hardening.builds import BOARDS, Build

pytest.importorskip("esptool")

CUT = [(board, after_note) for board in BOARDS for after_note in (False, True)]
if not os.environ.get("SEALWRIGHT_KILLS"):  # the others by `make kills`
    CUT = [(board, bool(n % 2)) for n, board in enumerate(BOARDS)]


class Cut(Exception):
    """Power, or the process, is gone."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home.init(tmp_path_factory.mktemp("makers") / "home", "net")


@pytest.fixture(params=BOARDS)
def build(request, tmp_path, home):
    return Build(tmp_path / "build", request.param, home)


def check_final(build, before, record):
    """The fuses are those of before, but for what the plan lists."""
    plan, after = build.job().plan, build.state()
    expected = dict(before)
    digest = bytes.fromhex(record.digest)
    with build.job().chip() as chip:
        for step in plan.steps:
            covered = [step.fuse, *(chip.sharing(step) if step.act in (READ_PROTECT, WRITE_PROTECT) else ())]
            for name in covered:
                value, readable, writeable = expected[name]
                if step.act == FIELD:
                    value = type(value)(step.value)
                elif step.act == KEY and step.key == "digest":
                    value = digest.hex(" ")
                elif step.act == READ_PROTECT:
                    value, readable = "00 " * 31 + "00", False
                elif step.act == WRITE_PROTECT:
                    writeable = False
                expected[name] = value, readable, writeable
    for register in ("WR_DIS", "RD_DIS"):  # what protections are bits of
        expected[register] = (after[register][0], *expected[register][1:])
    assert after == expected


def test_the_fuses_afterwards_are_those_of_the_plan_and_no_others(build):
    before, told = build.state(), []
    record = build.run(lambda step, number: told.append(step.name))
    steps = [step.name for step in build.job().plan.steps]
    assert told == list(record.burned) == steps
    assert len(set(steps)) == len(steps)
    assert record.done
    check_final(build, before, record)
    again = build.state()
    assert build.run().burned == record.burned
    assert build.state() == again


@pytest.mark.long
@pytest.mark.parametrize(("build", "after_note"), CUT, indirect=["build"])
def test_a_run_that_is_cut_at_any_step_goes_on(build, monkeypatch, after_note):
    """Cut between a burn and its note in the record, and after the note: one run a step, to the end."""
    before, steps = build.state(), build.job().plan.steps
    burned = []
    burn, note = Chip.burn, Hardening._note

    def counted(self, step, data=b""):
        burn(self, step, data)
        burned.append(step.name)

    def unnoted(self, record):
        if burned and burned[-1] in record.burned:
            raise Cut
        return note(self, record)

    def cut(step, number):
        raise Cut

    for number, step in enumerate(steps):
        with monkeypatch.context() as patch, pytest.raises(Cut):
            burned.clear()
            patch.setattr(Chip, "burn", counted)
            if not after_note:
                patch.setattr(Hardening, "_note", unnoted)
            build.run(cut)
        assert burned == [step.name], number
    record = build.run()
    assert record.burned == tuple(step.name for step in steps)
    check_final(build, before, record)


@pytest.mark.parametrize("when", ["make_secret", "write", "write_flash"])
def test_a_run_that_is_cut_before_the_first_fuse_goes_on(build, monkeypatch, when):
    before = build.state()
    with monkeypatch.context() as patch, pytest.raises(Cut):

        def cut(*arguments, **named):
            raise Cut

        if when == "write_flash":
            patch.setattr("sealwright.bench.hardening.chip._Virtual.write_flash", cut)
        else:
            patch.setattr(f"sealwright.home.hardened.Hardenings.{when}", cut)
        build.run()
    assert build.state() == before
    check_final(build, before, build.run())


def test_the_keys_are_on_disk_before_the_first_burn_and_never_shown(build, monkeypatch, capfd):
    mac = None
    burn = Chip.burn
    seen = []

    def watched(self, step, data=b""):
        path = build.home.folder / "hardened" / f"{self.mac}.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        secret = Home.open(build.home.folder).hardenings.secret(self.mac)
        if step.act == KEY and step.key != "digest":
            wanted = secret.key(step.key)
            assert data == (wanted[::-1] if step.reverse else wanted)
            seen.append(wanted)
        assert build.fuses.with_name("fuses.bin.flash").exists()
        burn(self, step, data)

    monkeypatch.setattr(Chip, "burn", watched)
    mac = build.run().mac
    assert len(set(seen)) == len(seen) >= 1
    out = "".join(capfd.readouterr())
    for secret in (*seen, build.home.hardenings.secret(mac).key("token")):
        for text in (secret.hex(), secret[::-1].hex(), secret.hex(" "), secret[::-1].hex(" ")):
            assert text not in out
            assert text not in (build.home.folder / "hardened" / f"{mac}.json").read_text()


def test_the_flash_holds_the_images_under_the_chips_own_key(build):
    import espsecure
    from sealwright.bench.hardening.images import load_images

    job, record = build.job(), build.run()
    secret = build.home.hardenings.secret(record.mac)
    flash = build.fuses.with_name("fuses.bin.flash").read_bytes()
    images = load_images(job.plan, job.board, build.home.hardenings, job.files)

    def plain(offset, size):
        out = io.BytesIO()
        piece = io.BytesIO(flash[offset : offset + size])
        espsecure.decrypt_flash_data(io.BytesIO(secret.key("flash")), out, offset, 0xF, job.plan.xts, piece)
        return out.getvalue()

    for _, offset, data in images.regions:
        assert plain(offset, len(data)) == data != flash[offset : offset + len(data)]
    token = plain(images.token_offset, 48)
    assert token[:46] == b"SEALTOKN" + bytes.fromhex(record.mac) + secret.key("token")
    assert job.files.boot_loader.read_bytes() == images.regions[0][2]


def test_a_key_lies_in_its_block_as_espefuse_itself_burns_it(build, tmp_path):
    """The order of a key's bytes is what espefuse's own burn-key makes it, for each block."""
    plan, key = build.job().plan, bytes(range(1, 33))
    purposes = {step.fuse: step.value for step in plan.steps if step.act == FIELD}
    for step in (one for one in plan.steps if one.act == KEY):
        with virtual_chip(tmp_path / f"ours-{step.fuse}", plan) as ours:
            ours.burn(step, key[::-1] if step.reverse else key)
            mine = ours.block(step.fuse)
        with virtual_chip(tmp_path / f"theirs-{step.fuse}", plan) as theirs:
            commands = theirs._commands
            if plan.chip == "esp32":
                name = {"flash": "flash_encryption", "digest": "secure_boot_v2"}[step.key]
                commands.burn_key([name], [io.BytesIO(key)], no_protect_key=True)
            else:
                purpose = purposes[step.fuse.replace("BLOCK_KEY", "KEY_PURPOSE_")]
                none = {"no_write_protect": True, "no_read_protect": True}
                commands.burn_key([step.fuse], [io.BytesIO(key)], [purpose], **none)
            assert theirs.block(step.fuse) == mine
