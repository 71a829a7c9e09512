"""Compares the guard's path resolution with the kernel's, on random trees of links."""

import errno
import os
import random
import sys

import pytest
from comfyui_tenant import kernel_path
from comfyui_tenant.kernel_path import Unresolvable, _windows, of_descriptor, resolve

NAMES = ["a", "b", "c", "..", ".", "", "l", "m"]
TREES, PATHS = 60, 80


def random_tree(chance: random.Random, root: str) -> None:
    folders = [root]
    for _ in range(12):
        folder = os.path.join(chance.choice(folders), chance.choice("abc"))
        if not os.path.lexists(folder):
            os.mkdir(folder)
            folders.append(folder)
    for _ in range(4):
        with open(os.path.join(chance.choice(folders), chance.choice("xyz")), "w"):
            pass
    for _ in range(10):
        link = os.path.join(chance.choice(folders), chance.choice("lmn"))
        if not os.path.lexists(link):
            os.symlink(random_path(chance, root), link)


def random_path(chance: random.Random, root: str) -> str:
    way = "/".join(chance.choice(NAMES) for _ in range(chance.randint(1, 6)))
    starts = [root + "/", root + "//", "", f"/proc/self/cwd{chance.choice(['', '/..'])}/", f"/proc/self/root{root}/"]
    return (chance.choice(starts) + way + chance.choice(["", "", "/", "/."])) or "."


def kernel(path: str, follow: bool) -> str | None:
    try:
        descriptor = os.open(path, os.O_PATH | (0 if follow else os.O_NOFOLLOW))
    except OSError:
        return None
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("follow", [True, False])
def test_paths_resolve_as_in_the_kernel(tmp_path, monkeypatch, follow):
    assert sys.platform == "linux", "the kernel is asked by O_PATH: run this on Linux"
    compared = 0
    for seed in range(TREES):
        chance = random.Random(seed)
        root = str(tmp_path / f"{follow}{seed}")
        os.mkdir(root)
        random_tree(chance, root)
        monkeypatch.chdir(chance.choice([folder for folder, _, _ in os.walk(root)]))
        for _ in range(PATHS):
            path = random_path(chance, root)
            found = kernel(path, follow)
            if found is not None:
                compared += 1
                assert resolve(path, os.getcwd(), follow=follow) == found, (seed, path)
    assert compared > TREES * PATHS / 5


def test_a_cycle_of_links_cannot_be_resolved(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Unresolvable):
        resolve(str(tmp_path / "a" / "x"), "/")


@pytest.mark.parametrize("way", ["cwd", "root", "fd/1", "task/{pid}/cwd", "exe", "environ", "task/{pid}/environ"])
def test_paths_through_another_process_are_refused(way):
    other = os.getppid()
    with pytest.raises(Unresolvable):
        resolve(f"/proc/{other}/{way.format(pid=other)}", "/")


def test_harmless_facts_about_another_process_can_be_read():
    other = os.getppid()
    assert resolve(f"/proc/{other}/status", "/") == f"/proc/{other}/status"


@pytest.mark.parametrize(
    "path", ["/proc/self/fd/{fd}/..", "/proc/thread-self/fd/{fd}/..", "/dev/fd/{fd}/..", "/proc/{pid}/fd/{fd}/.."]
)
def test_the_path_of_an_open_folder_is_found(tmp_path, path):
    (tmp_path / "inner").mkdir()
    descriptor = os.open(tmp_path / "inner", os.O_RDONLY)
    try:
        assert resolve(path.format(fd=descriptor, pid=os.getpid()), "/") == str(tmp_path)
    finally:
        os.close(descriptor)


def chain(tmp_path, length):
    (tmp_path / "end").mkdir()
    previous = "end"
    for n in range(length):
        (tmp_path / f"l{n}").symlink_to(previous)
        previous = f"l{n}"
    return str(tmp_path / previous)


def test_as_many_links_are_followed_as_in_the_kernel(tmp_path):
    assert resolve(chain(tmp_path, 40), "/") == str(tmp_path / "end")


