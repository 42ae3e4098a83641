"""What `make firmware` makes of the curve: small enough on every architecture, and right where it can be run: x64."""

import json
import os
import subprocess
import sys
from pathlib import Path

import p256_cases as cases
import p256_oracles as oracles
import pytest

HERE = Path(__file__).parent
TOOL = HERE.parents[1] / "firmware" / "tools" / "build.py"
MICROPYTHON = Path(sys.executable).parent / "micropython"
MOST = 20 * 1024  # bytes, tables included


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("build")
    subprocess.run([sys.executable, str(TOOL), "--out", str(out)], check=True, capture_output=True)
    return out


def test_the_curve_is_small(built):
    sizes = {
        folder.name: sum(file.stat().st_size for file in (folder / "seal" / "p256").iterdir())
        for folder in built.iterdir()
    }
    assert set(sizes) == {"armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64"}
    assert max(sizes.values()) <= MOST, sizes


def test_the_compiled_curve_meets_vectors(built, tmp_path):
    wycheproof = cases.PYCRYPTODOME / "Signature" / "wycheproof" / "ecdsa_secp256r1_sha256_p1363_test.json"
    wanted = [*cases.wycheproof_p1363(wycheproof), *oracles.signatures(50), *cases.base_multiples()]
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in wanted))
    done = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=400k", str(HERE / "p256_runner.py"), str(path), "viper"],
        cwd=tmp_path,
        env={**os.environ, "MICROPYPATH": f"{built / 'x64'}:.frozen"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.stdout == f"checked {len(wanted)}\n", done.stdout + done.stderr
