"""What a device's numeric error codes mean: names for programs, causes and remedies for people."""

from typing import Final, NamedTuple

from ..errors import RefusedByDevice


class Meaning(NamedTuple):
    """A code's name, what it says and what to do."""

    name: str
    cause: str
    remedy: str


_LOG = "Look at the device's console or its log, and report it if it comes again."

NO_MEMORY: Final = 34

CODES = {
    1: Meaning("malformed", "it found the request malformed", "Use a Sealwright that fits the device's firmware."),
    2: Meaning("not_deterministic", "the request was not in deterministic form", _LOG),
    3: Meaning("wrong_type", "the message was of another type than it wanted", _LOG),
    4: Meaning("bad_key", "a key is no point on P-256, or its key slot is empty", _LOG),
    5: Meaning("bad_signature", "the signature is not by the key it expects", "Sign with the device's owner key."),
    6: Meaning("bad_certificate", "the certificate chain does not lead to its network's root", "Check the issuer."),
    7: Meaning("refused", "its state does not allow this", "See its state with `sealwright info`."),
    8: Meaning("policy", "its owner's policy forbids this", "Change the policy with `sealwright owner policy`."),
    9: Meaning(
        "state_damaged",
        "its stored state is damaged: it stays locked",
        "Collect what it still gives, then erase and provision it anew.",
    ),
    10: Meaning("entropy_failed", "no entropy source passed its tests", "Do not use this board for keys."),
    11: Meaning("fault", "a self-check failed; nothing was released", "Run `sealwright selftest`."),
    12: Meaning("storage_full", "its flash is full", "Collect with --ack, so that it can prune."),
    13: Meaning("sensor_failed", "a sensor failed", "Check the wiring; `sealwright selftest` names the sensor."),
    14: Meaning("unknown_channel", "it knows no such channel", "Collect again for the channels it has."),
    15: Meaning("not_a_party", "the message is for another device", "Check the device's URL."),
    16: Meaning("replay", "the number was used before", "Try again: a fresh number is taken."),
    17: Meaning("over_capacity", "the amount is over the channel's capacity", "Open a larger channel."),
    18: Meaning("amount_decreased", "the amount is lower than one before it", _LOG),
    19: Meaning("expired", "something has expired", "Check its clock with `sealwright info`."),
    20: Meaning("not_yet_valid", "something is not valid yet", "Check its clock with `sealwright info`."),
    21: Meaning("wrong_network", "it belongs to another network", "Use the home that provisioned it."),
    22: Meaning("unauthenticated", "the peer has not proved its certificate", _LOG),
    23: Meaning("unsupported", "its firmware does not have this", "Update the firmware."),
    24: Meaning("unreachable", "its peer did not answer", "Check the peer's address and that it runs."),
    25: Meaning(
        "unlimited", "the command has no end that the device can check", "Use a Sealwright that is not older than it."
    ),
    26: Meaning("revoked", "an issuer has taken back a certificate of its peer", "Trade with another device."),
    27: Meaning(
        "unfunded",
        "its channel is not funded by the ledger",
        "Settle the channel's open, and bring the device the ledger's funding.",
    ),
    28: Meaning(
        "equivocation",
        "its log has another reading with this number, or none: its flash was put back to an earlier state",
        "Collect it again without --ack for the proof. Nothing was forgotten.",
    ),
    29: Meaning(
        "rolled_back",
        "its flash was put back to an earlier state, and it pays nothing until its owner unlocks it",
        "Find out who had the board; then `sealwright owner unlock`.",
    ),
    30: Meaning(
        "no_meter",
        "none of its sensors counts in that unit",
        "Sell what one of its sensors measures as a whole number, such as J of an energy meter, or `reading`.",
    ),
    31: Meaning(
        "wrong_offer",
        "the seller sells something else, or nothing",
        "See what it sells with `sealwright info`, and order that with `sealwright pay`.",
    ),
    33: Meaning(
        "bad_tick",
        "the tick is not of the chain that its best voucher promises",
        "The payer goes on by a new voucher; collect both devices if it stays.",
    ),
    NO_MEMORY: Meaning(
        "no_memory",
        "it has no memory free for this now",
        "Try again in a moment; it trades meanwhile. If it stays so, reset the board.",
    ),
    40: Meaning("over_voucher_limit", "more than its policy allows for one voucher", "Raise the limit."),
    41: Meaning("over_day_limit", "more than its policy allows in a day", "Raise the limit or wait for tomorrow."),
    42: Meaning("not_a_payee", "the payee is not on its owner's list", "Add the payee to the policy."),
    43: Meaning("needs_button", "an amount this high wants the button pressed", "Press the board's button."),
    44: Meaning("policy_ended", "its policy has ended", "Give it a new one with `sealwright owner policy`."),
    45: Meaning("paused", "it is paused by its owner", "Resume with `sealwright owner resume`."),
    46: Meaning("no_asset", "its policy allows nothing in this asset", "Add the asset to the policy."),
    47: Meaning("clock_unset", "its clock is not set", "Set it with `sealwright owner clock`."),
    48: Meaning(
        "over_price", "the seller asks more for a unit than the order allows", "Order with a higher --max-price."
    ),
    49: Meaning(
        "over_rate",
        "the seller's meter counts faster than the order allows",
        "Check the seller's meter, or order with higher limits.",
    ),
    53: Meaning(
        "former_owner",
        "this home's owner has transferred it to another one",
        "Ask its new owner; `sealwright devices forget` takes it out of this home's register.",
    ),
    54: Meaning(
        "not_delegated",
        "the delegation does not name this operation, or only the owner may order it",
        "Ask its owner; `sealwright owner delegations` lists what this home may order.",
    ),
    55: Meaning(
        "delegation_ended",
        "the delegation has ended: its time has passed, the owner ended it, or the device has another owner",
        "Ask its owner for a new one.",
    ),
    64: Meaning(
        "element_silent",
        "the chip that keeps its keys does not answer",
        "Check the chip's wiring, then reset the board.",
    ),
    65: Meaning(
        "element_garbled", "what the chip that keeps its keys says arrives damaged", "Check the I2C bus for noise."
    ),
    66: Meaning("element_refused", "the chip that keeps its keys refused a command", _LOG),
    67: Meaning(
        "element_open",
        "the chip that keeps its keys is not locked yet",
        "`sealwright provision` says what would be locked for ever, and asks.",
    ),
    68: Meaning(
        "element_foreign",
        "the chip is another than that of its key, or is locked with a configuration that is not ours",
        "Put the right chip back; a new chip is for a new device.",
    ),
    255: Meaning("internal", "it failed in a way it did not foresee", _LOG),
}


def meaning(code: int) -> Meaning:
    """What `code` means, also for one that is newer than this program."""
    unknown = Meaning(f"device_code_{code}", f"it answered with code {code}", "Use a newer Sealwright.")
    return CODES.get(code, unknown)


def refusal(code: int, device: str) -> RefusedByDevice:
    """The error for a code that a device answered with. device: what the user calls it."""
    found = meaning(code)
    return RefusedByDevice(f"{device} refused: {found.cause}", remedy=found.remedy, code=found.name)
