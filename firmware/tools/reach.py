"""What a board's own modules can import of the packages, so that it gets no file that it never runs.

Imports inside functions count too. The engines of the curve are imported by a name that is put together: `p256` counts
as a whole. Modules of types alone (`ports`) are imported by no code that runs.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

_WHOLE = "p256"


def reachable(board: Path, firmware: Path, packages: tuple[str, ...]) -> set[Path]:
    """The files of `packages`, folders of `firmware`, that the board in this folder can import."""
    found = {path for package in packages for path in firmware.joinpath(package).rglob(f"{_WHOLE}/*.py")}
    todo = [(path, path.stem) for path in (*board.glob("*.py"), *firmware.glob("*.py")) if path.name != "manifest.py"]
    todo += [(path, _name(path, firmware)) for path in found]
    while todo:
        path, name = todo.pop()
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for module in _imports(path, package):
            for parent in _with_parents(module):
                file = _file(firmware, parent)
                if parent.split(".")[0] in packages and file is not None and file not in found:
                    found.add(file)
                    todo.append((file, parent))
    return found


def _imports(path: Path, package: str) -> Iterator[str]:
    """Full names of all that may be a module among a file's imports."""
    for node in _that_run(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (origin, *(f"{origin}.{alias.name}" for alias in node.names))


def _that_run(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those for type checkers alone."""
    yield node
    for child in ast.iter_child_nodes(node):
        is_guarded = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not is_guarded:
            yield from _that_run(child)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[: count + 1]) for count in range(len(parts)))


def _name(path: Path, firmware: Path) -> str:
    parts = path.relative_to(firmware).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(firmware: Path, module: str) -> Path | None:
    path = firmware.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
