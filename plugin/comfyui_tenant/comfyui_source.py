"""The source of a ComfyUI that is not running, read with `ast`: nothing of it is run."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import NamedTuple


class NoComfyui(Exception):
    """The folder is not a ComfyUI."""


class Sources:
    """The parsed modules of a ComfyUI. @raises NoComfyui"""

    def __init__(self, folder: str):
        self._folder = folder
        self._parsed: dict[str, ast.Module | str] = {}
        if not os.path.isfile(os.path.join(folder, "main.py")) or not os.path.isfile(os.path.join(folder, "server.py")):
            raise NoComfyui(f"{folder}: is not a ComfyUI: it has no main.py and server.py")

    def text(self, name: str) -> str:
        path = os.path.join(self._folder, name)
        if os.path.exists(path) and not os.path.isfile(path):
            # Reading a pipe would wait for its writer.
            raise OSError("it is not a file")
        with open(path, encoding="utf-8") as file:
            return file.read()

    def module(self, name: str) -> ast.Module | str:
        """The syntax tree of a module, or why there is none."""
        if name not in self._parsed:
            self._parsed[name] = self._parse(name.replace(".", os.sep))
        return self._parsed[name]

    def _parse(self, path: str) -> ast.Module | str:
        for name in (f"{path}.py", os.path.join(path, "__init__.py")):
            try:
                return ast.parse(self.text(name))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
                # Python's parser gives up on deeply nested code with one of the last two.
                return f"{name} cannot be read: {error or type(error).__name__}"
        return f"{path}.py is missing"


def _members(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module or class, also those inside `if`, `try` and `with`."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody") if isinstance(statement, (ast.If, ast.Try, ast.With)) else ():
            yield from _members(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _members(handler.body)


def _classes(module: ast.Module, name: str, inner: frozenset[str] = frozenset()) -> Iterator[ast.ClassDef]:
    """A class and its bases in the same module. @param inner classes that derive from it, against cycles"""
    for found in _members(module.body):
        if isinstance(found, ast.ClassDef) and found.name == name:
            yield found
            for base in found.bases:
                if isinstance(base, ast.Name) and base.id not in {name, *inner}:
                    yield from _classes(module, base.id, inner | {name})


def function_of(module: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    owner, _, last = name.rpartition(".")
    bodies = [one.body for one in _classes(module, owner)] if owner else [module.body]
    for body in bodies:
        # The last definition counts.
        for found in reversed(list(_members(body))):
            if isinstance(found, (ast.FunctionDef, ast.AsyncFunctionDef)) and found.name == last:
                return found
    return None


class Parameter(NamedTuple):
    name: str
    required: bool


def parameters_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Parameter]:
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    without_default = len(positional) - len(args.defaults)
    found = [Parameter(one.arg, at < without_default) for at, one in enumerate(positional)]
    if args.vararg is not None:
        found.append(Parameter(args.vararg.arg, False))
    found += [Parameter(one.arg, default is None) for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    if args.kwarg is not None:
        found.append(Parameter(args.kwarg.arg, False))
    return found


def assigned_in(module: ast.Module, name: str) -> set[str]:
    """The attributes that the methods of a class assign to `self`."""
    return {
        node.attr
        for found in _classes(module, name)
        for node in ast.walk(found)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
