"""Which places a prompt may read and write, derived from ComfyUI's configuration.

Kernel rules apply to whole trees. A folder that contains a private place is therefore never allowed as a whole, only those of
its children that do not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# Trees with programs and facts about the machine.
SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/proc", "/sys", "/nix/store", "/gnu/store"),
    *("/run/opengl-driver", "/var/cache/fontconfig", "/var/lib/ca-certificates"),
    *("/opt/rocm", "/opt/cuda", "/opt/intel", "/opt/nvidia", "/opt/amdgpu", "/opt/amazon", "/opt/conda"),
)
# In /etc only what ordinary programs read: other services keep their passwords there.
ETC = (
    *("alternatives", "alsa", "asound.conf", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "crypto-policies"),
    *("debian_version", "egl", "environment", "fonts", "fstab", "gai.conf", "glvnd", "group", "host.conf", "hostname", "hosts"),
    *("ImageMagick-6", "ImageMagick-7", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld.so.preload"),
    *("locale.alias", "locale.conf", "localtime", "lsb-release", "machine-id", "magic", "mime.types", "mtab", "networks"),
    *("nsswitch.conf", "nvidia", "OpenCL", "openmpi", "os-release", "passwd", "pki/ca-trust", "pki/tls/certs"),
    *("pki/tls/cert.pem", "pki/tls/openssl.cnf", "profile", "protocols", "pulse", "python3", "resolv.conf", "rpc", "services"),
    *("shells", "ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf", "static", "terminfo", "timezone", "vulkan", "X11", "xdg"),
)
# No terminals, where a program could inject input, and no disks, which contain everything.
DEVICES = (
    *("null", "zero", "full", "random", "urandom", "dri", "kfd", "dxg", "accel", "infiniband", "nvidia-caps", "nvidia-modeset"),
    *("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-nvswitchctl"),
)
_NUMBERED = "/dev/nvidia"
SHARED_MEMORY = "/dev/shm"
_CODE = (".py", ".pyc", ".so", ".pyd", ".zip", ".egg")
# In ComfyUI's own folder, in addition to its Python packages.
_PARTS_OF_COMFYUI = frozenset(("models", "custom_nodes", "web", "blueprints", "script_examples"))


def is_under(path: str, root: str) -> bool:
    """Whether a resolved path is `root` or below it; names are compared as on Linux."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def harmless(
    places: Iterable[str], private: Iterable[str], keep: Callable[[os.DirEntry[str]], bool] | None = None
) -> list[str]:
    """Each place; nothing if it is private; if it contains a private one, those children that `keep` accepts."""
    resolved, seen = tuple(map(os.path.realpath, private)), set[str]()
    return [found for place in places for found in _harmless(os.path.realpath(place), resolved, keep or _is_plain, seen)]


def _harmless(place: str, private: tuple[str, ...], keep: Callable[[os.DirEntry[str]], bool], seen: set[str]) -> Iterator[str]:
    if place in seen or any(is_under(place, path) for path in private):
        return
    seen.add(place)
    if not any(is_under(path, place) for path in private):
        yield place
        return
    for child in _children(place):
        if keep(child):
            yield from _harmless(os.path.realpath(child.path), private, keep, seen)


def _children(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _is_plain(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".")


def is_code(entry: os.DirEntry[str]) -> bool:
    """Whether Python could import an entry of a folder, or ComfyUI reads it."""
    if entry.name.startswith("."):
        return False
    if not entry.is_dir():
        return entry.name.endswith(_CODE)
    return entry.name in _PARTS_OF_COMFYUI or any(child.name.endswith(".py") for child in _children(entry.path))


class Links:
    """Finds the targets of links in folders, at any depth. Unchanged folders are not read again."""

    _SKIPPED = frozenset((".git", "node_modules", "__pycache__"))

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, list[str], list[str]]] = {}

    def out_of(self, folders: Iterable[str], never: Iterable[str]) -> list[str]:
        """Targets of links; folders in `never`, where users can create links, are not searched."""
        never = [os.path.realpath(path) for path in never]
        known, self._known = self._known, {}
        targets: dict[str, None] = {}
        waiting = [os.path.realpath(folder) for folder in folders]
        while waiting:
            folder = waiting.pop()
            if folder in self._known or any(is_under(folder, path) for path in never):
                continue
            try:
                changed = os.stat(folder).st_mtime_ns
            except OSError:
                continue
            remembered = known.get(folder)
            if remembered is None or remembered[0] != changed:
                remembered = (changed, *self._look(folder))
            self._known[folder] = remembered
            targets.update(dict.fromkeys(remembered[1]))
            waiting += [target for target in remembered[1] if os.path.isdir(target)] + remembered[2]
        return list(targets)

    def _look(self, folder: str) -> tuple[list[str], list[str]]:
        entries = [entry for entry in _children(folder) if entry.name not in self._SKIPPED]
        links = [os.path.realpath(entry.path) for entry in entries if entry.is_symlink()]
        return links, [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


@dataclass(frozen=True)
class Layout:
    """The folders that ComfyUI and Python use. Paths are absolute."""

    code: str
    python: tuple[str, ...]
    import_path: tuple[str, ...]
    custom_nodes: tuple[str, ...]
    models: tuple[str, ...]
    private: tuple[str, ...]
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    # Download caches for models, which every prompt may read.
    model_caches: tuple[str, ...] = ()


def readable_places(layout: Layout, links: Links) -> list[str]:
    """What every prompt may read."""
    whole = [*SYSTEM, *(f"/etc/{name}" for name in ETC), *layout.python, *layout.custom_nodes, *layout.model_caches]
    whole += [*layout.models, *layout.readable]
    trees = [*layout.custom_nodes, *layout.models]
    found = harmless([*whole, *links.out_of(trees, (*layout.writable, *layout.caches))], layout.private)
    code = os.path.realpath(layout.code)
    for path in (code, *map(os.path.realpath, layout.import_path)):
        if not any(is_under(path, place) for place in found):
            found += harmless(_importable(path, code), layout.private, is_code)
    return outermost(found)


def _importable(path: str, code: str) -> list[str]:
    # Node packs put all kinds of folders on the import path. Only ComfyUI's own is allowed whole, if it has nothing private.
    if path == code or not os.path.isdir(path):
        return [path]
    return [child.path for child in _children(path) if is_code(child)]


def writable_places(layout: Layout) -> list[str]:
    """What every prompt may write, in addition to its user's folders."""
    return outermost(harmless((*layout.writable, *layout.caches), layout.private))


def devices() -> list[str]:
    numbered = [entry.path for entry in _children("/dev") if entry.path.startswith(_NUMBERED)]
    return [*(f"/dev/{name}" for name in DEVICES), *numbered]


def outermost(places: Iterable[str]) -> list[str]:
    """The places that are not below another one."""
    kept: list[str] = []
    # By their parts, so that everything below a place directly follows it: `/a-b` comes after `/a/c`.
    for place in sorted(set(places), key=lambda place: place.split("/")):
        if not (kept and is_under(place, kept[-1])):
            kept.append(place)
    return kept
