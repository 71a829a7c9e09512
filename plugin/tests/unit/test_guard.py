import os
import subprocess
import sys

import pytest
from comfyui_tenant.context import Tenant
from comfyui_tenant.folders import Folders
from comfyui_tenant.guard import Guard

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
