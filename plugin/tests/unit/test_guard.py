import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from comfyui_tenant import context
from comfyui_tenant import guard as guard_module
from comfyui_tenant.context import Tenant
from comfyui_tenant.folders import Folders
from comfyui_tenant.guard import Guard, OutsideTenant, _has_link
from comfyui_tenant.run import PromptEnded

ALICE = Tenant("alice", "u-alice")


@pytest.fixture
def place(tmp_path):
    for name in ("u-alice", "u-bob"):
        for kind in ("input", "output", "temp"):
            (tmp_path / "tenants" / name / kind).mkdir(parents=True)
        (tmp_path / "user" / name).mkdir(parents=True)
    (tmp_path / "user" / "default").mkdir()
    return tmp_path


@pytest.fixture
def guard(place):
    return Guard(Folders(str(place / "tenants")), str(place / "user"))


@pytest.mark.parametrize(
    ("path", "alice", "anonymous"),
    [
        ("tenants/u-alice/output/x.png", True, False),
        ("tenants/u-bob/output/x.png", False, False),
        ("tenants/u-alice/../u-bob/x", False, False),
        ("tenants/U-BOB/output", False, False),
        ("TENANTS/u-bob/output", False, False),
        ("tenants/u-alice2/x", False, False),
        ("tenants", False, False),
        ("tenants/", False, False),
        ("tenants/new", False, False),
        ("user/u-alice/workflows/x.json", True, False),
        ("user/u-bob/workflows/x.json", False, False),
        ("user/default/x", True, True),
        ("output/x.png", True, True),
        ("tenants2/u-bob", True, True),
    ],
)
def test_users_access_only_their_places_and_code_without_a_user_none(place, guard, path, alice, anonymous):
    assert guard.allows(ALICE, str(place / path)) == alice
    assert guard.allows(None, str(place / path)) == anonymous


def test_a_link_into_another_users_folder_is_denied(place, guard):
    (place / "elsewhere").symlink_to(place / "tenants" / "u-bob")
    assert not guard.allows(ALICE, str(place / "elsewhere" / "output" / "x.png"))


def test_a_link_in_a_users_folder_does_not_lead_out_of_it(place, guard):
    (place / "tenants" / "u-alice" / "input" / "etc").symlink_to("/etc")
    assert not guard.allows(ALICE, str(place / "tenants/u-alice/input/etc/hostname"))


def test_a_user_folder_that_the_operator_linked_to_another_disk_is_the_users(place, guard):
    (place / "tenants" / "u-alice" / "temp").rmdir()
    (place / "disk").mkdir()
    (place / "tenants" / "u-alice" / "temp").symlink_to(place / "disk")
    assert guard.allows(ALICE, str(place / "tenants/u-alice/temp/x.png"))


def test_paths_relative_to_the_working_directory_are_checked(place, guard, monkeypatch):
    monkeypatch.chdir(place)
    assert not guard.allows(ALICE, os.path.join("tenants", "u-bob", "x"))


# Each leads to bob's file by another way than its text says; `{place}` is the folder that holds the tenants.
WAYS = [
    "/proc/self/cwd/../{name}/tenants/u-bob/input/x.png",
    "/proc/thread-self/cwd/../{name}/tenants/u-bob/input/x.png",
    "/proc/{pid}/cwd/tenants/u-bob/input/x.png",
    "/proc/{pid}/task/{pid}/cwd/tenants/u-bob/input/x.png",
    "/proc/self/root{place}/tenants/u-bob/input/x.png",
    "/proc/self/fd/{fd}/../u-bob/input/x.png",
    "/proc/self/fd/{fd}/../../tenants/./u-bob//input/x.png",
    "/dev/fd/{fd}/../u-bob/input/x.png",
    "tenants/u-alice/../u-bob/input/x.png",
    "{place}/tenants/u-bob/input/x.png",
    "{place}/tenants/u-bob/input/",
    "{place}/tenants/u-bob/input/..",
    "{place}/jump/u-bob/input/x.png",
    "{place}/jump/../tenants/u-bob/input/x.png",
    "{place}/first/u-bob/input/x.png",
    "{place}/deep/../../u-bob/input/x.png",
    "{place}/TENANTS/u-alice/input/link/x.png",
    "{place}/user/default/out/../u-bob/workflows",
]


