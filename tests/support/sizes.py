"""How large files, functions and classes are, and which fields are written from elsewhere."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

FILE, FUNCTION, CLASS, FIELDS = 300, 40, 250, 15

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Excess(NamedTuple):
    """Something that is larger than it should be; ``name`` is ``path`` or ``path:Class.method``."""

    name: str
    kind: str
    size: int
    limit: int

    def __str__(self) -> str:
        return f"{self.name}: {self.size} {self.kind}, at most {self.limit}"


def excesses(source: str, path: str) -> Iterator[Excess]:
    """Yield what is too large in a file: lines, lines of code in functions, fields of classes."""
    lines = source.count("\n")
    if lines > FILE:
        yield Excess(path, "lines", lines, FILE)
    yield from _within(ast.parse(source), path, ":")


def _within(node: ast.AST, name: str, separator: str) -> Iterator[Excess]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            inner = f"{name}{separator}{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from _class(child, inner)
            elif (size := length(child)) > FUNCTION:
                yield Excess(inner, "lines", size, FUNCTION)
            yield from _within(child, inner, ".")
        else:
            yield from _within(child, name, separator)


def _class(node: ast.ClassDef, name: str) -> Iterator[Excess]:
    if (size := length(node)) > CLASS:
        yield Excess(name, "lines", size, CLASS)
    # What has no behaviour is a table: a message or the settings, whose fields are documented.
    if _behaves(node) and (count := len(fields(node))) > FIELDS:
        yield Excess(name, "fields", count, FIELDS)


def length(node: Function | ast.ClassDef) -> int:
    """Return the lines of a definition without decorators and docstring."""
    assert node.end_lineno is not None
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def fields(node: ast.ClassDef) -> set[str]:
    """Return the names of the fields of a class: declared ones, and those that ``self`` gets."""
    declared = {
        child.target.id
        for child in node.body
        if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name)
    }
    assigned = {
        target.attr
        for target in ast.walk(node)
        if isinstance(target, ast.Attribute)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    }
    return declared | assigned


def sources(root: Path, *folders: str) -> Iterator[tuple[str, str]]:
    """Yield path, from ``root``, and text of all Python files in some folders."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")


class ForeignWrite(NamedTuple):
    """A field of an object with behaviour that is written outside the file of its class."""

    path: str
    line: int
    field: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} writes .{self.field}, a field of a class in another file"


def foreign_writes(files: list[tuple[str, str]]) -> Iterator[ForeignWrite]:
    """Yield the writes to fields from other files than that of a class which has such a field.

    Classes are told apart by the names of their fields alone, so a file may write to any object
    that has the field of a class of its own. To count is no such write.
    """
    trees = {path: ast.parse(source) for path, source in files}
    homes: dict[str, set[str]] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and _behaves(node):
                for field in fields(node):
                    homes.setdefault(field, set()).add(path)
    for path, tree in trees.items():
        counted = {id(node.target) for node in ast.walk(tree) if _counts(node)}
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)):
                continue
            if id(node) in counted:
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                continue
            if node.attr in homes and path not in homes[node.attr]:
                yield ForeignWrite(path, node.lineno, node.attr)


def _counts(node: ast.AST) -> TypeGuard[ast.AugAssign]:
    if not (isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute)):
        return False
    return ast.unparse(node.target.value).rpartition(".")[2].lstrip("_") == "counts"


def _behaves(node: ast.ClassDef) -> bool:
    return any(isinstance(child, Function) for child in node.body)
