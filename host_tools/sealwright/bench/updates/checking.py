"""What the host refuses an update for before it signs or sends anything: a refusal costs no one-time key, and says more
than a device can. The device checks all of it again.
"""

from ...errors import RefusedByDevice, Rejected, Usage
from ...link import Info
from ...wire.keys import PublicKey
from .firmware_bundle import FirmwareBundle
from .hss import FILE


def check_state(info: Info) -> None:
    """Raises RefusedByDevice where the device takes no updates at all."""
    if not info.provisioned:
        remedy = "Provision it first: only its owner can update it."
        raise RefusedByDevice(f"the device is {info.state}", remedy=remedy, code=f"device_{info.state}")
    if "slot" not in info.raw:
        remedy = "Flash another image: this firmware cannot be replaced over the link."
        raise RefusedByDevice("the device has no firmware slots", remedy=remedy, code="unsupported")


def check_version(info: Info, model: str, version: int) -> None:
    """Whether the device can go on to `version` of the firmware for `model`. Raises RefusedByDevice, Usage."""
    check_state(info)
    if info.model != model:
        remedy = "Take the firmware for the device's own model."
        raise RefusedByDevice(f"the firmware is for {model}, and the device is {info.model}: nothing was sent",
                              remedy=remedy, code="other_board")  # fmt: skip
    runs = info.raw["version"]
    if info.raw["trial"]:
        remedy = "Wait until it has confirmed it or gone back; `sealwright info` shows which version runs."
        raise RefusedByDevice(f"the device has version {runs} on trial", remedy=remedy, code="on_trial")
    if version <= runs:
        remedy = f"A device's version only rises: sign it as version {runs + 1} or above."
        raise Usage(f"version {version} is not above {runs}", remedy=remedy, code="old_version")


def check_arch(info: Info, arch: str) -> None:
    """Whether the device runs code for `arch`, "" being none: an emulated board may stand for another chip than it is.
    Raises RefusedByDevice."""
    runs = info.raw.get("arch", arch)
    if runs != arch:
        why = f"the firmware has {arch or 'no'} code, and the device's MicroPython runs {runs or 'none'}"
        remedy = "Leave out --bundle, in its owner's home: `sealwright update` compiles for the MicroPython it finds."
        raise RefusedByDevice(f"{why}: nothing was sent", remedy=remedy, code="wrong_architecture")


def check_lock(info: Info, there: bool, where: str) -> None:
    """Whether the second lock the device asks for is `there`. where: what ought to have it. Raises Usage."""
    if info.raw.get("hss") and not there:
        remedy = (
            f"Sign it in the home that has {FILE}, the key the device was given: `sealwright firmware key` shows a "
            f"home's. Where {FILE} was moved away put it back, but never from a backup; a new key is of no use here."
        )
        why = f"the device takes no update without a hash-based signature, and {where}"
        raise Usage(why, remedy=remedy, code="lock_missing")


def check_bundle(info: Info, bundle: FirmwareBundle, owner: PublicKey | None, lock_key: bytes | None) -> bool:
    """Whether there is anything to do for a whole and properly signed bundle: False where its version runs or is on
    trial already.

    owner, lock_key: see `update`. Raises RefusedByDevice, Usage, and Rejected with its first fault's code.
    """
    said = bundle.message.body
    check_state(info)
    again = said.version == info.raw["version"] != 0
    if not again or info.model != said.model:
        check_version(info, said.model, said.version)
    check_arch(info, said.arch)
    check_lock(info, bundle.lock is not None, "the bundle has none")
    fault = next(bundle.faults(owner, lock_key if info.raw.get("hss") else None), None)
    if fault is not None:
        remedy = "Transfer it again, or pack it anew in its owner's home; `sealwright firmware show` tells all faults."
        raise Rejected(f"the bundle does not hold: {fault.why}", remedy=remedy, code=fault.code)
    return not again
