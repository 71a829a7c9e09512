"""From a user id to the name of the user's folders, and whether a path lies below a folder. Pure: reads no disk."""

import base64
import functools
import hashlib
import re

# What the gateway sends: percent-encoded, so one path segment of printable ASCII. `~` parts a prefix from the id.
USER_ID = re.compile(r"(?:[A-Za-z0-9._@+~-]|%[0-9A-F]{2}){1,200}")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}")
_DIRECTORY = re.compile(r"u-[a-z0-9][a-z0-9_-]{0,61}|x-[a-z2-7]{52}")
KINDS = ("input", "output", "temp")
MAX_USER_ID = 200


@functools.lru_cache(maxsize=4096)
def is_user_id(text: str) -> bool:
    """Whether this is a user id as the gateway writes it: no leading dot, and not `default`, ComfyUI's shared root."""
    if len(text) > MAX_USER_ID or not USER_ID.fullmatch(text):
        return False
    return not text.startswith(".") and text != "default"


def directory_of(user_id: str) -> str:
    """The name of a user's folders: injective, lower case only, so that file systems that ignore case are safe too."""
    if _PLAIN.fullmatch(user_id):
        return "u-" + user_id
    digest = hashlib.sha256(user_id.encode("utf-8")).digest()
    return "x-" + base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def is_directory(name: str) -> bool:
    """Whether a folder of this name could be a user's."""
    return _DIRECTORY.fullmatch(name) is not None


def is_below(path: str, root: str, sep: str = "/") -> bool:
    """Whether an absolute, normalised path is `root` or lies below it.

    Case is ignored and `/` is taken for `sep`, so that the answer errs on the side of "below" where a file system
    would tell two spellings apart.
    """
    own, other = (_folded(text, sep) for text in (path, root))
    return own == other or own.startswith(other.rstrip(sep) + sep)


def first_below(path: str, root: str, sep: str = "/") -> str | None:
    """The name of the entry of `root` that a path goes through; empty for `root` itself, None outside of it."""
    if not is_below(path, root, sep):
        return None
    rest = _folded(path, sep)[len(_folded(root, sep).rstrip(sep)) :].lstrip(sep)
    return rest.split(sep, 1)[0]


@functools.lru_cache(maxsize=8192)
def _folded(path: str, sep: str) -> str:
    if sep != "\\":
        return path.casefold()
    # Windows: either slash; the \\?\ prefix names the same file; trailing dots and blanks of a name are dropped.
    plain = path.replace("/", "\\").removeprefix("\\\\?\\")
    return "\\".join(part.rstrip(". ") if len(part) > 2 else part for part in plain.split("\\")).casefold()
