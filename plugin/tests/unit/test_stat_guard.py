import errno
import os
import pathlib
import sys
from types import SimpleNamespace

import pytest
from comfyui_tenant import confinement, context, stat_guard
from comfyui_tenant.context import Housekeeping, Tenant
from comfyui_tenant.stat_guard import _CachedDecisions, _Guarded


class Guard:
    """Denies what is below /private; records what it is asked, and as whom."""

    def __init__(self):
        self.asked = []

    def allows(self, tenant, path, base, *, follow):
        assert isinstance(context.snapshot(), Housekeeping)
        self.asked.append((tenant.directory, path, base, follow))
        return not str(path).startswith("/private")


@pytest.fixture
def guard():
    return Guard()


def decisions_of(guard, changing=(), generation=lambda: 0):
    return _CachedDecisions(guard, changing, generation)


def test_the_guard_decides_as_the_user_and_its_own_work_is_not_the_users(guard):
    own = decisions_of(guard)
    with context.as_tenant(Tenant("alice", "u-alice")):
        assert own.allows("u-alice", "/public/x", None, True)
        assert not own.allows("u-alice", "/private/x", None, False)
        assert context.current() == Tenant("alice", "u-alice")
    assert guard.asked == [("u-alice", "/public/x", None, True), ("u-alice", "/private/x", None, False)]


def test_the_user_is_current_again_after_an_error(guard):
    guard.allows = lambda *_args, **_kwargs: (_ for _ in ()).throw(ValueError())
    with context.as_tenant(Tenant("alice", "u-alice")):
        with pytest.raises(ValueError):
            decisions_of(guard).allows("u-alice", "/x", None, True)
        assert context.current() == Tenant("alice", "u-alice")


def test_a_decision_is_cached_for_its_user_path_and_way(guard):
    own = decisions_of(guard)
    for _ in range(3):
        assert own.allows("u-alice", "/public/x", None, True)
        assert not own.allows("u-alice", "/private/x", None, True)
    assert len(guard.asked) == 2
    own.allows("u-bob", "/public/x", None, True)
    own.allows("u-alice", "/public/x", None, False)
    own.allows("u-alice", "/public/y", None, True)
    assert len(guard.asked) == 5


def test_a_new_generation_drops_all_decisions(guard):
    now = [0]
    own = decisions_of(guard, generation=lambda: now[0])
    own.allows("u-alice", "/public/x", None, True)
    now[0] = 1
    own.allows("u-alice", "/public/x", None, True)
    assert len(guard.asked) == 2


@pytest.mark.parametrize("path", ["/changing/x", "/changing", "/a/../changing/x", "/public/../x", "/a//../changing"])
def test_nothing_is_cached_where_users_can_create_links(guard, path):
    own = decisions_of(guard, ("/changing",))
    for _ in range(2):
        own.allows("u-alice", path, None, True)
    assert guard.asked == [("u-alice", path, None, True)] * 2


def test_the_resolved_place_is_one_where_users_can_create_links_too(guard, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    own = decisions_of(guard, (str(tmp_path / "link"),))
    for path in (str(tmp_path / "real" / "x"), str(tmp_path / "link" / "x")):
        for _ in range(2):
            own.allows("u-alice", path, None, True)
    assert len(guard.asked) == 4


def test_a_relative_path_is_asked_each_time_with_the_folder_of_its_descriptor(guard, tmp_path):
    own = decisions_of(guard)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(2):
            own.allows("u-alice", "x", descriptor, True)
    finally:
        os.close(descriptor)
    own.allows("u-alice", "x", None, True)
    own.allows("u-alice", "/x", 99999, True)
    assert guard.asked == [
        *[("u-alice", "x", str(tmp_path), True)] * 2,
        ("u-alice", "x", None, True),
        ("u-alice", "/x", None, True),
    ]


@pytest.mark.parametrize("path", [b"/public/x", pathlib.PurePosixPath("/public/x")])
def test_bytes_and_path_objects_are_asked_as_text_and_never_cached(guard, path):
    own = decisions_of(guard)
    for _ in range(2):
        assert own.allows("u-alice", path, None, True)
    assert guard.asked == [("u-alice", "/public/x", None, True)] * 2


class Text(str):
    """Could answer differently each time."""


def test_an_object_that_only_looks_like_text_is_not_cached(guard):
    own = decisions_of(guard)
    for _ in range(2):
        own.allows("u-alice", Text("/public/x"), None, True)
    assert len(guard.asked) == 2


@pytest.fixture
def confined(monkeypatch):
    monkeypatch.setattr(confinement, "confined_as", lambda: "u-alice")


def original(path, *args, **kwargs):
    """Docs."""
    return ("original", path, args, kwargs)


def guarded(guard, name="stat"):
    return _Guarded(original, name, decisions_of(guard))


def test_a_denied_path_appears_missing(guard, confined):
    with pytest.raises(FileNotFoundError) as caught:
        guarded(guard)("/private/x")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOENT, "/private/x")
    assert caught.value.strerror == os.strerror(errno.ENOENT)
    assert guarded(guard, "access")("/private/x", os.R_OK) is False


