"""Give private names of device code short ones, many of them the same: each different name takes a Pico's heap.

A name that MicroPython knows (a qstr) costs 7 bytes in a table that doubles, and its text. 1,400 names took 29 KB. What
begins with an underscore is used in its own module or class alone, so its name means nothing to other code: names of
modules, and attributes of a family of classes that inherit from each other, are numbered from 0 in each.

Limits: a private name keeps its name where anything else than `self` has it as an attribute, where another module
imports it, where a board's own files have it, and where it is also a text, an argument or a keyword.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from short_arguments import keywords


class Shortener:
    """Shortens the modules at `paths`. others: files that stay as they are, and the names that they use with them."""

    def __init__(self, paths: Iterable[Path], others: Iterable[Path] = ()) -> None:
        trees = [ast.parse(path.read_text()) for path in sorted(paths)]
        foreign = [ast.parse(path.read_text()) for path in others]
        self.keywords = keywords([*trees, *foreign])
        kept = {name for tree in trees for name in _shared(tree)}
        for tree in foreign:
            kept.update(_used(tree))
        self._kept = kept
        self._attributes = self._by_class(trees)

    def shorten(self, tree: ast.Module) -> ast.Module:
        """`tree` with short private names."""
        globals_ = sorted(name for name in set(_top_names(tree)) if _is_private(name) and name not in self._kept)
        return _Short(_numbered(globals_), self._attributes).visit(tree)  # type: ignore[no-any-return]

    def _by_class(self, trees: Iterable[ast.Module]) -> dict[str, dict[str, str]]:
        """For each class the short names of its attributes: the same for all that inherit from each other."""
        own: dict[str, set[str]] = {}
        family: dict[str, str] = {}

        def head(name: str) -> str:
            while family.setdefault(name, name) != name:
                name = family[name]
            return name

        for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            own.setdefault(node.name, set()).update(_own_attributes(node))
            for base in node.bases:
                if isinstance(base, ast.Name | ast.Attribute):
                    family[head(node.name)] = head(base.id if isinstance(base, ast.Name) else base.attr)
        names: dict[str, set[str]] = {}
        for name, attributes in own.items():
            names.setdefault(head(name), set()).update(attributes - self._kept)
        return {name: _numbered(sorted(names[head(name)])) for name in own}


class _Short(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], attributes: dict[str, dict[str, str]]) -> None:
        self._names, self._attributes = names, attributes
        self._of_class: dict[str, str] = {}

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        outer, self._of_class = self._of_class, self._attributes.get(node.name, {})
        for item in node.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                item.name = self._of_class.get(item.name, item.name)
            for target in _targets(item):
                target.id = self._of_class.get(target.id, target.id)
        self.generic_visit(node)
        self._of_class = outer
        node.name = self._names.get(node.name, node.name)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._names.get(name, name) for name in node.names]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if _is_own(node.value):
            node.attr = self._of_class.get(node.attr, node.attr)
        return self.generic_visit(node)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name != "_"


def _is_own(node: ast.expr) -> bool:
    """`self`, or `super()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id == "self"


def _numbered(names: list[str]) -> dict[str, str]:
    return {name: f"_{n}" for n, name in enumerate(names)}


def _targets(node: ast.stmt) -> Iterator[ast.Name]:
    """The plain names that a statement assigns to."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        yield from (part for part in parts if isinstance(part, ast.Name))


def _top_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
    for item in tree.body:
        for node in ast.walk(item) if isinstance(item, ast.If | ast.Try) else [item]:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.stmt) and not _is_constant(node):
                yield from (target.id for target in _targets(node))


def _is_constant(node: ast.stmt) -> bool:
    """Whether it is `_NAME = const(...)`: mpy-cross puts the number in the name's place, and keeps no name."""
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "const"


def _own_attributes(node: ast.ClassDef) -> Iterator[str]:
    """The private attributes of a class."""
    for item in node.body:
        names = [target.id for target in _targets(item)]
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(item.name)
        yield from filter(_is_private, names)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and _is_own(inner.value) and _is_private(inner.attr):
            yield inner.attr


def _shared(tree: ast.Module) -> Iterator[str]:
    """Private names that more than one module or class may know."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _is_own(node.value):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield from (node.name, node.asname or "")
        elif isinstance(node, ast.arg | ast.keyword):
            yield node.arg or ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _used(tree: ast.Module) -> Iterator[str]:
    """Names that a file which stays as it is may use of others."""
    yield from _shared(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.bases:
            yield from _own_attributes(node)
