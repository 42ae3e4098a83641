"""The payment channel's rules, checked by Spin in every interleaving within small bounds. README.md has the properties.

A property is worth something only if it can fail: each broken rule below must be refuted, by the property named.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MODEL = Path(__file__).parent / "channel.pml"
LARGE = os.environ.get("SEALWRIGHT_MODEL") == "large"
MEGABYTES = 8000 if LARGE else 2000
SECONDS = 1800 if LARGE else 300  # a stop for a search that ran away; it is a few seconds on a free core

PARTIES = {
    "honest": [],
    "hostile_payer": ["PAYER_MAY_LIE"],
    "hostile_payee": ["PAYEE_MAY_LIE"],
    "dying": ["MAY_DIE"],
}
BOUNDS = {"small": []}
STUCK = ["E=1"]  # fairness multiplies the states
if LARGE:
    PARTIES["anything"] = ["PAYER_MAY_LIE", "PAYEE_MAY_LIE", "MAY_DIE"]
    BOUNDS = {"small": [], "capacity_3": ["CAP=3"], "short_window": ["W=1", "D=0"]}
    STUCK = ["E=2"]

# what is broken, who may do what, the property that must fail
BROKEN = [
    # the first rule, whole: the newest seq decides, the first close refunds, nothing after expiry, ticks reserve
    ("FIRST_RULE", "", "payee_is_paid"),
    ("FIRST_RULE", "PAYER_MAY_LIE", "payee_loses_one"),
    ("FIRST_RULE", "", "set_decides"),
    ("SEQ_DECIDES", "PAYER_MAY_LIE", "payee_is_paid"),
    ("REFUND_AT_CLOSE", "", "payee_is_paid"),
    ("REFUSE_AFTER_EXPIRY", "", "payee_is_paid"),
    ("REFUSE_AFTER_EXPIRY", "MAY_DIE", "what_came_is_paid"),
    ("TICKS_RESERVE", "PAYER_MAY_LIE", "payee_is_paid"),
    # the rules as they are, each without one of its parts
    ("W=0", "", "payee_is_paid"),
    ("W=0 D=0", "", "payee_is_paid"),
    ("CLAIM_IS_PAID", "PAYEE_MAY_LIE", "conservation"),
    ("LOCKS_AGAIN", "", "conservation"),
    ("PAYS_AGAIN", "", "payer_loses_one"),
    ("KEEPS_CLAIM", "PAYEE_MAY_LIE", "all_given_back"),
    ("LAST_CLOSE_COUNTS", "PAYEE_MAY_LIE", "closes_in_time"),
    ("NO_CAP_AT_EXPIRY", "", "ends_after_expiry"),
    # the devices' rules
    ("SIGN_BEFORE_FLASH", "", "payer_loses_one"),
    ("SIGN_BEFORE_FLASH", "", "payer_is_one_ahead"),
    ("RECEIPT_BEFORE_FLASH", "", "receipt_is_kept"),
    ("NO_FUNDING_CHECK", "PAYER_MAY_LIE", "payee_loses_one"),
    ("TRUSTS_OLD_LOOK", "", "payee_is_paid"),
    ("D=2", "", "payee_is_paid"),  # a payee that looks once a window, not more often, may come too late
    # no rule: what does not hold, and README.md says so
    ("ORDER_FREE", "", "set_decides"),
    ("REACH", "", "trade_is_unreachable"),
]


@pytest.fixture(autouse=True)
def tools() -> None:
    missing = [tool for tool in ("spin", "gcc") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)}: apt-get install spin gcc")


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def search(folder: Path, switches: list[str], *, liveness: bool = False) -> tuple[int, str]:
    """(errors, the trail in words) of an exhaustive search of the model with these -D switches."""
    defines = [f"-D{switch}" for switch in switches]
    run(folder, "spin", *defines, "-a", str(MODEL))
    options = ["-DNFAIR=3"] if liveness else ["-DSAFETY", "-DNOCLAIM"]
    if LARGE:
        options.append("-DHC4")  # 4 bytes of hash a state instead of the state
    run(folder, "gcc", "-O2", "-w", f"-DMEMLIM={MEGABYTES}", *options, "-o", "pan", "pan.c")
    said = run(folder, "./pan", "-m100000", *(["-a", "-f"] if liveness else []))
    print(said)  # states and times, with pytest -s
    found = re.search(r"errors: (\d+)", said)
    assert found, said
    for sign_of_a_search_cut_short in ("Search not completed", "max search depth too small", "out of memory"):
        assert sign_of_a_search_cut_short not in said or int(found[1]), said
    trail = folder / f"{MODEL.name}.trail"
    if not trail.exists():
        return int(found[1]), ""
    return int(found[1]), run(folder, "spin", "-T", *defines, "-k", str(trail), "-t", str(MODEL))


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("parties", PARTIES)
def test_no_interleaving_breaks_a_property(tmp_path: Path, parties: str, bounds: str) -> None:
    errors, trail = search(tmp_path, PARTIES[parties] + BOUNDS[bounds])
    assert errors == 0, trail


@pytest.mark.parametrize("parties", PARTIES)
def test_no_deposit_is_stuck(tmp_path: Path, parties: str) -> None:
    errors, trail = search(tmp_path, [*PARTIES[parties], *STUCK], liveness=True)
    assert errors == 0, trail


@pytest.mark.parametrize("broken,parties,refuted", BROKEN, ids=lambda value: value.replace(" ", "+") or "honest")
def test_a_broken_rule_is_refuted(tmp_path: Path, broken: str, parties: str, refuted: str) -> None:
    errors, trail = search(tmp_path, [*broken.split(), *parties.split(), f"ONLY={refuted}"])
    assert errors > 0
    assert f"REFUTED {refuted}" in trail, trail


@pytest.mark.parametrize("broken", ["NO_REFUND", "KEEPS_CLAIM"])
def test_a_deposit_is_stuck_where_the_refund_is_broken(tmp_path: Path, broken: str) -> None:
    errors, trail = search(tmp_path, [broken, "MAY_DIE", "PAYEE_MAY_LIE", "E=1", "ONLY=no_assertion"], liveness=True)
    assert errors > 0
    assert "REFUTED" not in trail, trail
