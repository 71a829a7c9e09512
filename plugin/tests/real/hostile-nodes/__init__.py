"""Nodes that try to access other users' data. Each returns the outcome as text."""

import asyncio
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import folder_paths

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from output_node import OutputNode  # noqa: E402

POOL = ThreadPoolExecutor(1)


def _root():
    return os.path.dirname(os.path.dirname(folder_paths.get_output_directory()))


def _past_cwd(path):
    """Through a link, after which `..` is not the parent of its text."""
    return "/proc/self/cwd" + "/.." * 20 + path


def _own_folder():
    return os.open(folder_paths.get_output_directory(), os.O_RDONLY)


WAYS = {
    "open": lambda path: open(path).read(),
    "open_bytes": lambda path: open(os.fsencode(path), "rb").read(),
    "os_open": lambda path: os.open(path, os.O_RDONLY),
    "pathlib": lambda path: Path(path).read_text(),
    "write": lambda path: open(path + ".new", "w").write("x"),
    "append": lambda path: open(path, "a").write("x"),
    "listdir": lambda path: os.listdir(os.path.dirname(path)),
    "scandir": lambda path: list(os.scandir(os.path.dirname(path))),
    "walk": lambda path: [x for _, _, names in os.walk(_root(), onerror=_raise) for x in names],
    "remove": lambda path: os.remove(path),
    "rename_away": lambda path: os.rename(path, os.path.join(folder_paths.get_output_directory(), "x")),
    "rename_over": lambda path: os.rename(__file__ + ".none", path),
    "copy": lambda path: shutil.copy(path, folder_paths.get_output_directory()),
    "rmtree": lambda path: shutil.rmtree(os.path.dirname(path)),
    "mkdir": lambda path: os.makedirs(os.path.join(os.path.dirname(path), "new")),
    "chmod": lambda path: os.chmod(path, 0o777),
    "chdir": lambda path: os.chdir(os.path.dirname(path)),
    "symlink": lambda path: os.symlink(path, os.path.join(folder_paths.get_output_directory(), "link")),
    "symlink_relative": lambda path: os.symlink(
        os.path.relpath(path, folder_paths.get_output_directory()),
        os.path.join(folder_paths.get_output_directory(), "relative"),
    ),
    "link": lambda path: os.link(path, os.path.join(folder_paths.get_output_directory(), "hard")),
    "cwd_link": lambda path: open(_past_cwd(path)).read(),
    "cwd_link_write": lambda path: open(_past_cwd(path), "w").write("x"),
    "cwd_link_listdir": lambda path: os.listdir(os.path.dirname(_past_cwd(path))),
    "fd_link": lambda path: open(f"/proc/thread-self/fd/{_own_folder()}/../../u-alice/" + path.split("/u-alice/")[1]).read(),
    "dir_fd": lambda path: os.open("../../u-alice/" + path.split("/u-alice/")[1], os.O_RDONLY, dir_fd=_own_folder()),
    "annotated": lambda path: open(folder_paths.get_annotated_filepath(path)).read(),
    "thread": lambda path: _in_thread(lambda: open(path).read()),
    "pool": lambda path: POOL.submit(lambda: open(path).read()).result(),
    "loop": lambda path: _in_thread(lambda: asyncio.run(_in_executor(path))),
}


def _raise(error):
    raise error


async def _in_executor(path):
    return await asyncio.get_running_loop().run_in_executor(None, lambda: open(path).read())


def _in_thread(work):
    found = []

    def run():
        try:
            found.append(work())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


class Reach(OutputNode):
    INPUTS = {"way": "STRING", "path": "STRING"}

    @classmethod
    def IS_CHANGED(cls, **_):
        return float("nan")

    def run(self, way, path):
        try:
            happened = f"got {WAYS[way](path)!r}"
        except (PermissionError, ValueError) as error:
            happened = f"refused {error}"
        return {"ui": {"text": [happened]}}


class Where(OutputNode):
    """Reports its user's output folder, in each way in which code can run."""

    INPUTS = {"nonce": "STRING"}

    def run(self, nonce):
        ask = folder_paths.get_output_directory

        async def task():
            return await asyncio.to_thread(ask)

        async def executor():
            return await asyncio.get_running_loop().run_in_executor(None, ask)

        return {
            "ui": {
                "text": [
                    ask(),
                    _in_thread(ask),
                    _in_thread(lambda: _in_thread(ask)),
                    POOL.submit(ask).result(),
                    _in_thread(lambda: asyncio.run(task())),
                    _in_thread(lambda: asyncio.run(executor())),
                ]
            }
        }


class CheckpointLoaderSimple:
    """Counts its runs, in place of the slow loader of a big model."""

    CATEGORY = "test"
    FUNCTION = "load"
    RETURN_TYPES = ("DEMO_MODEL",)
    runs = 0

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"name": ("STRING", {})}}

    def load(self, name):
        type(self).runs += 1
        return (type(self).runs,)


class ShowRuns(OutputNode):
    INPUTS = {"model": "DEMO_MODEL"}

    def run(self, model):
        return {"ui": {"text": [str(model)]}}


NODE_CLASS_MAPPINGS = {"Reach": Reach, "Where": Where, "TestSharedLoader": CheckpointLoaderSimple, "ShowRuns": ShowRuns}