@pytest.fixture
def tricky(place, monkeypatch):
    (place / "tenants/u-bob/input/x.png").write_text("bob")
    (place / "user/u-bob/workflows").mkdir()
    (place / "jump").symlink_to(place / "tenants")
    (place / "first").symlink_to(place / "second")
    (place / "second").symlink_to("jump")
    (place / "tenants/u-alice/input/inner").mkdir()
    (place / "deep").symlink_to(place / "tenants/u-alice/input/inner")
    (place / "user/default/out").symlink_to(place / "user/u-alice")
    (place / "deep").unlink()
    (place / "deep").symlink_to(place / "tenants/u-alice/input")
    # On a case-sensitive file system this is another folder, which a user can create.
    (place / "TENANTS/u-alice/input").mkdir(parents=True, exist_ok=True)
    (place / "TENANTS/u-alice/input/link").symlink_to(place / "tenants/u-bob/input")
    monkeypatch.chdir(place)
    return place


@pytest.mark.parametrize("way", WAYS)
def test_no_path_leads_to_another_user(tricky, guard, way):
    opened = os.open(tricky / "tenants/u-alice", os.O_RDONLY)
    try:
        path = way.format(place=tricky, name=tricky.name, pid=os.getpid(), fd=opened)
        assert os.path.lexists(path), "the way is there"
        assert not guard.allows(ALICE, path)
        assert not guard.allows(None, path)
    finally:
        os.close(opened)


def test_users_access_their_files_through_every_path(tricky, guard):
    for path in (
        "/proc/self/cwd/tenants/u-alice/input/x",
        "tenants/u-alice/input/../output/x",
        str(tricky / "jump/u-alice/temp"),
    ):
        assert guard.allows(ALICE, path), path


def test_the_target_of_an_operators_link_belongs_to_the_user(place):
    (place / "disk").mkdir()
    (place / "tenants/u-bob/temp").rmdir()
    (place / "tenants/u-bob/temp").symlink_to(place / "disk")
    guard = Guard(Folders(str(place / "tenants")), str(place / "user"))
    assert not guard.allows(ALICE, str(place / "disk" / "x"))
    assert guard.allows(Tenant("bob", "u-bob"), str(place / "disk" / "x"))


# In a separate process, because an audit hook cannot be removed.
EVENTS = {
    "open, relative to a folder": "os.open('x.png', os.O_RDONLY, dir_fd=bobs)",
    "open, up from the user's folder": "os.open('../../u-bob/input/x.png', os.O_RDONLY, dir_fd=own)",
    "open by number": "os.listdir(bobs)",
    "chdir by number": "os.fchdir(bobs)",
    "remove": "os.remove('x.png', dir_fd=bobs)",
    "mkdir": "os.mkdir('y', dir_fd=bobs)",
    "rename": "os.rename('x.png', 'y', src_dir_fd=bobs, dst_dir_fd=own)",
    "rename to": "os.rename('mine', 'x.png', src_dir_fd=own, dst_dir_fd=bobs)",
    "link": "os.link('x.png', 'y', src_dir_fd=bobs, dst_dir_fd=own)",
    "link out of place": "os.symlink('../../u-bob/input/x.png', 'y', dir_fd=own)",
    "chmod": "os.chmod('x.png', 0o777, dir_fd=bobs)",
    "utime": "os.utime('x.png', dir_fd=bobs)",
    "bytes": "open(b'/proc/self/cwd/tenants/u-bob/input/x.png')",
    "path": "pathlib.Path('/proc/self/cwd/tenants/u-bob/input/x.png').read_text()",
    "write": "open('/proc/self/cwd/../' + os.path.basename(os.getcwd()) + '/tenants/u-bob/input/new', 'w')",
    "scandir": "os.scandir('/proc/self/cwd/tenants/u-bob/input')",
    "chdir": "os.chdir('/proc/self/cwd/tenants/u-bob')",
    "uri": "sqlite3.connect('file:tenants/u%2Dbob/input/x.png?mode=ro', uri=True)",
    "uri with a host": "sqlite3.connect('file://localhost' + os.getcwd() + '/tenants/u%2dbob/x', uri=True)",
    "a link in the place of a folder": "(os.rmdir('tenants/u-alice/temp'), os.symlink('/etc', 'tenants/u-alice/temp'))",
    "a folder in the place of a folder": "(os.mkdir('tenants/u-alice/e'), os.rename(*two))",
}
PROGRAM = """
import os, pathlib, sqlite3, sys
sys.path.insert(0, {package!r})
from comfyui_tenant import context
from comfyui_tenant.folders import Folders
from comfyui_tenant.guard import Guard, OutsideTenant
os.chdir({place!r})
two = ('tenants/u-alice/e', 'tenants/u-alice/temp')
bobs, own = os.open('tenants/u-bob/input', os.O_RDONLY), os.open('tenants/u-alice/input', os.O_RDONLY)
open('tenants/u-alice/input/mine', 'w').close()
Guard(Folders('tenants'), 'user').install()
context.enter(context.Tenant('alice', 'u-alice'))
for name, text in {events!r}.items():
    try:
        eval(text)
        print(name, 'happened')
    except OutsideTenant:
        print(name, 'refused')
    except BaseException as error:
        print(name, repr(error))
for text in ("os.open('mine', 0, dir_fd=own)", "os.rename('mine', 'm', src_dir_fd=own, dst_dir_fd=own)", "os.listdir(own)"):
    eval(text)
    print(text, 'allowed')
"""


