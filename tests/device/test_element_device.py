"""A device whose keys are in a chip: provisioned through power cuts, wiped, and born again in the chip's next slot."""

from check import raises
from element_bus import Element
from rig import Board, Issuer, PowerCut, RamStore, policy
from seal.compat import finish
from seal.device import BLANK, DAMAGED, KEYED, PROVISIONED, WIPED, Device
from seal.errors import BadKey, ElementForeign
from seal.owner import Owner
from seal.provision import Provisioner
from seal.service import Service

NONCE = bytes(32)


def switched_on(element, store=None):
    """A device with this chip, after a reset. store: its flash."""
    if store is not None:
        element.store = store
    board = Board(element.store)
    board.keystore = element.restart()
    device = Device(board)
    device.load()
    return device


def provision(device, issuer):
    provisioner = Provisioner(device)
    provisioner.evidence(NONCE)
    provisioner.grant(issuer.grant(device.public, NONCE, policy()))


def test_provisioned_and_restarted():
    element, issuer = Element(), Issuer()
    device = switched_on(element)
    assert device.state == BLANK
    provision(device, issuer)
    assert device.state == PROVISIONED and device.board.keystore.custody == 2
    again = switched_on(element)
    assert again.state == PROVISIONED and again.device_id == device.device_id
    again.sample()


def test_provisioning_resumes_after_a_cut_at_every_write():
    issuer, cuts = Issuer(), 0
    while True:
        cuts += 1
        element = Element()
        device = switched_on(element)
        element.store.cut_after(cuts)
        try:
            provision(device, issuer)
            break
        except PowerCut:
            pass
        device = switched_on(element, RamStore(element.store.files))
        assert device.state in (BLANK, KEYED, PROVISIONED), cuts
        if device.state != PROVISIONED:
            provision(device, issuer)
        assert device.state == PROVISIONED
        device.sample()
    assert cuts > 6


def test_wiped_device_is_born_again_with_another_key():
    element, issuer = Element(), Issuer()
    device = switched_on(element)
    provision(device, issuer)
    first = device.device_id
    Owner(device).command(issuer.command(device, "wipe"))
    assert device.state == WIPED and switched_on(element).state == WIPED
    raises(BadKey, element.keys.sign, 0, NONCE)
    device = switched_on(element, RamStore())  # its flash is erased
    assert device.state == BLANK
    provision(device, issuer)
    assert device.state == PROVISIONED and device.device_id != first


def test_erased_flash_beside_a_chip_with_a_key_is_damage():
    element, issuer = Element(), Issuer()
    provision(switched_on(element), issuer)
    assert switched_on(element, RamStore()).state == DAMAGED


def test_another_chip_is_damage():
    element, issuer = Element(), Issuer()
    provision(switched_on(element), issuer)
    device = switched_on(Element(), element.store)
    assert device.state == DAMAGED and device.fault.code == ElementForeign.code


def test_selftest_names_the_chip():
    device = switched_on(Element())
    assert finish(Service(device).selftest(None))["element"] is True