def test_an_allowed_path_goes_to_the_original_with_all_arguments(guard, confined):
    assert guarded(guard)("/public/x", 1, a=2) == ("original", "/public/x", (1,), {"a": 2})
    assert guard.asked == [("u-alice", "/public/x", None, True)]


@pytest.mark.parametrize(
    ("name", "kwargs", "follow"),
    [
        ("stat", {}, True),
        ("stat", {"follow_symlinks": False}, False),
        ("lstat", {}, False),
        ("readlink", {}, False),
        ("access", {"follow_symlinks": False}, False),
        ("statvfs", {}, True),
    ],
)
def test_links_are_followed_as_the_function_does(guard, confined, name, kwargs, follow):
    guarded(guard, name)("/public/x", **kwargs)
    assert guard.asked == [("u-alice", "/public/x", None, follow)]


def test_the_folder_of_a_relative_path_is_passed_on(guard, confined, tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        guarded(guard)("x", dir_fd=descriptor)
    finally:
        os.close(descriptor)
    assert guard.asked == [("u-alice", "x", str(tmp_path), True)]


def test_open_files_code_of_the_server_and_the_plugins_own_work_are_not_checked(guard, monkeypatch):
    assert guarded(guard)("/private/x")[0] == "original"
    monkeypatch.setattr(confinement, "confined_as", lambda: "u-alice")
    assert guarded(guard)(3) == ("original", 3, (), {})
    with context.as_tenant(Housekeeping()):
        assert guarded(guard)("/private/x", 1, a=2) == ("original", "/private/x", (1,), {"a": 2})
    assert guard.asked == []


def test_a_replacement_looks_like_the_original_and_is_no_method(guard):
    own = guarded(guard, "lstat")
    assert (own.__name__, own.__qualname__, own.__doc__, own.__wrapped__) == ("lstat", "lstat", "Docs.", original)
    assert not hasattr(own, "__get__")


def test_every_function_that_shows_attributes_is_replaced(guard, monkeypatch):
    import posix

    replaced = {}
    monkeypatch.setattr(stat_guard, "replace_in_os", replaced.__setitem__)
    for name in stat_guard._FUNCTIONS:
        monkeypatch.setattr(posix, name, getattr(posix, name))
    monkeypatch.setattr(stat_guard, "_update_pathlib", lambda: replaced.__setitem__("pathlib", None))
    monkeypatch.setattr(confinement, "confined_as", lambda: "u-alice")
    stat_guard.install(guard, ["/changing"], lambda: 0)
    assert sorted(replaced) == ["access", "lstat", "pathconf", "pathlib", "readlink", "stat", "statvfs"]
    for name in ("stat", "lstat", "readlink", "statvfs"):
        assert getattr(posix, name) is replaced[name]
        assert replaced[name].__name__ == name
        with pytest.raises(FileNotFoundError):
            replaced[name]("/private/x")
    assert replaced["stat"]("/") == os.stat("/")
    for _ in range(2):
        replaced["access"]("/changing/x", os.R_OK)
    assert guard.asked[-2:] == [("u-alice", "/changing/x", None, True)] * 2


def test_pathlib_of_python_3_10_gets_the_replacements(monkeypatch):
    accessor = type("Accessor", (), {name: None for name in ("stat", "listdir", "open", "rename")})
    monkeypatch.setitem(sys.modules, "pathlib", SimpleNamespace(_NormalAccessor=accessor))
    stat_guard._update_pathlib()
    assert (accessor.stat, accessor.listdir, accessor.rename) == (os.stat, os.listdir, os.rename)
    assert accessor.open is open
    assert not hasattr(accessor, "mkdir")


def test_a_newer_pathlib_needs_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pathlib", SimpleNamespace())
    stat_guard._update_pathlib()
    monkeypatch.delitem(sys.modules, "pathlib")
    stat_guard._update_pathlib()
