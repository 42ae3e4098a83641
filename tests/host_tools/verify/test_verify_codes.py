"""Every code: a good bundle, changed in exactly one way, gives exactly that code where the fault is."""

import pytest
from sealwright.verify import OK, REMEDIES, Verifier
from sealwright.verify.channels import LEAST_WINDOW
from sealwright.verify.codes import LEDGER_CODES
from sealwright.wire.cbor import Tag
from sealwright.wire.messages import Command, sign_message

from tests.host_tools import world
from tests.host_tools.factory import NOW, Network, hash32
from tests.host_tools.verify.verify_faults import FAULTS, change
from tests.host_tools.world import NET, PAYER, TICKS, good, policy

TEST_NET = Network(model="emulated pico")


def codes(bundle, roots=(NET.root,), demands=None):
    """Name -> code of every message that is not ok."""
    verifier = Verifier(roots, policy() if demands is None else demands)
    result = {}
    for at, (name, message) in enumerate(bundle.items()):
        verdict = verifier.check(message if isinstance(message, bytes) else message.raw)
        assert verdict.n == at
        assert verdict.ok == (verdict.code == OK)
        if not verdict.ok:
            assert verdict.why.endswith(REMEDIES[verdict.code])
            assert verdict.signer is None
            result[name] = verdict.code
    return result


def test_the_good_bundle_is_good():
    assert codes(good()) == {}


CASES = [(code, at) for code, cases in FAULTS.items() for at in range(len(cases))]


@pytest.mark.parametrize("code,at", CASES)
def test_one_fault_has_its_code(code, at):
    bundle, expected = FAULTS[code][at]
    assert next(iter(expected.values())) == code or code == "unknown_signer"
    assert code in expected.values()
    assert codes(bundle) == expected


# the same bundle, checked by someone who demands or knows something else
DEVICES = ("reading 0", "reading 1", "reading 2", "open", "first", "locked", "ticking", "third", "proof")
MADE = ("made 0", "made 1")
OF_PAYEE = ("receipt", "close")
DEMANDS = {
    "expired_certificate": (
        {"at": NOW + 10},
        dict.fromkeys(("payer", *DEVICES, "grant"), "expired_certificate")
        | dict.fromkeys((*OF_PAYEE, "funding"), "unknown_channel"),
    ),
    "wrong_network": (
        {"network": hash32("another")},
        dict.fromkeys(
            ("root", "issuer", "payer", "payee", "ledger", *DEVICES, *OF_PAYEE, "grant", *MADE, "funding"),
            "wrong_network",
        ),
    ),
    "bad_tick": ({"ticks": {TICKS.root: (2, world.TICK)}}, {"ticking": "bad_tick"}),
    "lock_missing": ({"secrets": (b"another",)}, {"locked": "lock_missing"}),
    "unknown_signer": ({"owners": ()}, {"command": "unknown_signer"}),
    "not_yet_valid": ({"at": NOW - 1}, {"first": "not_yet_valid"}),
    "expired": ({"at": NOW + 1}, {"first": "expired"}),
}


@pytest.mark.parametrize("code", DEMANDS)
def test_one_other_demand_has_its_code(code):
    changed, expected = DEMANDS[code]
    assert codes(good(), demands=policy(**changed)) == expected


def test_an_expired_channel_expires_its_vouchers_and_keeps_its_receipts():
    net = Network()
    payer, payee = net.device("payer"), net.device("payee")
    channel = payer.open(payee)
    voucher = payer.voucher(channel, 1)
    bundle = {
        "payer": payer.certificate,
        "payee": payee.certificate,
        "open": channel,
        "voucher": voucher,
        "receipt": payee.receipt(voucher),
        "close": payer.close(channel),
    }
    ends = channel.body.expires + LEAST_WINDOW
    assert codes(bundle, [net.root], policy(at=ends - 1)) == {}
    assert codes(bundle, [net.root], policy(at=ends)) == dict.fromkeys(("open", "voucher", "close"), "expired")


def test_a_root_for_emulated_machines_has_its_code():
    device = TEST_NET.device()
    bundle = {
        "root": TEST_NET.root,
        "device": device.certificate,
        "reading": device.reading(),
        "grant": TEST_NET.grant(device),
    }
    demands = {"network": TEST_NET.id}
    expected = dict.fromkeys(bundle, "test_root")
    assert codes(bundle, [TEST_NET.root], policy(**demands)) == expected
    assert codes(bundle, [TEST_NET.root], policy(**demands, allow_test=True)) == {}


def test_every_code_is_made_here():
    of_receipts = {"bad_receipt"}  # of a log: see tests/host_tools/ledger/test_checkpoints.py
    assert set(FAULTS) | {"test_root"} | of_receipts == set(REMEDIES) - LEDGER_CODES


def test_every_code_has_its_own_remedy():
    assert len(set(REMEDIES.values())) == len(REMEDIES)
    assert all(text.endswith(".") and len(text) > 20 for text in REMEDIES.values())


def test_a_command_may_say_anything_if_its_owner_signed():
    odd = sign_message(world.OWNER.key, Command(PAYER.id, 9, "sing", {"a": [None, Tag(4, "x")]}))
    assert codes(change(command=odd)) == {}
