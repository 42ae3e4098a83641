"""Seal one chip for ever: what is left to do is read from the chip, so a run that was cut goes on where it ended.

Order: every key is on disk and read back from there; the images are checked, encrypted and on the flash; only then
comes the first fuse. After each burn the fuse is read back and noted in the chip's record. A chip whose fuses are not
the beginning of the plan, with this home's keys in them, is refused with the name of the fuse: nothing is burned into
what somebody else began.

A block that is protected against reading cannot be compared any more. That its key is this home's is known because the
record notes the burn, read back, before the protection is burned.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ...errors import RefusedByDevice, Usage
from ...home import Home
from ...home.hardened import HARDENED, Hardened, Secret
from ...targets import BoardKind
from ..flashing.esp import Advance, need_esptool
from ..flashing.flasher import refuse_provisioned
from .chip import Chip, chip_at, virtual_chip
from .fuses import DIGEST, FIELD, KEY, PLANS, READ_PROTECT, Plan, Step
from .images import Files, encrypt_all, load_images
from .signing import digest_of

Told = Callable[[Step, int], None]
_EMPTY: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Job:
    """What to seal. url: its port; virtual: or the file of its fuses. files: what it is to boot."""

    board: BoardKind
    url: str | None
    virtual: Path | None
    files: Files

    @property
    def plan(self) -> Plan:
        """The fuses of its chip. Raises Usage for a board whose chip has none here."""
        if self.board.flash not in PLANS:
            remedy = f"Boards that can be sealed have one of these chips: {', '.join(PLANS)}."
            raise Usage(f"{self.board.called} cannot be sealed here", remedy=remedy, code="cannot_harden")
        return PLANS[self.board.flash]

    @contextmanager
    def chip(self) -> Iterator[Chip]:
        """The chip. Raises Unreachable, RefusedByDevice, Usage."""
        need_esptool()
        if self.virtual is not None:
            with virtual_chip(self.virtual, self.plan) as chip:
                yield chip
        elif self.url is not None:
            refuse_provisioned(self.url)
            with chip_at(self.url, self.board) as chip:
                yield chip
        else:
            raise Usage("where is the board?", remedy="Give --device serial:PORT, or --virtual FILE to rehearse.")


class Hardening:
    """One chip, what is left to do on it, and the doing. Raises all that speaks against it when it is made; nothing is
    changed by then."""

    def __init__(self, home: Home, job: Job, chip: Chip) -> None:
        self._kept, self._job, self._chip, self.plan = home.hardenings, job, chip, job.plan
        self.mac = chip.mac
        self.images = load_images(self.plan, job.board, self._kept, job.files)
        self._digest = digest_of(self._kept)
        self.record = self._kept.find(self.mac)
        self._check_record()
        secret = self._kept.secret(self.mac) if self.record is not None else None
        self.done = self._count_done(secret)

    @property
    def left(self) -> tuple[Step, ...]:
        """The steps that are still to be burned, in order."""
        return self.plan.steps[self.done :]

    def sharing(self, step: Step) -> list[str]:
        """Other fuses that a protection covers too."""
        return [] if step.act in (FIELD, KEY) else self._chip.sharing(step)

    def run(self, told: Told, advance: Advance) -> Hardened:
        """Do all that is left; told(step, its number) after each burn. Returns the record of a sealed chip.

        Raises RefusedByDevice, Unreachable, Usage; then the same call goes on where it ended.
        """
        with self._kept.hold(self.mac):
            record = self._begin()
            secret = self._kept.make_secret(self.mac)  # on disk, and read back from there
            if not record.flashed:
                self._chip.write_flash(encrypt_all(self.plan, self.images, self.mac, secret), advance)
                record = self._note(replace(record, flashed=True))
            for number, step in enumerate(self.plan.steps):
                if number >= self.done:
                    self._burn(step, secret)
                if step.name not in record.burned:  # a cut after a burn and before its note is mended here
                    record = self._note(replace(record, burned=(*record.burned, step.name)))
                if number >= self.done:
                    told(step, number)
            return self._note(replace(record, state=HARDENED))

    def _begin(self) -> Hardened:
        if self.record is not None:
            return self.record
        job, digest = self._job, self._digest.hex()
        made = Hardened(self.mac, self.plan.chip, job.board.name, self._chip.virtual, digest, self.images.digests)
        self._kept.make_secret(self.mac)  # before the record, which says that there is one
        return self._note(made)

    def _note(self, record: Hardened) -> Hardened:
        noted = replace(record, changed_at=int(time.time()))
        self._kept.write(noted)
        return noted

    def _burn(self, step: Step, secret: Secret) -> None:
        self._chip.burn(step, self._data(step, secret))
        if not self._is_done(step, secret):
            remedy = "Run it again; if it stays so, the chip is damaged."
            raise RefusedByDevice(f"{step.name} was burned, and does not read back", remedy=remedy, code="not_burned")

    def _data(self, step: Step, secret: Secret | None) -> bytes:
        """The bytes of a key step, as they are burned."""
        if step.act != KEY:
            return b""
        ours = self._digest if secret is None or step.key == DIGEST else secret.key(step.key)
        data = _EMPTY if secret is None and step.key != DIGEST else ours
        return data[::-1] if step.reverse else data

    def _check_record(self) -> None:
        """A chip that was begun goes on with what it was begun with."""
        chip, record = self._chip, self.record
        if chip.revision < self.plan.least_revision:
            have, need = (f"v{one // 100}.{one % 100}" for one in (chip.revision, self.plan.least_revision))
            why = f"the chip is {have}; secure boot v2 with flash encryption needs {need}"
            raise RefusedByDevice(why, remedy="Take a board with a newer chip.", code="old_chip")
        for fuse, wanted in self.plan.clear:
            if chip.value(fuse) != wanted:
                raise _foreign(fuse, f"it is {chip.value(fuse)}, not {wanted}")
        if record is None:
            return
        if (record.chip, record.virtual) != (self.plan.chip, chip.virtual):
            why = f"this home's record of {self.mac} is of another chip, or a rehearsal's"
            raise Usage(why, remedy="Name the board and the port it was begun at.", code="other_chip")
        if record.digest != self._digest.hex() or (record.flashed and record.images != self.images.digests):
            remedy = "Give the files it was begun with: those are on its flash, and their key's digest is burned."
            raise Usage(f"{self.mac} was begun with other images", remedy=remedy, code="other_images")

    def _count_done(self, secret: Secret | None) -> int:
        """How many steps are burned: they must be the first ones. Raises RefusedByDevice for any other state."""
        states = [self._is_done(step, secret) for step in self.plan.steps]
        done = states.index(False) if False in states else len(states)
        for number, step in enumerate(self.plan.steps):
            if states[number] and number >= done:
                raise _foreign(step.fuse, f"{step.name} is burned, and {self.plan.steps[done].name} is not")
            if number > done and step.act == FIELD and self._chip.value(step.fuse) not in (0, "USER", step.value):
                raise _foreign(step.fuse, f"it is {self._chip.value(step.fuse)} before its turn")
            if not states[number] and not self._is_open(step):
                raise _foreign(step.fuse, f"{step.name} can no longer be burned")
        if done and self.record is None:
            raise _foreign(self.plan.steps[0].fuse, "this home has no record of the chip")
        if done and self.record is not None and not self.record.flashed:
            raise _foreign(self.plan.steps[0].fuse, "this home had not yet written the flash")
        return done

    def _is_done(self, step: Step, secret: Secret | None) -> bool:
        """Whether a step is burned. Raises RefusedByDevice for a value that is neither the factory's nor ours."""
        chip = self._chip
        if step.act == KEY:
            if not chip.readable(step.fuse):
                if self.record is not None and step.name in self.record.burned:
                    return True
                raise _foreign(step.fuse, "it cannot be read, and this home did not burn it")
            return self._has_key(step, secret)
        if step.act == FIELD:
            found = chip.value(step.fuse)
            if found == step.value:
                return True
            if found in (0, "USER"):
                return False
            if isinstance(found, int) and isinstance(step.value, int) and not found & ~step.value:
                return False  # some of its bits: power failed while they were burned
            raise _foreign(step.fuse, f"it is {found}, not {step.value}")
        return not (chip.readable(step.fuse) if step.act == READ_PROTECT else chip.writeable(step.fuse))

    def _has_key(self, step: Step, secret: Secret | None) -> bool:
        found = self._chip.block(step.fuse)
        if found == _EMPTY:
            return False
        if found != self._data(step, secret):
            raise _foreign(step.fuse, "it has a key that this home did not burn")
        return True

    def _is_open(self, step: Step) -> bool:
        """Whether a step that is not burned still can be."""
        lock = step.fuse if step.act in (FIELD, KEY) else "RD_DIS" if step.act == READ_PROTECT else "WR_DIS"
        return self._chip.writeable(lock)


def _foreign(fuse: str, why: str) -> RefusedByDevice:
    remedy = "Nothing was burned. Take a board that is as its maker made it, or the home that began this one."
    return RefusedByDevice(f"{fuse}: {why}", remedy=remedy, code="foreign_fuses")