def test_every_event_is_checked_by_its_resolved_path(tricky):
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    program = PROGRAM.format(package=package, place=str(tricky), events=EVENTS)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    message = done.stdout.splitlines()
    assert message[: len(EVENTS)] == [f"{name} refused" for name in EVENTS]
    assert [line.endswith(" allowed") for line in message[len(EVENTS) :]] == [True] * 3


def test_what_cannot_be_resolved_is_denied(place, guard):
    (place / "loop").symlink_to("loop")
    (place / "tenants/u-alice/input/loop").symlink_to("loop")
    for path in ("loop", "loop/x", "tenants/u-alice/input/loop", f"/proc/{os.getppid()}/cwd/x"):
        assert not guard.allows(ALICE, str(place / path)), path
        assert not guard.allows(None, str(place / path)), path


def test_a_relative_path_is_checked_from_the_given_folder(place, guard, monkeypatch):
    monkeypatch.chdir("/")
    assert not guard.allows(ALICE, "u-bob/input/x", str(place / "tenants"))
    assert not guard.allows(ALICE, "../u-bob/input/x", str(place / "tenants/u-alice"))
    assert guard.allows(ALICE, "input/x", str(place / "tenants/u-alice"))
    assert guard.allows(None, "x", str(place / "user/default"))


def test_a_link_itself_may_be_removed_although_its_target_is_denied(place, guard):
    (place / "tenants/u-alice/input/out").symlink_to(place / "tenants/u-bob/input")
    link = str(place / "tenants/u-alice/input/out")
    assert not guard.allows(ALICE, link)
    assert not guard.allows(ALICE, link, follow=True)
    assert guard.allows(ALICE, link, follow=False)


def test_links_within_a_users_own_folder_are_followed(place, guard):
    (place / "tenants/u-alice/input/inner").mkdir()
    (place / "tenants/u-alice/input/near").symlink_to("inner")
    assert guard.allows(ALICE, str(place / "tenants/u-alice/input/near/x.png"))


def test_a_file_below_a_missing_folder_or_below_a_file_has_no_link(place):
    own = place / "tenants/u-alice/input"
    (own / "file").write_text("")
    (own / "folder").mkdir()
    (own / "folder/link").symlink_to("/etc")
    assert not _has_link(str(own), str(own))
    assert not _has_link(str(own), str(own / "folder"))
    assert not _has_link(str(own), str(own / "none/x/y"))
    assert _has_link(str(own), str(own / "folder/link"))
    assert _has_link(str(own), str(own / "folder/link/hostname"))
    # It cannot be known, so it may be one.
    assert _has_link(str(own), str(own / "file/x"))
    assert _has_link(str(own), str(own).upper() + "/folder")


def test_a_users_own_file_without_links_is_not_resolved(place, guard, monkeypatch):
    resolved = []
    monkeypatch.setattr(guard_module, "resolve", lambda *args, **kwargs: resolved.append(args) or args[0])
    assert guard.allows(ALICE, str(place / "tenants/u-alice/input/x"))
    assert resolved == []
    assert guard.allows(ALICE, str(place / "tenants/u-alice/input/../input/x"))
    assert resolved != []


def test_only_links_in_place_of_users_folders_have_an_owner(place):
    (place / "disk").mkdir()
    (place / "tenants/lost").symlink_to(place / "disk")
    (place / "tenants/u-bob/other").symlink_to(place / "disk")
    guard = Guard(Folders(str(place / "tenants")), str(place / "user"))
    assert guard.allows(ALICE, str(place / "disk/x"))


