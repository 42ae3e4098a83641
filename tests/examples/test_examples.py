"""The examples do what their first lines say, as programs of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.home import Home

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "host_tools" / "examples"
SHARED = "steps" + ".py"  # of the walks
MICROPYTHON = Path(sys.executable).parent / "micropython"


def run(*command, timeout=1800, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALWRIGHT")}
    return subprocess.run(
        [*map(str, command)], env=kept | environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def example(name, *arguments):
    return run(sys.executable, EXAMPLES / name, *arguments)


@pytest.fixture(scope="module")
def bought(tmp_path_factory):
    """What buy_and_settle printed, and its folder."""
    folder = tmp_path_factory.mktemp("bought") / "new"
    done = example("buy_and_settle.py", folder)
    yield done, folder
    for board in emulator.boards(Home(folder / "home", "")):
        board.kill()


def test_every_example_is_run():
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [path.name for path in EXAMPLES.rglob("*.py") if f'"{path.name}"' not in text] == [SHARED]


def test_buy_and_settle(bought):
    done, folder = bought
    assert done.returncode == 0 and done.stderr == "", done
    lines = done.stdout.splitlines()
    assert any(line.startswith("done: ") and line.endswith("5000 nEUR") for line in lines), done
    held = sorted(line.split(": ")[1] for line in lines if line.startswith("device "))
    assert held == ["5000 nEUR", "95000 nEUR"] and lines[-1] == "the audit found nothing"
    assert emulator.running(Home(folder / "home", "")) == []


def test_verify_bundle(bought):
    _, folder = bought
    bundle, root = folder / "day.bundle", folder / "home" / "test-root.pem"
    done = example("verify_bundle.py", bundle, root, "--allow-test")
    owes, sum_up = done.stdout.splitlines()
    assert done.returncode == 0 and owes.endswith(" 5000 nEUR") and sum_up.endswith(" messages, 0 rejected"), done
    damaged = folder / "damaged.bundle"
    data = bytearray(bundle.read_bytes())
    data[-1] ^= 1  # in the last message's signature
    damaged.write_bytes(data)
    done = example("verify_bundle.py", damaged, root, "--allow-test")
    assert done.returncode == 1 and ": bad_signature: " in done.stdout and ", 1 rejected" in done.stdout, done
    assert ": test_root: " in example("verify_bundle.py", bundle, root).stdout


def test_read_device(bought):
    _, folder = bought
    board = emulator.find(Home(folder / "home", ""), "solar")
    board.start()
    done = example("read_device.py", board.url)
    board.stop()
    first, device, *readings = done.stdout.splitlines()
    assert done.returncode == 0 and first == "emulated-unix, provisioned" and device.endswith("custody 0"), done
    assert readings and all(" W" in line and line.endswith("(signed)") for line in readings), done
    gone = example("read_device.py", board.url)
    assert gone.returncode == 1 and len(gone.stderr.splitlines()) == 2, gone


@pytest.mark.parametrize("interpreter", [sys.executable, MICROPYTHON], ids=["CPython", "MicroPython"])
def test_add_sensor(interpreter):
    path = f"{ROOT / 'firmware'}:{ROOT / 'boards'}"
    done = run(interpreter, EXAMPLES / "add_sensor" / "tmp102.py", MICROPYPATH=f"{path}:.frozen", PYTHONPATH=path)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 12, done
    for line in ("0x640 [('temperature', 'Cel', -4, 1000000)]", "0xe70 [('temperature', 'Cel', -4, -250000)]"):
        assert line in lines, done
    assert "it measures -40 to 125" in lines[0] and "no TMP102" in lines[-1], done
