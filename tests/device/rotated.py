"""Devices whose keys are rotated, for tests."""

from seal.owner import Owner

NONCE = bytes(range(32))


def rotate(issuer, device):
    Owner(device).command(issuer.command(device, "rotate", NONCE))


def checked(device):
    """The device as a peer sees it, by its certificates and rotations."""
    return device.standing.check_peer(device.chain, device.rotations())
