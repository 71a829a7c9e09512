"""Moves files into and out of the users' folders. Every step is planned first; nothing is ever overwritten."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from .quota import bytes_below
from .tenant_path import KINDS, directory_of, is_user_id

# Not user data: ComfyUI recreates these, or they concern all users.
_LEFT_ALONE = frozenset(("_output_images_will_be_put_here", "Put_images_here", "example.png", "users.json"))
_SAFE = ".@+-_"


class MigrationError(Exception):
    """The command cannot be executed. The message contains the cause and a fix."""


@dataclass(frozen=True)
class Places:
    """ComfyUI's base folder and the users' folders."""

    base: str
    tenants: str

    def tenant(self, user: str) -> dict[str, str]:
        directory = directory_of(user)
        own = {kind: os.path.join(self.tenants, directory, kind) for kind in KINDS}
        return {**own, "user": os.path.join(self.base, "user", directory)}

    def single(self) -> dict[str, str]:
        """The folders of a single-user ComfyUI."""
        shared = {kind: os.path.join(self.base, kind) for kind in ("input", "output")}
        return {**shared, "user": os.path.join(self.base, "user", "default")}


@dataclass
class Plan:
    """The files to move or copy (source, target), and those that stay."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        return sum(os.path.getsize(source) for source, _ in self.steps)

    def carry_out(self, copy: bool) -> None:
        for source, target in self.steps:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            _place(source, target, copy)


def _place(source: str, target: str, copy: bool) -> None:
    # "x" fails if the file was created after planning: never overwrite.
    try:
        with open(target, "xb"):
            pass
    except FileExistsError as error:
        raise MigrationError(f"{target}: was created in the meantime; run this command again") from error
    try:
        shutil.copy2(source, target)
    except OSError:
        os.remove(target)
        raise
    if not copy:
        os.remove(source)


def files_below(folder: str) -> Iterator[str]:
    """Files and links below a folder, as relative paths."""
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(parent, name), folder)


def plan(pairs: dict[str, tuple[str, str]]) -> Plan:
    """A plan to move each folder's files to another folder. If the target exists, both files are kept."""
    made = Plan()
    for source, target in pairs.values():
        for name in files_below(source):
            one, other = os.path.join(source, name), os.path.join(target, name)
            if os.path.basename(name) in _LEFT_ALONE:
                continue
            if os.path.islink(one):
                made.links.append(one)
            elif os.path.lexists(other):
                made.kept.append((one, other))
            else:
                made.steps.append((one, other))
    return made


def checked(user: str) -> str:
    if not is_user_id(user):
        raise MigrationError(
            f"{user}: must be a user id in the gateway's encoding: letters, digits and . _ @ + - unchanged, "
            "every other byte as %XX, such as J%C3%BCrgen"
        )
    return user


def adoption(places: Places, user: str) -> Plan:
    single, own = places.single(), places.tenant(checked(user))
    return plan({kind: (single[kind], own[kind]) for kind in single})


def leaving(places: Places, user: str) -> Plan:
    single, own = places.single(), places.tenant(checked(user))
    return plan({kind: (own[kind], single[kind]) for kind in single})


def funart_import(places: Places, users_folder: str) -> dict[str, Plan]:
    """A plan for each `users/<id>/{input,output,user}`. Keys: the ids in the gateway's encoding."""
    if not os.path.isdir(users_folder):
        raise MigrationError(f"{users_folder}: is not a folder; use the folder whose entries are user ids")
    plans = {}
    for raw in sorted(os.listdir(users_folder)):
        source = os.path.join(users_folder, raw)
        if os.path.isdir(source) and not os.path.islink(source):
            user = checked(encoded(raw))
            own = places.tenant(user)
            pairs = {kind: (os.path.join(source, kind), own[kind]) for kind in ("input", "output")}
            pairs["user"] = (_user_data(source), own["user"])
            plans[user] = plan(pairs)
    return plans


def _user_data(source: str) -> str:
    nested = os.path.join(source, "user", "default")
    return nested if os.path.isdir(nested) else os.path.join(source, "user")


def encoded(identity: str) -> str:
    """A user name or claim as a user id, encoded as the gateway does."""
    made = quote(identity, safe=_SAFE).replace("~", "%7E")
    if made.startswith("."):
        return "%2E" + made[1:]
    return "%64efault" if made == "default" else made


def owned(places: Places, user: str) -> list[tuple[str, int]]:
    """A user's existing folders, with their sizes in bytes."""
    own = places.tenant(checked(user))
    roots = (os.path.dirname(own["input"]), own["user"])
    return [(root, bytes_below(root)) for root in roots if os.path.isdir(root)]


def archive(places: Places, user: str, file: str) -> None:
    """Writes all of a user's files to a new .tar.gz. @raises MigrationError if the file exists"""
    try:
        with open(file, "xb") as out, tarfile.open(fileobj=out, mode="w:gz") as tar:
            for root, _ in owned(places, user):
                tar.add(root, os.path.relpath(root, places.base) if root.startswith(places.base) else os.path.basename(root))
    except FileExistsError as error:
        raise MigrationError(f"{file}: already exists; choose another file") from error


def delete(places: Places, user: str) -> None:
    for root, _ in owned(places, user):
        shutil.rmtree(root)
