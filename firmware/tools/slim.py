"""Rewrite a device source for a board, whose heap has no room for what only readers and other boards use.

A board tells codes and shows no text, so errors are raised without theirs: texts and their objects were 15 KB of a
Pico's heap. A number or text that a module declares with `const` replaces its name in every module, which
mpy-cross does only within one and for names with an underscore: 150 names were 6 KB.
"""

import ast
from pathlib import Path

from short_arguments import ShortArguments
from shorten import Shortener

Value = int | str
_SMALL = 1 << 30  # from here on a number is an object, made anew in each module


class Slimmer:
    """Rewrites the modules of the packages in `root`, and a board's own that stand on them."""

    def __init__(self, root: Path, shortener: Shortener | None = None) -> None:
        self._root, self._shortener = root, shortener
        self.known = {_name(path, root): _declared(ast.parse(path.read_text())) for path in root.rglob("*.py")}
        errors = ast.parse((root / "seal" / "errors.py").read_text())
        self.errors = {node.name for node in errors.body if isinstance(node, ast.ClassDef)}

    def slim(self, source: Path) -> str:
        """The module at `source`, rewritten."""
        name = _name(source, self._root) if source.is_relative_to(self._root) else source.stem
        package = name if source.name == "__init__.py" else name.rpartition(".")[0]
        tree = _Slim(self, name, package).visit(ast.parse(source.read_text()))
        # the tests of the curve look into its modules on the chip
        if self._shortener is not None and source.is_relative_to(self._root) and "p256" not in source.parts:
            tree = self._shortener.shorten(tree)
        if self._shortener is not None:
            tree = ShortArguments(self._shortener.keywords).visit(tree)
        return ast.unparse(tree)


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _constant(node: ast.stmt) -> tuple[str, Value] | None:
    """(name, value) of `NAME = const(value)`, a small number or a text, where that is one to replace."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
        return None
    target, call = node.targets[0], node.value
    if not (isinstance(target, ast.Name) and ast.unparse(call.func) == "const") or target.id.startswith("_"):
        return None
    try:
        value = ast.literal_eval(call.args[0])
    except ValueError:
        return None  # an expression
    return (target.id, value) if isinstance(value, str) or abs(value) < _SMALL else None


def _declared(tree: ast.Module) -> dict[str, Value]:
    return dict(found for node in tree.body if (found := _constant(node)))


class _Slim(ast.NodeTransformer):
    def __init__(self, slimmer: Slimmer, name: str, package: str) -> None:
        self._package = package
        self._known = slimmer.known
        self._errors = slimmer.errors
        self._names = dict(self._known.get(name, {}))  # of constants in this module
        self._modules: dict[str, dict[str, Value]] = {}

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        return None if _constant(node) or _is_type_checking(node.targets[0]) else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if _is_type_checking(node.test) else self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        above = self._package.split(".")[: len(self._package.split(".")) - node.level + 1] if node.level else []
        origin = ".".join([*above, *([node.module] if node.module else [])])
        kept = []
        for alias in node.names:
            here = alias.asname or alias.name
            if alias.name in self._known.get(origin, {}):
                self._names[here] = self._known[origin][alias.name]
                continue
            self._modules[here] = self._known.get(f"{origin}.{alias.name}", {})
            kept.append(alias)
        node.names = kept
        return node if kept else None

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self._names[node.id]) if node.id in self._names else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.attr in self._modules.get(node.value.id, {}):
            return ast.Constant(self._modules[node.value.id][node.attr])
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        call = node.exc
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id in self._errors:
                node.exc = call.func  # they take a text and nothing else
            else:
                call.args = [ast.Constant("") if _is_text(argument) else argument for argument in call.args]
        return self.generic_visit(node)


def _is_type_checking(node: ast.expr) -> bool:
    """Whether it is the name that guards imports for type checkers alone."""
    return isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"


def _is_text(node: ast.expr) -> bool:
    """Whether it is a text, or one with something put into it."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod | ast.Add) and _is_text(node.left)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
