"""What becomes of a denied access: the error of the node names the path and the setting, the operator gets one line in the
log and a count, and the user's page an event, also when the node keeps the error to itself.
"""

from __future__ import annotations

import builtins
import errno
import io
import logging
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from . import confinement, context
from .guard import OutsideTenant
from .hooks import Hook, wrap

HOOKS = (
    Hook(
        "execution",
        "PromptExecutor.handle_execution_error",
        ("self", "prompt_id", "prompt", "current_outputs", "executed", "error", "ex"),
    ),
)
EVENT = "comfy-tenant.denied"
READABLE, WRITABLE = "readable", "writable"
_SETTINGS = "COMFY_TENANT_SETTINGS"
# Functions of Python that open or change a file by its path, and of which of their arguments.
_ONE_PATH = ("open", "listdir", "scandir", "mkdir", "remove", "unlink", "rmdir", "truncate", "mkfifo")
_TWO_PATHS = ("rename", "replace", "link", "symlink")
_WRITING = frozenset((*_ONE_PATH, *_TWO_PATHS)) - {"open", "listdir", "scandir"}
_REMEMBERED = 1000
_REFUSED = re.compile(r"permission denied|errno 13\b", re.IGNORECASE)
_PATH_IN_TEXT = re.compile(r"(?<![\w/.])/[^\s'\":;,]+")


class Denials:
    """Counts and tells. `allows(directory, path, write)` is the policy of the kernel's rules."""

    def __init__(
        self, allows: Callable[[str, str, bool], bool], send: Callable[[str, dict], None], is_model: Callable[[str], bool]
    ):
        self._allows, self._send, self._is_model = allows, send, is_model
        self._lock = threading.Lock()
        self._told: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self.count = 0

    def of(self, path: str, write: bool) -> str | None:
        """The setting that would allow this access to the confined caller; None when the sandbox does not stand in its way."""
        directory = confinement.confined_as()
        if directory is None or self._allows(directory, path, write):
            return None
        return WRITABLE if write else READABLE

    def tell(self, path: str, setting: str | None) -> None:
        """Once for each user and path: to the log, and to the pages of the user."""
        directory = confinement.confined_as() or ""
        key = (directory, path, setting or "")
        with self._lock:
            self.count += 1
            if key in self._told:
                return
            self._told[key] = None
            if len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
        remedy = f"; {hint(setting)}" if setting else ", which is private"
        logging.warning("comfy-tenant: denied %s %s to a prompt of %s%s", _verb(setting), path, directory, remedy)
        self._send(EVENT, {"path": path, "setting": setting})

    def forget(self, directory: str) -> None:
        """A new prompt of a user begins: its denials are told anew."""
        with self._lock:
            for key in [key for key in self._told if key[0] == directory]:
                del self._told[key]

    def explanation(self, path: str, setting: str, certain: bool = True) -> str:
        """@param certain whether reading was meant, or it may have been writing"""
        if setting == READABLE and self._is_model(path):
            return f"comfy-tenant: {path} was linked into a folder of models only now: try again"
        if not certain:
            return f"comfy-tenant: {path} is out of reach here; {hint(setting)} to be read, {WRITABLE} also to be changed"
        return f"comfy-tenant: {_verb(setting)} {path} is not allowed here; {hint(setting)}"


def hint(setting: str) -> str:
    return f"the setting {setting} of {_SETTINGS} would allow it"


def _verb(setting: str | None) -> str:
    return {READABLE: "reading", WRITABLE: "writing"}.get(setting or "", "access to")


def install(denials: Denials) -> None:
    from execution import PromptExecutor

    for name in (*_ONE_PATH, *_TWO_PATHS):
        replace_in_os(name, _Telling(getattr(os, name), name, denials))
    telling = _Telling(builtins.open, "open", denials)
    builtins.open = io.open = telling
    wrap(PromptExecutor, "handle_execution_error", lambda original: _explained(original, denials))


def replace_in_os(name: str, new: Callable) -> None:
    original = getattr(os, name)
    for group in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if original in group:
            group.add(new)
    setattr(os, name, new)


class _Telling:
    """A function of Python's that explains why the kernel refused. Not a method, wherever a class keeps it."""

    __slots__ = ("__dict__", "_denials", "_name", "_original")

    def __init__(self, original: Callable, name: str, denials: Denials):
        self._original, self._name, self._denials = original, name, denials
        self.__name__ = self.__qualname__ = name
        self.__doc__, self.__module__ = original.__doc__, getattr(original, "__module__", None)
        self.__wrapped__ = original

    def __call__(self, *args, **kwargs):
        try:
            return self._original(*args, **kwargs)
        except PermissionError as error:
            if confinement.confined_as() is not None:
                _explain(error, self._name, args, kwargs, self._denials)
            raise

    def __repr__(self) -> str:
        return repr(self._original)


def _explain(error: PermissionError, name: str, args: tuple, kwargs: dict, denials: Denials) -> None:
    paths = [_text(path) for path in args[: 2 if name in _TWO_PATHS else 1]] or [_text(kwargs.get("path", kwargs.get("file")))]
    if isinstance(error, OutsideTenant):
        denials.tell(paths[0] or "", None)
        return
    write = name in _WRITING or (name == "open" and _opens_for_writing(args, kwargs))
    for path in filter(None, paths):
        setting = denials.of(path, write)
        if setting is not None:
            denials.tell(path, setting)
            error.strerror = denials.explanation(path, setting)
            return


def _opens_for_writing(args: tuple, kwargs: dict) -> bool:
    how = args[1] if len(args) > 1 else kwargs.get("mode", kwargs.get("flags", "r"))
    if isinstance(how, int):
        return bool(how & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return any(letter in str(how) for letter in "wax+")


def _text(path: object) -> str | None:
    if isinstance(path, int) or path is None:
        return None
    try:
        return os.fsdecode(path)
    except TypeError:
        return None


def _explained(original, denials: Denials):
    """ComfyUI's own error of a node, with what the sandbox had to do with it: also for libraries that open files themselves."""

    def handle_execution_error(self, prompt_id, prompt, current_outputs, executed, error, ex, *args, **kwargs):
        message = str(error.get("exception_message", ""))
        if context.current() is not None and "comfy-tenant:" not in message:
            inputs = prompt.get(error.get("node_id"), {}).get("inputs", {})
            told = list(_denied(ex, message, inputs, denials))
            if told:
                error = {**error, "exception_message": "\n".join([message.rstrip(), *told])}
        return original(self, prompt_id, prompt, current_outputs, executed, error, ex, *args, **kwargs)

    return handle_execution_error


def _denied(ex: BaseException, message: str, inputs: dict, denials: Denials) -> Iterator[str]:
    """What the sandbox denies of the paths that an error, its text and the node's inputs name."""
    refused = getattr(ex, "errno", None) == errno.EACCES or _REFUSED.search(message)
    named = [path for path in (getattr(ex, "filename", None),) if refused and isinstance(path, str)]
    if refused:
        named += _PATH_IN_TEXT.findall(message)
    for path in dict.fromkeys((*named, *_paths_of(inputs.values()))):
        setting = denials.of(path, write=False) or (denials.of(path, write=True) if refused and path in named else None)
        if setting is not None:
            denials.tell(path, setting)
            yield denials.explanation(path, setting, certain=setting == WRITABLE)


def _paths_of(values: Iterable[object]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and value.startswith("/") and "\n" not in value)