def test_one_link_more_is_refused_as_in_the_kernel(tmp_path):
    path = chain(tmp_path, 41)
    with pytest.raises(Unresolvable) as caught:
        resolve(path, "/")
    assert (caught.value.errno, caught.value.filename) == (errno.ELOOP, path)
    assert caught.value.strerror == "comfy-tenant: too many links"


def test_a_last_link_is_followed_by_default_and_with_a_slash_always(tmp_path):
    (tmp_path / "end").mkdir()
    (tmp_path / "link").symlink_to("end")
    link, end = str(tmp_path / "link"), str(tmp_path / "end")
    assert resolve(link, "/") == end
    assert resolve(link, "/", follow=False) == link
    for slash in ("/", "/.", "//"):
        assert resolve(link + slash, "/", follow=False) == end
    assert resolve("link", str(tmp_path)) == resolve("link", str(tmp_path) + "/") == end


def test_a_name_below_a_file_or_a_missing_folder_is_kept(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("file/x", "none/x/y"):
        assert resolve(str(tmp_path / name), "/") == str(tmp_path / name)


@pytest.mark.parametrize("function", ["lstat", "readlink"])
def test_a_path_that_the_system_does_not_show_is_refused(tmp_path, monkeypatch, function):
    (tmp_path / "link").symlink_to("end")
    original = getattr(os, function)

    def denied(path, *args, **kwargs):
        if str(path).endswith("/link"):
            raise PermissionError(errno.EACCES, "denied", path)
        return original(path, *args, **kwargs)

    monkeypatch.setattr(os, function, denied)
    with pytest.raises(Unresolvable) as caught:
        resolve(str(tmp_path / "link" / "x"), "/")
    expected = {"lstat": "comfy-tenant: cannot resolve this path", "readlink": "comfy-tenant: cannot read this link"}
    assert (caught.value.errno, caught.value.strerror) == (errno.EACCES, expected[function])
    assert caught.value.filename == str(tmp_path / "link")


def test_the_refusal_of_another_process_names_the_path():
    path = f"/proc/{os.getppid()}/environ"
    with pytest.raises(Unresolvable) as caught:
        resolve(path, "/")
    assert (caught.value.errno, caught.value.filename) == (errno.EACCES, path)
    assert caught.value.strerror == "comfy-tenant: paths through another process or an inode number are not allowed"


@pytest.mark.parametrize("path", ["/.vol/1/2", "/.VOL/1/2", "/.file/id=1.2"])
def test_files_by_inode_number_are_refused(path):
    with pytest.raises(Unresolvable):
        resolve(path, "/")


def test_names_that_only_look_like_inode_numbers_or_processes_are_not(tmp_path):
    for path in ("/.volume/1", f"{tmp_path}/.vol/1", f"{tmp_path}/proc/1/environ", f"/proc/{os.getpid()}/environ"):
        assert resolve(path, "/") == path


def test_the_root_and_what_is_above_it_is_the_root():
    assert [resolve(path, "/") for path in ("/", "/..", "/../..", "/usr/..", "..", ".")] == ["/"] * 6


def test_a_descriptor_has_a_path_while_it_is_open(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    assert of_descriptor(descriptor) == str(tmp_path)
    os.close(descriptor)
    assert of_descriptor(descriptor) is None


def test_on_windows_the_system_resolves(monkeypatch, tmp_path):
    (tmp_path / "end").mkdir()
    (tmp_path / "link").symlink_to("end")
    assert _windows(str(tmp_path / "link"), True) == str(tmp_path / "end")
    assert _windows(str(tmp_path / "link" / ".." / "link"), False) == str(tmp_path / "link")
    monkeypatch.setattr(kernel_path, "_windows", lambda *args: args)
    monkeypatch.setattr(kernel_path, "_posix", lambda *args: args)
    monkeypatch.setattr(os, "name", "nt")
    assert resolve("a", "/base", follow=False) == ("/base/a", False)
