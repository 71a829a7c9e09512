"""Compares the guard's path resolution with the kernel's, on random trees of links."""

import os
import random
import sys

import pytest
from comfyui_tenant.kernel_path import Unresolvable, resolve

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
