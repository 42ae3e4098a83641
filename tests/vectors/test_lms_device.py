"""HSS/LMS on the device: values of the RFCs and of the COSE Working Group, what pyhsslms signs in every parameter set,
and nothing else, whichever byte is changed. Under CPython and under MicroPython."""

import json
from pathlib import Path

import pytest
from interpreters import ALL, NAMES, ask
from pyhsslms import pyhsslms

SHARED = Path(__file__).resolve().parents[3] / "shared" / "vectors"
SHAKE = ("RFC9858_A2", "RFC9858_A3")  # MicroPython has no SHAKE256: refused as any unknown type
SETS = [
    (pyhsslms.lms_sha256_m32_h5, pyhsslms.lmots_sha256_n32_w1),
    (pyhsslms.lms_sha256_m32_h5, pyhsslms.lmots_sha256_n32_w2),
    (pyhsslms.lms_sha256_m32_h5, pyhsslms.lmots_sha256_n32_w4),
    (pyhsslms.lms_sha256_m32_h5, pyhsslms.lmots_sha256_n32_w8),
    (pyhsslms.lms_sha256_m32_h10, pyhsslms.lmots_sha256_n32_w2),
    (pyhsslms.lms_sha256_m24_h5, pyhsslms.lmots_sha256_n24_w1),
    (pyhsslms.lms_sha256_m24_h5, pyhsslms.lmots_sha256_n24_w2),
    (pyhsslms.lms_sha256_m24_h5, pyhsslms.lmots_sha256_n24_w4),
    (pyhsslms.lms_sha256_m24_h5, pyhsslms.lmots_sha256_n24_w8),
]
MESSAGE = b"firmware"


def signed(lms, lmots, levels=1, skip=0):
    """(public, signature) of MESSAGE by a new key that has signed `skip` times before."""
    key = pyhsslms.HssPrivateKey(levels=levels, lms_type=lms, lmots_type=lmots)
    for _ in range(skip):
        key.sign(b"another")
    return key.publicKey().serialize(), key.sign(MESSAGE)


@pytest.fixture(scope="module")
def small():
    """Two levels in the cheapest set whose every field is there."""
    return signed(pyhsslms.lms_sha256_m24_h5, pyhsslms.lmots_sha256_n24_w2, levels=2, skip=3)


def verdicts(interpreter, folder, cases):
    """What the device says of (public, message, signature)."""
    answers = ask(interpreter, [["hss", *(part.hex() for part in case)] for case in cases], folder)
    assert all(answer[0] == "ok" for answer in answers), answers
    return [answer[1] for answer in answers]


def changed(data, at, bit=0):
    return data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


@pytest.mark.parametrize("interpreter", ALL)
def test_the_values_of_the_standards(interpreter, tmp_path):
    path = SHARED / "lms" / "rfc8554_rfc9858.json"
    if not path.is_file():
        pytest.skip("the values of RFC 8554 and RFC 9858 are not beside this checkout (../shared/vectors/lms)")
    values = json.loads(path.read_text())
    cases = [
        tuple(bytes.fromhex(one[name]) for name in ("hss_public_key", "message", "hss_signature")) for one in values
    ]
    expected = [one["name"] not in SHAKE for one in values]
    assert expected.count(True) == 3
    assert verdicts(interpreter, tmp_path, cases) == expected
    other = [(public, message + b".", signature) for public, message, signature in cases]
    assert verdicts(interpreter, tmp_path, other) == [False] * len(cases)


@pytest.mark.parametrize("interpreter", ALL)
def test_the_cose_working_groups_example(interpreter, tmp_path):
    path = SHARED / "cose-wg" / "hashsig__hsssig-sig-01.json"
    if not path.is_file():
        pytest.skip("the COSE Working Group's examples are not beside this checkout (../shared/vectors/cose-wg)")
    case = json.loads(path.read_text())
    raw = bytes.fromhex(case["output"]["cbor"])
    public = bytes.fromhex(case["input"]["sign0"]["key"]["public"])
    case = (public, bytes.fromhex(case["intermediates"]["ToBeSign_hex"]), raw[raw.index(b"\x59\x09\xd0") + 3 :])
    assert verdicts(interpreter, tmp_path, [case]) == [True]


@pytest.mark.parametrize("interpreter", NAMES)  # a question of 17 KB is too long for a small heap
def test_what_another_library_signs_in_every_set(interpreter, tmp_path):
    made = [signed(*kinds) for kinds in SETS]
    made.append(signed(*SETS[6], levels=3, skip=40))  # past the first tree of the lowest level
    cases = [(public, MESSAGE, signature) for public, signature in made]
    assert all(pyhsslms.HssPublicKey.deserialize(public).verify(MESSAGE, signature) for public, signature in made)
    assert verdicts(interpreter, tmp_path, cases) == [True] * len(cases)
    swapped = [(made[at - 1][0], MESSAGE, signature) for at, (_, signature) in enumerate(made)]
    assert verdicts(interpreter, tmp_path, swapped) == [False] * len(cases)


@pytest.mark.parametrize("interpreter", NAMES)  # some million hashes
def test_each_byte_of_a_signature_counts(interpreter, tmp_path, small):
    public, signature = small
    question = ["hss-bytes", public.hex(), MESSAGE.hex(), signature.hex()]
    assert ask(interpreter, [question], tmp_path) == [["ok", 0]]
    cases = [(public, MESSAGE, signature + more) for more in (b"", b"\0", signature)]
    assert verdicts(interpreter, tmp_path, cases) == [True, False, False]


@pytest.mark.parametrize("interpreter", NAMES)
def test_each_byte_of_a_key_counts(interpreter, tmp_path, small):
    public, signature = small
    cases = [(changed(public, at, bit), MESSAGE, signature) for at in range(len(public)) for bit in (0, 7)]
    cases += [(public[:at], MESSAGE, signature) for at in range(len(public))]
    cases.append((public + b"\0", MESSAGE, signature))
    assert verdicts(interpreter, tmp_path, cases) == [False] * len(cases)


@pytest.mark.parametrize("interpreter", ALL)
def test_keys_that_no_device_takes(interpreter, tmp_path, small):
    public = small[0]
    bad = [public[:-1], public + b"\0", b"", bytes(52), b"\0\0\0\0" + public[4:], b"\0\0\0\x09" + public[4:]]
    bad += [public[:4] + kind.to_bytes(4, "big") + public[8:] for kind in (0, 4, 5, 9, 15, 255)]  # 5: of 32 bytes
    bad += [public[:8] + kind.to_bytes(4, "big") + public[12:] for kind in (0, 1, 4, 9, 16)]
    assert ask(interpreter, [["hss-key", key.hex()] for key in bad], tmp_path) == [["BadKey"]] * len(bad)
    good = [public] + [levels.to_bytes(4, "big") + public[4:] for levels in (1, 8)]
    assert ask(interpreter, [["hss-key", key.hex()] for key in good], tmp_path) == [["ok", None]] * len(good)
