"""What boards run is rewritten before it is compiled: the same program, without texts and names of numbers.

That it is the same program is shown where it runs: test_emulated_esp32 and tests/pico run slim sources.
"""

import ast
import subprocess
from pathlib import Path

import pytest

from .contract import MICROPYTHON, ROOT, build

SLIMMER = build.SLIMMER
MODULES = [path for name in build.PACKAGES for path in sorted((build.FIRMWARE / name).rglob("*.py"))]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package `seal` with numbers in one module, for another to use."""
    package = tmp_path / "seal"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "errors.py").write_text("class Malformed(Exception):\n    pass\n")
    numbers = (
        "KID = const(4)",
        "DEEP = const(-70001)",
        "_OWN = const(1)",
        "HUGE = const(1 << 62)",
        "TEXT = 'x'",
        "WORD = const('word')",
    )
    (package / "labels.py").write_text("\n".join(numbers))
    return package


def slimmed(root: Path, text: str) -> str:
    (root / "user.py").write_text(text)
    return build.Slimmer(root.parent).slim(root / "user.py")


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("from . import labels\nx = labels.KID + labels.DEEP\n", "from . import labels\nx = 4 + -70001"),
        ("from .labels import KID, TEXT\nx = {KID: TEXT}\n", "from .labels import TEXT\nx = {4: TEXT}"),
        ("from .labels import KID as NAME\nx = NAME\n", "x = 4"),
        ("from .labels import WORD\nx = WORD\n", "x = 'word'"),
        ("from seal.labels import DEEP\nx = DEEP\n", "x = -70001"),
        ("from . import labels\nx = labels.HUGE, labels.TEXT, labels._OWN\n", None),
        ("from . import other\nx = other.KID\n", None),
        ("A = const(3)\n_B = const(4)\nx = A + _B\n", "_B = const(4)\nx = 3 + _B"),
        ("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from .labels import KID\nx = KID\n", "x = KID"),
        ("x.labels.KID\n", None),
        ("raise Malformed('why %d' % n)\n", "raise Malformed"),
        ("raise Malformed('why ' + text)\n", "raise Malformed"),
        ("raise Limit(7, 'why')\n", "raise Limit(7, '')"),
        ("raise chip.failed('%d mV' % n)\n", "raise chip.failed('')"),
        ("raise OSError(error.errno, 'cannot listen')\n", "raise OSError(error.errno, '')"),
        ("raise PeerError(result[0])\n", None),
        ("said('Malformed')\n", None),
    ],
)
def test_rewritten(root: Path, source: str, wanted: str | None) -> None:
    """None: left as it is."""
    assert slimmed(root, source) == (ast.unparse(ast.parse(source)) if wanted is None else wanted)


def test_of_the_firmware_no_number_keeps_its_name_and_no_error_its_text() -> None:
    for path in MODULES:
        tree = ast.parse(SLIMMER.slim(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.attr not in SLIMMER.known.get(f"seal.{node.value.id}", {}), f"{path}: {ast.unparse(node)}"
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                texts = [part.value for part in ast.walk(node.exc) if isinstance(part, ast.Constant)]
                assert not any(isinstance(text, str) and " " in text for text in texts), f"{path}: {ast.unparse(node)}"


def test_every_name_that_went_is_defined_nowhere_else() -> None:
    """A name that stands for a number must not be given another value somewhere in its module."""
    for path in MODULES:
        name = ".".join(path.relative_to(build.FIRMWARE).with_suffix("").parts)
        numbers = SLIMMER.known.get(name, {})
        stored = [
            node.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in numbers
        ]
        assert len(stored) == len(set(stored)), path


def test_compiled_modules_have_no_docstring(tmp_path: Path) -> None:
    build.compile_module(build.FIRMWARE / "seal" / "__init__.py", tmp_path / "seal", "x64", "seal")
    code = (tmp_path / "seal.mpy").read_bytes()
    assert b"Floors" not in code and b"__version__" in code


def test_sources_have_every_engine(tmp_path: Path) -> None:
    """Also for an interpreter that runs no native code."""
    build.build_board(ROOT / "boards" / "esp32", tmp_path, make=build.slim_module)
    slot = tmp_path / "esp32" / "slot"
    use = [str(MICROPYTHON), "-X", "heapsize=400k", "-c", "from seal import p256; print(p256.engine)"]
    for engine in ("viper", "plain"):
        assert subprocess.run(use, cwd=slot, capture_output=True, text=True, check=False).stdout == f"{engine}\n"
        (slot / "seal" / "p256" / "viper.py").unlink(missing_ok=True)
