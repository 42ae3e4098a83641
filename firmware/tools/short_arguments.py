"""Give the arguments of device code letters for names: each different name takes a Pico's heap, see `shorten`.

Byte code keeps the names of arguments for calls that name them. Few calls do: 200 names were 3 KB, and the last
doubling of the table that they are in was 8 KB.

Limits: an argument keeps its name where any call names one like it, where the function's code is not plain Python
(`@micropython.viper`, `@micropython.asm_thumb`), and where something else in the function has that name, too.
"""

import ast
from collections.abc import Iterable, Iterator

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FOREIGN = {"viper", "asm_thumb"}
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def keywords(trees: Iterable[ast.Module]) -> set[str]:
    """The names that calls give to arguments."""
    return {node.arg for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}


class ShortArguments(ast.NodeTransformer):
    """Renames arguments, those of inner functions first. kept: names that stay."""

    def __init__(self, kept: set[str]) -> None:
        self._kept = kept | {"self"}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._rename(node, node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._rename(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._rename(node, [node.body])

    def _rename(self, node: Function, body: list[ast.stmt] | list[ast.expr]) -> ast.AST:
        self.generic_visit(node)
        if {word for one in getattr(node, "decorator_list", []) for word in ast.unparse(one).split(".")} & _FOREIGN:
            return node
        arguments = [*node.args.posonlyargs, *node.args.args]
        fixed = {name for part in body for name in _fixed(part)}
        used = {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)} | fixed
        used |= {one.id for part in body for one in ast.walk(part) if isinstance(one, ast.Name)}
        short: dict[str, str] = {}
        free = iter([letter for letter in LETTERS if letter not in used])
        for argument in arguments:
            if argument.arg not in self._kept | fixed and len(argument.arg) > 1:
                argument.arg = short.setdefault(argument.arg, next(free))
        for name in (one for part in body for one in ast.walk(part) if isinstance(one, ast.Name)):
            name.id = short.get(name.id, name.id)
        return node


def _fixed(tree: ast.AST) -> Iterator[str]:
    """Names in a function's code that are not plain variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name:
            yield node.name
