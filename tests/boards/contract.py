"""The contract of a board's folder. Each `check_` raises AssertionError; none knows a board's name."""

import ast
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "firmware" / "tools"))
import board_json  # noqa: E402

import build  # noqa: E402

MICROPYTHON = Path(sys.executable).parent / "micropython"
FILES = {"board.py", "board.json", "manifest.py", "wiring.py", "README.md"}
HEADINGS = ("Wiring", "Image", "Entropy", "Custody", "What was run where")
MODELS = ROOT / "boards" / "emulated"

# fields of board.json: type, and allowed values if they are few
FIELDS = {
    "name": (str, None),
    "model": (str, None),
    "mcu": (str, None),
    "port": (str, ("unix", "rp2", "esp32")),
    "arch": (str, build.ARCHITECTURES),
    "image": (str, None),
    "emulated": (bool, None),
    "custody": (int, (0, 1, 2)),
    "features": (list, None),
    "pins": (dict, None),
}
FLASH = ("uf2", "esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6")  # a boot drive, or a chip as esptool names it
ARCHITECTURES = {  # of the chips that MicroPython names so
    "RP2040": "armv6m",
    "RP2350": "armv7emsp",
    "ESP32": "xtensawin",
    "ESP32S2": "xtensawin",
    "ESP32S3": "xtensawin",
    "ESP32C3": "rv32imc",
    "ESP32C6": "rv32imc",
}


def check_files(board: Path) -> None:
    """The same file names in each folder, and a README with the same sections."""
    found = {path.name for path in board.iterdir() if path.name != "__pycache__"}
    assert found - {"hardened"} == FILES  # what a sealed ESP32 needs: tests/boards/test_hardened.py
    headings = re.findall(r"^## (.*)$", (board / "README.md").read_text(), re.MULTILINE)
    assert headings == list(HEADINGS)


def check_description(board: Path) -> None:
    """board.json has every field, and the architecture is that of the chip."""
    description = board_json.read(board)
    for field, (kind, values) in FIELDS.items():
        assert isinstance(description.get(field), kind), f"{field} is a {kind.__name__}"
        assert values is None or description[field] in values, f"{field} is one of {values}"
    if "power" in description:
        assert set(description["power"]) == {"awake_mA", "asleep_mA", "volts", "source"}
        numbers = [Decimal(description["power"][name]) for name in ("asleep_mA", "awake_mA")]
        assert 0 < numbers[0] < numbers[1]
    port, mcu = description["port"], description["mcu"]
    assert description["name"] == board.name
    if port == "unix":
        return
    assert description["flash"] in FLASH
    assert description["arch"] == ARCHITECTURES[mcu]
    assert (description["flash"] == "uf2") == (port == "rp2")
    assert port == "rp2" or description["flash"] == mcu.lower()


def check_pins(board: Path) -> None:
    """Pins are the same in wiring.py, board.json and the README's picture."""
    wired = {}
    for node in ast.parse((board / "wiring.py").read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and type(node.value.value) is int:
            wired[node.targets[0].id.lower()] = node.value.value  # type: ignore[attr-defined]
    for number in ("i2c_bus", "uart"):
        wired.pop(number, None)
    assert board_json.read(board)["pins"] == wired
    lines = (board / "README.md").read_text().splitlines()
    for name, number in wired.items():
        pin = re.compile(rf"\bGP(IO)?{number}\s+{name.upper()}\b")
        assert any(pin.search(line) for line in lines), f"the README's picture has no GP{number} {name.upper()}"


def check_manifest(board: Path) -> None:
    """Every file that manifest.py freezes exists, and the port's own manifest comes first on a port that has one."""
    frozen = list(_frozen_files(board / "manifest.py"))
    assert board / "board.py" in frozen and board / "wiring.py" in frozen
    assert ROOT / "firmware" / "main.py" in [Path(path).resolve() for path in frozen]
    assert ("$(PORT_DIR)/boards/manifest.py" in frozen) == (board_json.read(board)["port"] != "unix")


def _frozen_files(manifest: Path) -> Iterator[Path | str]:
    """The files that a manifest freezes: paths, and the port's manifest by its unexpanded name."""
    found: list[Path | str] = []

    def include(path: str) -> None:
        found.extend([path] if path.startswith("$") else _frozen_files(manifest.parent / path))

    def module(name: str) -> None:
        found.append(manifest.parent / name)

    def package(name: str, base_path: str = ".") -> None:
        found.append(manifest.parent / base_path / name / "__init__.py")

    exec(manifest.read_text(), {"include": include, "module": module, "package": package})
    for path in found:
        assert isinstance(path, str) or path.is_file(), f"{manifest} freezes {path}, which does not exist"
    yield from found


def ports() -> dict[str, list[str]]:
    """The members of each Protocol in seal/link_ports.py and seal/ports.py, inherited ones too."""
    found: dict[str, list[str]] = {"Protocol": []}
    texts = [(ROOT / "firmware" / "seal" / name).read_text() for name in ("link_ports.py", "ports.py")]
    for node in ast.parse("\n".join(texts)).body:
        if isinstance(node, ast.ClassDef):
            members = [item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            inherited = [name for base in node.bases for name in found[base.id]]  # type: ignore[attr-defined]
            found[node.name] = members + inherited
    return found


def check_made(board: Path, folder: Path) -> None:
    """`make()`, run by the unix port in `folder`, returns what seal/ports.py calls a Board. Models of the
    modules that a chip's port has come first on the path."""
    description = board_json.read(board)
    models = MODELS / description["port"]
    search = [models, board, ROOT / "boards", ROOT / "firmware"]
    own = f"127.77.{os.getpid() % 200 + 1}.{zlib.crc32(board.name.encode()) % 200 + 1}"  # several boards at a time
    hardware = {"command": ["", 0], "peer": ["", 0], "series": [], "ip": own}
    (folder / "hardware.json").write_text(json.dumps(hardware))
    (folder / "contract.json").write_text(json.dumps({"ports": ports(), "description": description}))
    result = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=480k", str(Path(__file__).with_name("made.py"))],
        cwd=folder,
        env={**os.environ, "MICROPYPATH": ":".join([*map(str, search), ".frozen"]), "SEALWRIGHT_FOLDER": f"{folder}/"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    wanted = ["radio: tcp udp esp-now"] if description["port"] == "esp32" else []
    assert result.stdout.splitlines() == [*wanted, "a board"], result.stdout + result.stderr


def type_check(board: Path) -> subprocess.CompletedProcess[str]:
    """mypy with the stubs of the board's port."""
    command = [sys.executable, str(ROOT / "firmware" / "tools" / "check_types.py"), str(board)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
