"""The source as data: every module of ours, parsed once, and which points it passes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


@dataclass(frozen=True)
class Module:
    """One file of ours."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """Return the part of the name below `funade`, empty for the package itself."""
        return [*self.name.split("."), ""][1]

    def classes(self) -> Iterator[ast.ClassDef]:
        """Return the classes that others may use."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node


@dataclass(frozen=True)
class Point:
    """One place where a test can kill the process: `with effect(name)` or `failpoint(name)`."""

    name: str
    module: str
    within: str
    promise: str
    line: int


@cache
def modules() -> tuple[Module, ...]:
    """Return all our modules in the order of their names."""
    return tuple(read(path) for path in sorted((SOURCE / "funade").rglob("*.py")))


def read(path: Path) -> Module:
    """Return the module in that file."""
    name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    return Module(name, path, ast.parse(path.read_text(), str(path)))


def first_sentence(docstring: str | None) -> str:
    """Return the first line of a docstring as one sentence without its full stop."""
    return (docstring or "").strip().partition("\n")[0].removesuffix(".")


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Return what each imported name stands for, as a full dotted name."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """Return the full dotted name of an expression, or nothing when it is not one of imported names."""
    match node:
        case ast.Name(id=name):
            return names.get(name, "open" if name == "open" else "")
        case ast.Attribute(value=value, attr=attribute):
            owner = dotted(value, names)
            return f"{owner}.{attribute}" if owner else ""
        case _:
            return ""


def points(module: Module) -> Iterator[Point]:
    """Return the points of a module; a name that is no literal stands as the empty string."""
    names = imported_names(module.tree)

    def look(node: ast.AST, within: tuple[str, ...], promise: str) -> Iterator[Point]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            within = (*within, node.name)
            promise = first_sentence(ast.get_docstring(node)) or promise
        if isinstance(node, ast.Call) and dotted(node.func, names) in (
            "funade.failpoints.effect",
            "funade.failpoints.failpoint",
        ):
            literal = node.args[0] if node.args else None
            name = literal.value if isinstance(literal, ast.Constant) else ""
            yield Point(str(name), module.name, ".".join(within), promise, node.lineno)
        for child in ast.iter_child_nodes(node):
            yield from look(child, within, promise)

    yield from look(module.tree, (), first_sentence(ast.get_docstring(module.tree)))
