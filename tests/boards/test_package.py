"""package.json: the real `mip` of MicroPython installs the device package from it, over HTTP from this checkout."""

import functools
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .contract import MICROPYTHON, ROOT

FIRMWARE = ROOT / "firmware"
sys.path.insert(0, str(FIRMWARE / "tools"))
import make_package  # noqa: E402


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """This checkout as a web site."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(ROOT))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_it_is_what_the_tool_makes() -> None:
    remedy = "make it anew: python firmware/tools/make_package.py > firmware/package.json"
    assert (FIRMWARE / "package.json").read_text() == make_package.main(), remedy


def test_mip_installs_what_runs(server: str, tmp_path: Path) -> None:
    install = f"import mip; mip.install('{server}/firmware/package.json', target='lib', mpy=False)"
    result = subprocess.run(
        [str(MICROPYTHON), "-c", install], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Done" in result.stdout, result.stdout + result.stderr
    expected = {name for name, _ in json.loads((FIRMWARE / "package.json").read_text())["urls"]}
    installed = {str(path.relative_to(tmp_path / "lib")) for path in (tmp_path / "lib").rglob("*.py")}
    assert installed == expected and "seal/app.py" in installed
    use = "import gc, sys; gc.threshold(16384); sys.path.insert(0, 'lib')  # as main.py does\n"
    use += "from seal import app, p256; print(p256.engine, app.__file__)"
    result = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=400k", "-c", use], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == ["viper", "lib/seal/app.py"], result.stdout + result.stderr
