"""Reads the profiles in the folder `profiles`, and finds those of the installed packs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass

from .packs import Pack
from .profile import Profile, ProfileError, parse_profile

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "profiles")


def read_profiles(folder: str = FOLDER) -> tuple[list[Profile], list[str]]:
    """The valid profiles, and the errors of the others, which have no effect."""
    profiles: list[Profile] = []
    errors: list[str] = []
    taken: set[str] = set()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".yaml"):
            try:
                profile = _read(os.path.join(folder, name), name)
                twice = sorted(profile.names & taken)
                if twice:
                    raise ProfileError(f"{name}: names: {twice[0]} has another profile: merge them")
            except ProfileError as invalid:
                errors.append(str(invalid))
            else:
                profiles.append(profile)
                taken |= profile.names
    for error in errors:
        logging.error("comfy-tenant: ignoring a profile, so that its pack counts as unknown: %s", error)
    return profiles, errors


def _read(path: str, name: str) -> Profile:
    import yaml

    try:
        with open(path, encoding="utf-8") as file:
            found = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProfileError(f"{name}: cannot be read: {error}") from error
    return parse_profile(found, name)


@dataclass(frozen=True)
class ProfiledPack:
    """A pack with the profile that has its name, if any, and whether it covers the pack's version."""

    pack: Pack
    profile: Profile | None
    covered: bool


def with_profiles(packs: Iterable[Pack], profiles: Iterable[Profile]) -> list[ProfiledPack]:
    by_name = {name: profile for profile in profiles for name in profile.names}
    found = []
    for pack in packs:
        profile = by_name.get((pack.project or pack.name).lower()) or by_name.get(pack.name.lower())
        found.append(ProfiledPack(pack, profile, profile is not None and profile.covers(pack.version)))
    return found
