"""Arguments of device code have letters for names, where nothing can tell the difference."""

import ast
import sys

import pytest

from .test_slim import MODULES, SLIMMER

short_arguments = sys.modules["short_arguments"]  # which `build` has loaded


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("def f(self, size, item=None): return size + item", "def f(self, a, b=None): return a + b"),
        ("def f(size):\n def g(item): return size + item\n return g", "def f(b):\n def g(a): return b + a\n return g"),
        ("async def f(link): await link.read(link)", "async def f(a): await a.read(a)"),
        ("f = lambda text: text + a", "f = lambda b: b + a"),
        ("def f(size):\n size = [size for size in a]\n return size", "def f(b):\n b = [b for b in a]\n return b"),
        ("def f(size, more=size): return size", "def f(a, b=size): return a"),  # the default is of outside
        ("def f(code): return g(code=code)", None),  # a call names it
        ("def f(code): return 1\nx(code=2)", None),
        ("def f(n, *rest, last=1): return n", None),
        ("@micropython.viper\ndef f(left: int) -> int: return left", None),
        ("@micropython.asm_thumb\ndef f(left): add(r0, left)", None),
        ("@property\ndef f(item): return item", "@property\ndef f(a): return a"),
        ("def f(link):\n from . import link\n return link", None),
        ("def f(error):\n try: g()\n except OSError as error: return error", None),
        ("def f(size):\n def g():\n  nonlocal size\n  size += 1\n return g", None),
        ("def f(size):\n def g(size, last): return size\n return g", "def f(c):\n def g(a, b): return a\n return g"),
        ("def f(size):\n def g(*, size): return size\n return g", None),
        ("def f(size):\n class C:\n  last = size\n return C", "def f(a):\n class C:\n  last = a\n return C"),
    ],
)
def test_rewritten(source: str, wanted: str | None) -> None:
    """None: left as it is."""
    tree = ast.parse(source)
    rewritten = short_arguments.ShortArguments(short_arguments.keywords([tree])).visit(tree)
    assert ast.unparse(rewritten) == ast.unparse(ast.parse(source if wanted is None else wanted))


def test_of_the_firmware_few_arguments_keep_their_names() -> None:
    trees = [ast.parse(SLIMMER.slim(path)) for path in MODULES]
    names = {node.arg for tree in trees for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert len({name for name in names if len(name) > 1}) < 80, sorted(names)
