"""The name of a user's folders, and comparisons of paths. Pure: does not access the disk."""

import base64
import functools
import hashlib
import re

# The gateway percent-encodes ids, so each is one path segment of printable ASCII. `~` separates a prefix from the id.
USER_ID = re.compile(r"(?:[A-Za-z0-9._@+~-]|%[0-9A-F]{2}){1,200}")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,61}")
_DIRECTORY = re.compile(r"u-[a-z0-9][a-z0-9_-]{0,61}|x-[a-z2-7]{52}")
KINDS = ("input", "output", "temp")
MAX_USER_ID = 200


@functools.lru_cache(maxsize=4096)
def is_user_id(text: str) -> bool:
    """Whether this is a user id in the gateway's encoding: no leading dot, and not `default`, ComfyUI's shared folder."""
    if len(text) > MAX_USER_ID or not USER_ID.fullmatch(text):
        return False
    return not text.startswith(".") and text != "default"


def directory_of(user_id: str) -> str:
    """The name of a user's folders: unique per user, and lower case, for file systems that ignore case."""
    if _PLAIN.fullmatch(user_id):
        return "u-" + user_id
    digest = hashlib.sha256(user_id.encode("utf-8")).digest()
    return "x-" + base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def is_directory(name: str) -> bool:
    """Whether this name has the form of a user's folder."""
    return _DIRECTORY.fullmatch(name) is not None


def is_below(path: str, root: str, sep: str = "/") -> bool:
    """Whether an absolute, normalised path is `root` or below it.

    Ignores case, and on Windows treats `/` as `sep`: if the file system does not, the result errs towards True.
    """
    own, other = (_folded(text, sep) for text in (path, root))
    return own == other or own.startswith(other.rstrip(sep) + sep)


def first_below(path: str, root: str, sep: str = "/") -> str | None:
    """The first component of a path below `root`; empty for `root` itself, None outside it."""
    if not is_below(path, root, sep):
        return None
    rest = _folded(path, sep)[len(_folded(root, sep).rstrip(sep)) :].lstrip(sep)
    return rest.split(sep, 1)[0]


@functools.lru_cache(maxsize=8192)
def _folded(path: str, sep: str) -> str:
    if sep != "\\":
        return path.casefold()
    # Windows: accepts both slashes, ignores the \\?\ prefix, and drops trailing dots and spaces of names.
    plain = path.replace("/", "\\").removeprefix("\\\\?\\")
    return "\\".join(part.rstrip(". ") if len(part) > 2 else part for part in plain.split("\\")).casefold()
