"""What is installed from a wheel or an sdist is whole: a checkout hides what they lack."""

import io
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.host_tools.bench.deploying.wires import PromptBoard

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# interpreters to try, by their paths; several are separated as in PATH
PYTHONS = os.environ.get("SEALWRIGHT_PYTHONS", sys.executable).split(os.pathsep)
NO_INDEX = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "No matching distribution found")


def built(target, source, folder):
    """The file that the build backend makes of `source`: target "wheel" or "sdist"."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl" if target == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder that the sdist unpacks to."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built("sdist", ROOT, folder)) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def contents(wheel):
    """{name: bytes} of a wheel."""
    with zipfile.ZipFile(io.BytesIO(wheel.read_bytes())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tracked(*folders):
    """The files of the checkout that git knows, or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return {name for name in done.stdout.splitlines() if (ROOT / name).exists()}


def test_the_tests_build_with_what_users_build_with():
    assert PROJECT["build-system"]["requires"][0] in PROJECT["dependency-groups"]["test"]


def test_the_wheel_has_all_of_the_package_and_what_boards_run(wheel):
    wanted = {name.removeprefix("host_tools/") for name in tracked("host_tools/sealwright")}
    wanted |= {f"sealwright/_device/{name}" for name in tracked("firmware", "boards")}
    found = {name for name in contents(wheel) if ".dist-info/" not in name}
    assert found == wanted


def test_the_wheel_made_of_the_sdist_is_the_same(wheel, unpacked, tmp_path):
    assert (unpacked / "firmware" / "main.py").is_file() and (unpacked / "tests").is_dir()
    assert contents(built("wheel", unpacked, tmp_path)) == contents(wheel)


