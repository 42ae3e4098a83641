"""What is installed from a wheel or an sdist is whole: a checkout hides what they lack."""

import io
import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
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


def test_the_demo_runs_from_the_wheel_in_a_clean_environment(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("\n".join(PROJECT["dependency-groups"]["lock"]))
    inside = tmp_path / "venv" / "bin"
    # neither the checkout nor the user's own packages and settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEALWRIGHT", "PYTHON"))}
    home = tmp_path / "home"
    home.mkdir()
    clean = {**kept, "HOME": str(home), "PYTHONNOUSERSITE": "1", "PATH": f"{inside}:{os.environ['PATH']}"}

    def run(*command, env=clean):
        return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=300, check=False)

    pip = (inside / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    # pip alone keeps the user's HOME: where the index is, and the cache
    done = run(*pip, "--constraint", constraints, wheel, env={**clean, "HOME": os.environ["HOME"]})
    if done.returncode and any(word in done.stderr for word in NO_INDEX):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
    first = run(inside / "sealwright", "demo")
    series = PROJECT["dependency-groups"][
        "series"
    ]  # not a dependency, for those it would bring along: the remedy names it
    assert first.returncode == 2 and f"`pip install --no-deps {series[0]}`" in first.stderr, first
    done = run(*pip, "--no-deps", *series, env={**clean, "HOME": os.environ["HOME"]})
    assert done.returncode == 0, done.stderr
    where = run(inside / "python", "-c", "import sealwright; print(sealwright.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(tmp_path), where
    done = run(inside / "sealwright", "demo")
    assert done.returncode == 0 and "Who paid whom" in done.stdout, done.stdout + done.stderr
    assert [path.name for path in home.iterdir()] == ["sealwright-demo"]