@pytest.fixture
def entered():
    token = context.enter(ALICE)
    yield
    context.leave(token)


def test_an_event_with_another_users_path_raises_and_names_it(place, guard, entered):
    path = str(place / "tenants/u-bob/input/x.png")
    with pytest.raises(OutsideTenant, match="this path belongs to another user") as caught:
        guard._check("open", (path, "r", 0))
    assert (caught.value.errno, caught.value.filename) == (13, path)
    guard._check("open", (str(place / "tenants/u-alice/input/x.png"), "r", 0))


def test_an_event_without_a_user_is_checked_too(place, guard):
    with pytest.raises(OutsideTenant):
        guard._check("open", (str(place / "tenants/u-alice/input/x.png"), "r", 0))


def test_the_plugins_own_work_is_not_checked(place, guard):
    with context.as_tenant(context.Housekeeping()):
        guard._check("open", (str(place / "tenants/u-bob/input/x.png"), "r", 0))


def test_a_prompt_that_was_given_up_does_nothing_more(place, guard):
    path = str(place / "tenants/u-alice/input/x.png")
    for given_up in (True, False):
        run = SimpleNamespace(given_up=given_up)
        with context.as_tenant(Tenant("alice", "u-alice", run=run)):
            if given_up:
                with pytest.raises(PromptEnded):
                    guard._check("open", (path, "r", 0))
            else:
                guard._check("open", (path, "r", 0))


def test_the_second_path_of_an_event_is_checked_too(place, guard, entered):
    own, bobs = str(place / "tenants/u-alice/input/a"), str(place / "tenants/u-bob/input/a")
    for paths in ((own, bobs), (bobs, own)):
        with pytest.raises(OutsideTenant):
            guard._check("os.rename", (*paths, -1, -1))
    guard._check("os.rename", (own, own + "2", -1, -1))


def test_a_path_that_cannot_be_resolved_is_refused_by_the_event(place, guard, entered):
    with pytest.raises(OutsideTenant) as caught:
        guard._check("os.remove", ("x", 99999))
    assert (caught.value.errno, caught.value.filename) == (13, "x")
    assert "cannot determine the folder" in caught.value.strerror


def test_removing_a_link_does_not_follow_it(place, guard, entered):
    link = place / "tenants/u-alice/input/out"
    link.symlink_to(place / "tenants/u-bob/input")
    guard._check("os.remove", (str(link), -1))
    with pytest.raises(OutsideTenant):
        guard._check("os.chmod", (str(link), 0o777, -1))


@pytest.mark.parametrize("event", ["os.rename", "os.link", "os.symlink"])
@pytest.mark.parametrize("top", ["tenants/u-alice/temp", "tenants/u-alice/input", "user/u-alice"])
def test_a_users_top_folder_is_never_replaced(place, guard, entered, event, top):
    source = str(place / "tenants/u-alice/output/a")
    with pytest.raises(OutsideTenant, match="this folder must not be moved or replaced") as caught:
        guard._check(event, (source, str(place / top), -1, -1))
    assert (caught.value.errno, caught.value.filename) == (13, str(place / top))
    guard._check(event, (source, str(place / top / "below"), -1, -1))


def test_a_folder_above_the_users_is_never_replaced_even_by_a_relative_path(place, guard, entered, monkeypatch):
    monkeypatch.chdir(place / "tenants/u-alice")
    for path in ("temp", "../u-alice/temp", str(place)):
        with pytest.raises(OutsideTenant):
            guard._check("os.rename", ("output/a", path, -1, -1))


def test_without_a_user_other_folders_may_be_replaced(place, guard):
    guard._check("os.rename", (str(place / "a"), str(place / "b"), -1, -1))


def test_the_hook_sees_only_the_events_that_name_files(place, guard, monkeypatch):
    hooks, checked = [], []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    monkeypatch.setattr(guard_module, "record_dir_fd_of_open", lambda: checked.append("recorded"))
    monkeypatch.setattr(guard, "_check", lambda *args: checked.append(args))
    guard.install()
    (hook,) = hooks
    for event in ("builtins.id", "open", "compile", "os.remove"):
        hook(event, ("x",))
    assert checked == ["recorded", ("open", ("x",)), ("os.remove", ("x",))]
