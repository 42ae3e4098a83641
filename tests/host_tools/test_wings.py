"""The wings of the host package: imports point down only, and no module is in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "host_tools" / "sealwright"
# lowest first: a wing imports its own modules and those of lower floors, none of its own floor's other wings
FLOORS = [
    "errors",
    "clock extras files texts",
    "ciphered database wire",
    "archive",
    "home money",
    "targets link verify",
    "api emulator",
    "operate",
    "bench ledger readings",
    "taken_along",
    "bookkeeping checkup demo safekeeping",
    "agent",
    "hub",
    "web",
    "cli",
    "__main__",
]
FLOOR = {wing: number for number, wings in enumerate(FLOORS) for wing in wings.split()}


def module_of(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


FILES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def targets_of(node, package):
    """The modules of the host package that one node of a syntax tree imports."""
    if isinstance(node, ast.Import):
        names = [tuple(alias.name.split(".")) for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = ("sealwright", *package[: len(package) - node.level + 1]) if node.level else ()
        base += tuple(node.module.split(".")) if node.module else ()
        names = [(*base, alias.name) if (*base[1:], alias.name) in FILES else base for alias in node.names]
    else:
        names = []
    return {name[1:] for name in names if name[0] == "sealwright"}


def imports_of(module, *, everywhere):
    """What a module imports: when it is imported itself, or `everywhere`, which adds what its functions import."""
    path = FILES[module]
    package = module if path.name == "__init__.py" else module[:-1]
    tree = ast.parse(path.read_text())
    found = [targets_of(node, package) for node in (ast.walk(tree) if everywhere else tree.body)]
    return set().union(*found)


def test_every_wing_has_its_floor():
    assert {module[0] for module in FILES if module} == set(FLOOR)


def test_imports_between_wings_point_down():
    wrong = [
        (".".join(module), ".".join(target))
        for module in FILES
        for target in imports_of(module, everywhere=True)
        if module and module[0] != (target or ("",))[0] and not (target and FLOOR[target[0]] < FLOOR[module[0]])
    ]
    assert wrong == []


def test_no_module_is_in_a_circle():
    # a package's __init__ imports what it offers, and its modules import each other, never the package
    try:
        TopologicalSorter({module: imports_of(module, everywhere=False) for module in FILES}).prepare()
    except CycleError as circle:
        raise AssertionError(circle.args[1]) from circle
