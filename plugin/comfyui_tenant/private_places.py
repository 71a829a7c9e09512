"""Places that no user's code may access: keys, users files, configuration, logs, and what /proc shows of processes.

Pure, except for `of_this_comfyui`, `readable_private_keys` and `PrivatePlaces.paths`.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence

from .tenant_path import first_below, is_below

# The gateway's files, which may be in the same folder as the key file.
_GATEWAY_FILES = re.compile(
    r".*\.(key|jwks?|pem|htpasswd)(\..*)?|comfy-tenant.*\.ya?ml|envoy.*\.ya?ml|passwords\.json|\.env(\..*)?|.*\.log(\..*)?",
    re.IGNORECASE,
)
_COMFYUI_LOGS = re.compile(r"comfyui.*\.log(\..*)?", re.IGNORECASE)
# Environment and memory of a process, which may contain a key or another user's data.
_PROCESS = re.compile(
    r"/proc/(?:[^/]+/(?:task/[^/]+/)?(?:environ|auxv|mem|maps|smaps|smaps_rollup|numa_maps|pagemap|map_files)|kcore)(?:/.*)?"
)
# Names of folders that contain only the gateway's files.
_GATEWAY_FOLDERS = (".comfy-tenant", "comfy-tenant")


class PrivatePlaces:
    """Files and folders as a whole, and files in a folder whose names match a pattern."""

    def __init__(self, whole: Iterable[str] = (), named: Iterable[tuple[str, re.Pattern[str]]] = ()):
        self._whole = _spellings(whole)
        self._named = tuple((folder, names) for one, names in named for folder in _spellings([one]))

    def covers(self, path: str) -> bool:
        """Whether an absolute, normalised path is private; check both the given and the resolved path."""
        if any(is_below(path, place, os.sep) for place in self._whole):
            return True
        for folder, names in self._named:
            entry = first_below(path, folder, os.sep)
            if entry and names.fullmatch(entry):
                return True
        return False

    def paths(self) -> list[str]:
        """The private files and folders that exist now, for the kernel rules, which cannot match names."""
        found = [place for place in self._whole if os.path.lexists(place)]
        for folder, names in self._named:
            try:
                entries = os.listdir(folder)
            except OSError:
                continue
            found += [os.path.join(folder, entry) for entry in entries if names.fullmatch(entry)]
        return sorted(set(found))


def reveals_process(path: str) -> bool:
    """Whether an absolute, normalised path shows the environment or the memory of a process."""
    return _PROCESS.fullmatch(path) is not None


def _spellings(paths: Iterable[str]) -> tuple[str, ...]:
    """Each path as given and as resolved."""
    return tuple(dict.fromkeys(form for path in paths for form in (os.path.abspath(path), os.path.realpath(path))))


def places_of(key_files: Sequence[str], others: Sequence[str], needed: Sequence[str], logs: Sequence[str]) -> PrivatePlaces:
    """The private places.

    @param others settings, and paths that the operator listed
    @param needed what ComfyUI needs, such as models: a folder that contains any of it is not private as a whole
    @param logs folders to which ComfyUI writes its log
    """
    whole, named = [*key_files, *others], [(folder, _COMFYUI_LOGS) for folder in logs]
    for key_file in key_files:
        for folder in (form for path in _spellings([key_file]) for form in _folders_of(path)):
            named.append((folder, _GATEWAY_FILES))
            if _is_gateways(folder, key_file) and not _holds(folder, needed):
                whole.append(folder)
    return PrivatePlaces(whole, named)


def _folders_of(key_file: str) -> list[str]:
    """The folder of a key file, and its parents where the gateway keeps private keys and configuration."""
    folder = os.path.dirname(key_file)
    above = [os.path.dirname(folder), os.path.dirname(os.path.dirname(folder))]
    return [folder, *(one for one in above if os.path.basename(folder) == "public" and os.path.dirname(one) != one)]


def _is_gateways(folder: str, key_file: str) -> bool:
    own = {os.path.dirname(form) for form in _spellings([key_file])}
    return folder in own or os.path.basename(folder) in _GATEWAY_FOLDERS


def _holds(folder: str, needed: Sequence[str]) -> bool:
    return any(is_below(place, folder, os.sep) for place in _spellings(needed))


def of_this_comfyui(key_files: Sequence[str], others: Sequence[str], tenants: str) -> PrivatePlaces:
    """The private places of this ComfyUI."""
    import folder_paths

    user_directory = folder_paths.get_user_directory()
    needed = [
        *(tenants, folder_paths.base_path, user_directory, os.path.dirname(folder_paths.__file__)),
        *(folder_paths.get_input_directory(), folder_paths.get_output_directory(), folder_paths.get_temp_directory()),
        *(path for paths, _ in folder_paths.folder_names_and_paths.values() for path in paths),
        *(sys.prefix, sys.base_prefix, os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir()),
    ]
    return places_of(key_files, others, needed, [user_directory, folder_paths.base_path])


def readable_private_keys(key_files: Sequence[str]) -> list[str]:
    """Private keys near a key file that this process can read but should not be able to."""
    found = []
    for folder in dict.fromkeys(folder for key_file in key_files for folder in _folders_of(os.path.abspath(key_file))):
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            continue
        paths = [os.path.join(folder, entry) for entry in entries if _GATEWAY_FILES.fullmatch(entry)]
        found += [path for path in paths if _holds_private_key(path)]
    return found


def _holds_private_key(path: str) -> bool:
    try:
        # `open` would block on a pipe.
        if not os.path.isfile(path):
            return False
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(65536)
    except OSError:
        return False
    return '"d":' in text.replace(" ", "") or "PRIVATE KEY-----" in text