class Installed:
    """The wheel in an environment of its own, with a fresh HOME outside the checkout. Nothing of the checkout is seen,
    nor the user's own packages and settings."""

    def __init__(self, python, folder):
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        self.home = folder / "home"
        self.home.mkdir()
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True, capture_output=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEALWRIGHT", "PYTHON"))}
        path = f"{self.bin}:{os.environ['PATH']}"
        self._clean = {**kept, "HOME": str(self.home), "PYTHONNOUSERSITE": "1", "PATH": path}
        self._constraints = folder / "constraints.txt"
        self._constraints.write_text("\n".join(PROJECT["dependency-groups"]["lock"]))

    def install(self, *wanted):
        """pip alone keeps the user's HOME: where the index is, and the cache."""
        pip = (self.bin / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
        done = self._run(*pip, "--constraint", self._constraints, *wanted, HOME=os.environ["HOME"])
        if done.returncode and any(word in done.stderr for word in NO_INDEX):
            pytest.skip("the package index cannot be reached")
        assert done.returncode == 0, done.stderr

    def _run(self, *command, **changes):
        env = {**self._clean, **{name: str(value) for name, value in changes.items()}}
        return subprocess.run(
            list(map(str, command)), cwd=self.home, env=env, capture_output=True, text=True, timeout=1800, check=False
        )

    def __call__(self, *arguments, **changes):
        """Run `sealwright`. changes: environment variables."""
        done = self._run(self.bin / "sealwright", *arguments, **changes)
        assert "Traceback" not in done.stdout + done.stderr, done
        return done

    def python(self, code, *arguments):
        return self._run(self.bin / "python", "-c", code, *arguments)

    def ok(self, *arguments, **changes):
        done = self(*arguments, **changes)
        assert done.returncode == 0, done
        return done


@pytest.fixture(scope="module", params=PYTHONS, ids=lambda path: Path(path).name)
def installed(request, wheel, tmp_path_factory):
    made = Installed(request.param, tmp_path_factory.mktemp("installed"))
    made.install(f"{wheel}[deploy]")
    where = made.python("import sealwright; print(sealwright.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(made.folder), where
    yield made
    made("emulate", "--stop", "all")


def test_the_demo_runs_from_the_wheel_in_a_clean_environment(installed):
    done = installed.ok("demo")
    assert "Who paid whom" in done.stdout, done
    assert [path.name for path in installed.home.iterdir()] == ["sealwright-demo"]


def test_the_walk_of_a_maker_runs_from_the_wheel(installed, tmp_path):
    """A home, an emulated board, readings, a verdict; and firmware onto a board at its prompt."""
    installed.ok("init")
    installed.ok("emulate", "unix", "--name", "station", "--sensor", "bme280", "--sensor", "mcu", "--detach")
    installed.ok("provision", "--device", "emulated:station", "--name", "station")
    installed.ok("collect", "--device", "emulated:station", "--out", "day.bundle", "--count", "1", "--every", "0.2")
    verdict = installed.ok("verify", "day.bundle", "--allow-test")
    assert "messages hold" in verdict.stdout
    board = PromptBoard(tmp_path)
    try:
        done = installed("deploy", "--board", "pico", "--device", board.url)
    finally:
        board.pull()
    # compiled for a Pico, and refused by what MicroPython at the prompt says it runs on
    assert done.returncode == 4 and "TEST32, and a pico has an RP2040: nothing was changed" in done.stderr, done


def test_an_interpreter_of_ones_own_runs_emulated_boards(installed, tmp_path):
    own = tmp_path / "own-micropython"
    own.write_text(f'#!/bin/sh\ntouch {tmp_path}/ran\nexec {installed.bin}/micropython "$@"\n')
    own.chmod(0o755)
    home = ("--home", tmp_path / "home")
    installed.ok("init", *home)
    try:
        for kind in ("unix", "esp32"):
            (tmp_path / "ran").unlink(missing_ok=True)
            installed.ok("emulate", kind, "--name", f"own-{kind}", "--detach", *home, SEALWRIGHT_MICROPYTHON=own)
            assert (tmp_path / "ran").exists(), kind
            assert "blank" in installed.ok("info", "--device", f"emulated:own-{kind}", *home).stdout
    finally:
        installed("emulate", "--stop", "all", *home)
    done = installed("emulate", "unix", "--name", "none", "--detach", *home, SEALWRIGHT_MICROPYTHON=tmp_path / "none")
    assert done.returncode == 2 and "SEALWRIGHT_MICROPYTHON" in done.stderr, done


WINDOWS = """
import builtins, pathlib, platform, sys
absent = {"fcntl", "termios", "pty", "tty", "resource", "pwd", "grp"}
there = builtins.__import__

def without(name, namespace=None, *more, **named):
    if name.split(".")[0] in absent and str((namespace or {}).get("__name__")).startswith("sealwright"):
        raise ImportError(name)
    return there(name, namespace, *more, **named)

builtins.__import__ = without
import importlib
load = importlib.import_module
ours = {"__name__": "sealwright"}
importlib.import_module = lambda name, *a, **k: without(name, ours) if name in absent else load(name, *a, **k)
platform.system, platform.machine = (lambda: "Windows"), (lambda: "AMD64")
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "micropython_unix" else found(name, *more)
sys.argv[0] = "sealwright"
from sealwright.cli.main import main
main()
"""


def test_verifying_needs_nothing_that_windows_lacks(installed):
    if not (installed.home / "day.bundle").exists():
        pytest.skip("the walk of a maker made no bundle")
    root = installed.home / ".sealwright" / "test-root.pem"
    done = installed.python(WINDOWS, "verify", "day.bundle", "--root", root, "--allow-test", "--state", "heads.json")
    assert done.returncode == 0 and "messages hold" in done.stdout, done
    refused = installed.python(WINDOWS, "emulate", "unix", "--name", "here", "--detach")
    assert refused.returncode == 2 and "remedy: Use Linux for them, such as WSL" in refused.stderr, refused


def test_each_extra_can_be_installed(installed, wheel):
    extras = PROJECT["project"]["optional-dependencies"]
    # pyarrow is larger than all others together
    assert extras["all"] == [f"sealwright[{','.join(name for name in extras if name not in ('all', 'parquet'))}]"]
    done = subprocess.run(
        [installed.bin / "python", "-m", "pip", "install", "--dry-run", "--quiet", f"{wheel}[all]"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and any(word in done.stderr for word in NO_INDEX):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "README.md").read_text()
    for name in extras:
        assert f"sealwright[{name}]" in readme or f"| `{name}` |" in readme, name
