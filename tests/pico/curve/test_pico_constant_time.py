"""What is done with a secret takes the same number of the guest's cycles whatever the secret: counted, exactly.

A leaky comparison beside it shows that the count would tell. Verification is of public numbers and varies.
"""

import pytest

from tests.pico.rig import Pico

from .secrecy import FIELD, INVERSES, LEAKS, OTHERS, SCRIPT, SECRETS, WHOLE, N, pairs


@pytest.fixture
def measured(pico: Pico):
    """Counts of a job, one for each of some secrets."""
    pico.run(SCRIPT)
    if pico.run("print('pairs' in globals())").strip() == "False":
        made = pairs()
        pico.run("pairs = []")
        for i in range(0, len(made), 16):  # a script is read into the heap whole
            pico.run(f"pairs += {made[i : i + 16]!r}")

    def counts(name: str, secrets: list[int]) -> list[int]:
        chosen = [SECRETS.index(secret) for secret in secrets]
        return pico.cycles(f"quietly(lambda: every({name!r}, {chosen}))")[2:]

    return counts


def test_secrets_are_64_and_all_in_range():
    assert len(set(SECRETS)) == len(SECRETS) == 64 and all(0 < secret < N for secret in SECRETS)


def test_field_and_order(measured):
    for name in FIELD + OTHERS:
        assert len(set(measured(name, SECRETS))) == 1, name


def test_inverses(measured):
    for name in INVERSES:
        assert len(set(measured(name, SECRETS))) == 1, name


def test_a_leak_would_show(measured):
    for name in LEAKS:
        assert len(set(measured(name, SECRETS[:24]))) > 3, name


def test_fixed_base_multiplication(measured):
    assert len(set(measured("fixed base", SECRETS))) == 1


def test_a_whole_signature(measured):
    """All that is made of key, nonce or digest: the nonce but for its rejection, r and s, and the bytes they go out in.

    What is left of p256.sign is the comparison of a secret with 1 and N, which tells at most how many of its bytes are
    those of N, and the verification, of public numbers.
    """
    for name in WHOLE:
        assert len(set(measured(name, SECRETS))) == 1, name
