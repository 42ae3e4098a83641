"""A provisioned Pico that is switched off and on again with what its flash holds: see `cuts`."""

from pathlib import Path
from typing import Any

from tests.pico.rig import Pico
from tests.pico.whole import BOOT, ROOT, Whole, files_of, noisy  # it puts the device's code on the path

from rig import NOW  # isort: skip
from seal import channel, cose, labels, rpc  # isort: skip
from seal.records import OWNER_SEQ  # isort: skip

FLASH_BYTES = 2 << 20
LOAD, _, START = BOOT.partition("this = device")

# by number: the guest's modules have no constants
SHOW = f"""
from seal import channel
def show():
    for _, record in this.payee.records():
        print("payee", record[{channel.DIGEST}].hex(), this.payee.paid(record[{channel.DIGEST}]), 0, "")
    for _, record in this.payer.records():
        digest = ""
        if record[{channel.SEQ}]:
            digest = this.payer.sign_last(channel.terms(record[{channel.OPEN}]))[1].hex()
        print("payer", record[{channel.DIGEST}].hex(), record[{channel.AMOUNT}], record[{channel.SEQ}], digest)
    print("spent", this.payer.spent.today("nEUR"), this.state, this.log.seq, this.owner_record()[{OWNER_SEQ}])
show()
"""


class Machine(Whole):
    """A provisioned Pico, and another that has loaded the firmware's code, for its next start."""

    def __init__(self, uf2: Path, board: Path = ROOT / "boards" / "pico") -> None:
        super().__init__(uf2, board)
        self._next = noisy(Pico(uf2))
        self._next.mount(files_of(board))
        self._next.run(LOAD)
        self.seq = 0

    def restart(self) -> None:
        """Begin anew with what the flash holds; the owner sets its clock."""
        flash = bytes(self.pico.mcu.flash[:FLASH_BYTES])
        self.pico = self._next
        self.pico.run("import os, rp2\nos.umount('/')")
        self.pico.mcu.flash[:FLASH_BYTES] = flash
        self.run("os.mount(os.VfsLfs2(rp2.Flash(), progsize=256), '/')\nthis = device" + START)
        status = self.ask("status", rpc.INFO, bytes(32))["status"]
        self.tell("clock", NOW, {labels.COMMAND_STATUS: cose.digest_of(status)})

    def tell(self, op: str, value: object, ends: dict[int, Any] | None = None) -> None:
        """An owner's command. ends: the claim by which it ends."""
        self.seq += 1
        claims = {1: self.device_id, 2: self.seq, 3: op, 4: value}
        claims.update(ends or {labels.COMMAND_NOT_AFTER: NOW + 10**6})
        self.ask("owner's command", rpc.COMMAND, self.issuer.owner.sign(labels.COMMAND, claims)[0])

    def shown(self) -> tuple[dict[tuple[str, bytes], tuple[int, int, str]], list[int]]:
        """({(role, channel): (amount, seq, digest of the last voucher)}, [spent today, state, seq of readings and of
        commands])."""
        found, rest = {}, []
        for line in self.pico.run(SHOW).splitlines():
            words = line.split(" ")
            if words[0] == "spent":
                rest = [int(word) for word in words[1:]]
            else:
                found[words[0], bytes.fromhex(words[1])] = int(words[2]), int(words[3]), words[4]
        return found, rest
