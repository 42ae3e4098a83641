"""Type-check device code against the stubs of the ports it runs on.

    python firmware/tools/check_types.py [BOARD-FOLDER ...]

Without folders: every board in boards/, the device packages against every port's stubs, and these tools. A board.json
says which `port` the board runs on; a board of "unix", which has no stubs, is checked against all. A module that
imports one of a single port (`esp32`, `rp2`) is checked against that port alone. Needs mypy, and build/stubs/PORT.
"""

import argparse
import ast
import subprocess
import sys
from pathlib import Path

import board_json
from build import FIRMWARE, PACKAGES

ROOT = FIRMWARE.parent
BOARD_PORT = FIRMWARE / "tools" / "board_port.py"
OWN = {"rp2": {"rp2"}, "esp32": {"esp32", "esp", "espnow", "aioespnow"}}  # modules of one port alone


def imports(path: Path) -> set[str]:
    """The names of the top-level modules that a file imports, itself or by its siblings."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            sibling = path.parent / f"{node.module}.py"
            found |= imports(sibling) if path.parent.name == "links" and sibling.is_file() else set()
    return found


def packages(port: str) -> list[Path]:
    """The device's modules that can run on a port."""
    others = set().union(*(own for name, own in OWN.items() if name != port))
    files = [path for package in PACKAGES for path in sorted((FIRMWARE / package).rglob("*.py"))]
    files.append(FIRMWARE / "loader.py")
    return [path for path in files if not imports(path) & others]


def ports(board: Path) -> list[str]:
    """The ports whose stubs a board is checked against."""
    port = board_json.read(board)["port"]
    return [port] if port in OWN else list(OWN)


def check(port: str, files: list[Path], board: Path | None = None) -> int:
    """Run mypy over files as the port sees them; its exit code, findings on stdout."""
    stubs = ROOT / "build" / "stubs" / port
    search = [stubs, FIRMWARE, *([board] if board else []), ROOT / "boards"]
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "boards" / "mypy.ini")]
    command += ["--custom-typeshed-dir", str(stubs), "--cache-dir", str(ROOT / ".mypy_cache" / port)]
    environment = {"MYPYPATH": ":".join(map(str, search)), "PATH": ""}
    print(f"mypy with {port} stubs: {board.name if board else 'device packages'}", flush=True)
    return subprocess.run([*command, *map(str, files)], cwd=ROOT, env=environment, check=False).returncode


def check_tools() -> int:
    """Run mypy, strict, over these tools; its exit code."""
    files = [path for path in sorted((FIRMWARE / "tools").glob("*.py")) if path != BOARD_PORT]
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(ROOT / ".mypy_cache")]
    print("mypy: tools", flush=True)
    return subprocess.run([*command, *map(str, files)], cwd=FIRMWARE / "tools", check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description="Type-check device code against the stubs of its ports")
    parser.add_argument("board", nargs="*", type=Path, help="by default every board, and the device packages")
    arguments = parser.parse_args()
    boards = [path.resolve() for path in arguments.board]
    found = 0
    if not boards:
        boards = board_json.folders()
        found |= check_tools()
        for port in OWN:
            found |= check(port, packages(port))
    for board in boards:
        for port in ports(board):
            found |= check(port, [board / "board.py", board / "wiring.py", BOARD_PORT], board)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
