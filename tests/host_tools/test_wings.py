"""The wings of the host package: imports point down only, and no module is in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "host_tools" / "sealwright"
# lowest first: a wing imports its own modules and those of earlier wings
WINGS = "errors extras wire home targets verify link emulator operate bench ledger demo cli".split()


def module_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports_of(path, modules):
    """The modules of the package that a file imports when it is imported itself."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module[:-1]
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + tuple(node.module.split(".") if node.module else ())
            for alias in node.names:
                whole = (*base, alias.name)
                yield whole if whole in modules else base


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {module_of(path) for path in FILES}
ARROWS = {module_of(path): set(imports_of(path, MODULES)) for path in FILES}


def test_every_wing_has_its_floor():
    assert {module[0] for module in MODULES if module} == set(WINGS)


def test_imports_between_wings_point_down():
    upward = [
        (".".join(module), ".".join(target))
        for module, targets in ARROWS.items()
        for target in targets
        if module and target and WINGS.index(target[0]) > WINGS.index(module[0])
    ]
    assert upward == []


def test_no_module_is_in_a_circle():
    # a package's __init__ imports what it offers, and its modules import each other, never the package
    try:
        TopologicalSorter(ARROWS).prepare()
    except CycleError as circle:
        raise AssertionError(circle.args[1]) from circle
