"""The audit hook that denies Python code of one user access to other users' folders.

An audit hook cannot be removed. It does not see what C libraries or other programs open.
"""

from __future__ import annotations

import functools
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any

from . import context
from .context import Housekeeping, Tenant
from .folders import Folders
from .guard_events import NOT_FOLLOWED, REPLACING, WATCHED, paths_of, record_dir_fd_of_open
from .kernel_path import Unresolvable, resolve
from .private_places import PrivatePlaces, reveals_process
from .run import PromptEnded
from .tenant_path import KINDS, first_below, is_below, is_directory


class OutsideTenant(PermissionError):
    """Code of one user tried to access a place that is not theirs."""


class Guard:
    """Decides which paths a user may access: below the users' folders and ComfyUI's user data, only their own."""

    def __init__(self, folders: Folders, user_directory: str, private: PrivatePlaces | None = None):
        self._private = private or PrivatePlaces()
        self._root = folders.root
        self._roots = tuple({folders.root, os.path.realpath(folders.root)})
        self._user_data = tuple({os.path.abspath(user_directory), os.path.realpath(user_directory)})
        self._linked = tuple(_linked_places((*self._roots, *self._user_data)))

    def install(self) -> None:
        check = self._check

        # A plain function, because the interpreter calls it for every event and a bound method costs five times as much.
        # Most events are builtins.id (18,000 for the node list): comparing the name is cheaper than the set lookup.
        def audit(event: str, args: tuple[Any, ...], watched: frozenset[str] = WATCHED) -> None:
            if event != "builtins.id" and event in watched:
                check(event, args)

        sys.addaudithook(audit)
        record_dir_fd_of_open()

    def _check(self, event: str, args: tuple[Any, ...]) -> None:
        tenant = context.snapshot()
        if isinstance(tenant, Housekeeping):
            return
        if tenant is not None and tenant.run is not None and tenant.run.given_up:
            raise PromptEnded
        follow = event not in NOT_FOLLOWED
        try:
            for place, base in paths_of(event, args):
                if not self.allows(tenant, place, base, follow=follow):
                    raise OutsideTenant(13, "comfy-tenant: this path belongs to another user", place)
        except Unresolvable as error:
            raise OutsideTenant(13, error.strerror, error.filename) from error
        if event in REPLACING and tenant is not None:
            self._keep_top(event, args, tenant)

    def _keep_top(self, event: str, args: tuple[Any, ...], tenant: Tenant) -> None:
        """A user's top folders must not be replaced: the operator may have made them links."""
        place, base = list(paths_of(event, args))[-1]
        real = resolve(place, base or os.getcwd(), follow=False)
        tops = [top for root in self._roots for top in (root, *self._tops(root, tenant.directory))]
        tops += [os.path.join(root, tenant.directory) for root in self._user_data]
        if any(is_below(top, real, os.sep) for top in tops):
            raise OutsideTenant(13, "comfy-tenant: this folder must not be moved or replaced", place)

    @staticmethod
    def _tops(root: str, directory: str) -> list[str]:
        return [os.path.join(root, directory, kind) for kind in KINDS]

    def allows(self, tenant: Tenant | None, path: str, base: str | None = None, *, follow: bool = True) -> bool:
        """Whether code of this user, or without a user, may access a path.

        @param base the folder for relative paths; default: the working directory
        """
        directory = None if tenant is None else tenant.directory
        if base is None:
            base = "" if os.path.isabs(path) else os.getcwd()
        written = os.path.normpath(os.path.join(base, path))
        if not self._is_own(directory, written):
            return False
        own = None if directory is None else self._own_folder(directory, written)
        if own is not None and ".." not in path and not _has_link(own, written):
            return True
        try:
            real = resolve(path, base, follow=follow)
            # A link in the user's folder must not lead out of it.
            if own is not None and not is_below(real, resolve(own, base), os.sep):
                return False
        except Unresolvable:
            return False
        return self._is_own(directory, real)

    # Depends only on the text of the path, so it can be cached; links are checked every time.
    @functools.lru_cache(maxsize=8192)  # noqa: B019 - one guard lives as long as the process
    def _is_own(self, directory: str | None, path: str) -> bool:
        if self._private.covers(path) or (directory is not None and reveals_process(path)):
            return False
        for root in self._roots:
            entry = first_below(path, root, os.sep)
            if entry is not None:
                return directory is not None and entry == directory
        for root in self._user_data:
            entry = first_below(path, root, os.sep)
            if entry is not None and is_directory(entry):
                return directory is not None and entry == directory
        return all(owner == directory for place, owner in self._linked if is_below(path, place, os.sep))

    @functools.lru_cache(maxsize=8192)  # noqa: B019 - as above
    def _own_folder(self, directory: str, path: str) -> str | None:
        """Which of the user's folders a path is in."""
        kinds = self._tops(self._root, directory)
        user_data = [os.path.join(root, directory) for root in self._user_data]
        return next((folder for folder in (*kinds, *user_data) if is_below(path, folder, os.sep)), None)


def _linked_places(roots: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Targets and owners of the links with which an operator replaced users' folders."""
    for root in roots:
        for name in filter(is_directory, os.listdir(root) if os.path.isdir(root) else ()):
            for folder in (os.path.join(root, name), *(os.path.join(root, name, kind) for kind in KINDS)):
                if os.path.islink(folder):
                    yield os.path.realpath(folder), name


def _has_link(folder: str, path: str) -> bool:
    """Whether a component of the path below a folder is a link, or may be one."""
    if not path.startswith(folder):
        # Spelled differently, it may be another place.
        return True
    way = folder
    for name in filter(None, path[len(folder) :].split(os.sep)):
        way = os.path.join(way, name)
        try:
            if stat.S_ISLNK(os.lstat(way).st_mode):
                return True
        except FileNotFoundError:
            return False
        except OSError:
            return True
    return False
