"""Variables of node packs that each user gets for themselves, such as a cache of images that the pack keys without the user."""

from __future__ import annotations

import copy
import logging
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from . import context
from .comfyui import Function
from .hooks import wrap
from .profile import PackGlobal
from .profiles import ProfiledPack
from .sandbox_policy import is_under


class OwnValue:
    """Replaces a value, and uses the current user's. Each user's begins as a copy of the pack's own.

    Code that runs for no user has one of its own, too.
    """

    def __init__(self, initial: Any, keep: int):
        """@param keep the number of users whose values are kept, those used last"""
        vars(self).update(_initial=initial, _keep=keep, _values=OrderedDict(), _lock=threading.Lock())

    def __getattr__(self, name: str) -> Any:
        return getattr(own_of(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(own_of(self), name, value)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(vars(self)["_initial"])

    def __getitem__(self, key: Any) -> Any:
        return own_of(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        own_of(self)[key] = value

    def __delitem__(self, key: Any) -> None:
        del own_of(self)[key]

    def __contains__(self, key: Any) -> bool:
        return key in own_of(self)

    def __iter__(self) -> Iterator[Any]:
        return iter(own_of(self))

    def __len__(self) -> int:
        return len(own_of(self))

    def __eq__(self, other: object) -> bool:
        return bool(own_of(self) == other)

    def __hash__(self) -> int:
        return hash(own_of(self))

    def __repr__(self) -> str:
        return repr(own_of(self))


def _user() -> str | None:
    tenant = context.current()
    return None if tenant is None else tenant.directory


def own_of(one: OwnValue) -> Any:
    """The current user's value."""
    state, user = vars(one), _user()
    with state["_lock"]:
        values: OrderedDict[str | None, Any] = state["_values"]
        if user not in values:
            values[user] = copy.deepcopy(state["_initial"])
        values.move_to_end(user)
        while len(values) > state["_keep"]:
            values.popitem(last=False)
        return values[user]


def _forget_own(one: OwnValue) -> None:
    with vars(one)["_lock"]:
        vars(one)["_values"].pop(_user(), None)


class PackGlobals:
    """The variables that profiles name, in any version of a pack: a new one may leak, too."""

    def __init__(self) -> None:
        self._own: list[tuple[ModuleType, str, OwnValue]] = []

    def separate(self, packs: Iterable[ProfiledPack]) -> list[str]:
        """Call after ComfyUI has loaded the packs. Returns what could not be separated."""
        problems = []
        for found in packs:
            modules = list(_modules_of(found.pack.folder)) if found.profile is not None else []
            for each in found.profile.globals if found.profile is not None and modules else ():
                if not self._separate_one(modules, os.path.join(found.pack.folder, each.module), each):
                    problems.append(
                        f"{found.pack.name}: {each.module} has no {each.name}: users of this version may share what it keeps"
                    )
        for problem in problems:
            logging.error("comfy-tenant: %s", problem)
        return problems

    def _separate_one(self, modules: list[ModuleType], file: str, each: PackGlobal) -> bool:
        # A pack can load one file as several modules, and import the variable to others.
        values = [vars(module)[each.name] for module in modules if _file_of(module) == file and each.name in vars(module)]
        for value in values:
            own = OwnValue(value, each.keep)
            for module in modules:
                for name, held in list(vars(module).items()):
                    if held is value:
                        setattr(module, name, own)
                        self._own.append((module, name, own))
        return bool(values)

    def restore(self) -> None:
        """Call before and after each prompt: a pack may have assigned a variable, mostly to empty a cache."""
        for module, name, own in self._own:
            if vars(module).get(name) is not own:
                setattr(module, name, own)
                _forget_own(own)

    def install(self) -> None:
        from execution import PromptExecutor

        def make(original: Function) -> Function:
            """Changed: before and after ComfyUI executes a prompt, the variables of packs are the current user's. ComfyUI
            0.3.75 and newer."""

            def execute(*args: Any, **kwargs: Any) -> Any:
                self.restore()
                try:
                    return original(*args, **kwargs)
                finally:
                    self.restore()

            return execute

        wrap(PromptExecutor, "execute", make)


def _modules_of(folder: str) -> Iterator[ModuleType]:
    return (module for module in list(sys.modules.values()) if is_under(_file_of(module), folder))


def _file_of(module: ModuleType) -> str:
    file = getattr(module, "__file__", None)
    return os.path.realpath(file) if isinstance(file, str) else ""
