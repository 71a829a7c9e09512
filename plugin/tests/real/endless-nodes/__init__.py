"""Nodes that never end, each in a different way, and one that reports if it continues."""

import atexit
import contextlib
import ctypes
import multiprocessing
import os
import select
import socket
import subprocess
import sys
import threading
import time

import folder_paths

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from output_node import OutputNode  # noqa: E402


def _sleep():
    while True:
        time.sleep(0.05)


def _spin():
    while True:
        pass


def _stubborn():
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.05)


def _very_stubborn():
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(BaseException):
            time.sleep(0.05)
    # By now the prompt has been abandoned.
    with open(os.path.join(folder_paths.get_output_directory(), "late.txt"), "w") as file:
        file.write("late")


def _event():
    threading.Event().wait()


def _select():
    one, _other = socket.socketpair()
    select.select([one], [], [])


def _receive():
    one, _other = socket.socketpair()
    one.recv(1)


def _thread():
    worker = threading.Thread(target=_sleep)
    worker.start()
    worker.join()


def _program():
    subprocess.run([sys.executable, "-c", "import time; time.sleep(1000)", "endless-program"])


def _grandchild():
    inner = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(1000)', 'endless-program'])"
    subprocess.run([sys.executable, "-c", inner, "endless-program"])


def _system():
    os.system(f"{sys.executable} -c 'import time; time.sleep(1000)' endless-program")


def _fork():
    child = os.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(1000)", "endless-program"])
    os.waitpid(child, 0)


def _respawning():
    while True:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(1000)", "endless-program"])


def _process_pool():
    # Its processes end at once and are restarted forever.
    with multiprocessing.get_context("spawn").Pool(1, initializer=os._exit, initargs=(1,)) as pool:
        pool.apply(len, ((),))


KEPT = []


def _sleeps_with_the_lock(*_):
    # As a library in C does that keeps the interpreter's lock.
    ctypes.PyDLL(None).sleep(30)


def _slow_to_take_down():
    KEPT.append(type("Slow", (), {"__del__": _sleeps_with_the_lock})())


def _slow_to_close():
    atexit.register(_sleeps_with_the_lock)


WAYS = {
    name[1:]: way
    for name, way in list(globals().items())
    if name.startswith("_") and not name.startswith("__") and callable(way)
}


class Endless(OutputNode):
    INPUTS = {"way": "STRING", "nonce": "STRING"}

    def run(self, way, nonce):
        print(f"endless {nonce} runs", flush=True)
        WAYS[way]()
        return {"ui": {"text": ["ended"]}}


class Raises(OutputNode):
    """Raises or returns what ComfyUI does not expect."""

    INPUTS = {"what": "STRING"}

    @classmethod
    def IS_CHANGED(cls, what):
        return time.monotonic()

    def run(self, what):
        if what == "exit":
            raise SystemExit(3)
        if what == "base":
            raise BaseException("base")
        if what == "keyboard":
            raise KeyboardInterrupt
        if what == "unpicklable":
            return {"ui": {"text": [threading.Lock()]}}
        if what == "no list":
            return {"ui": {"text": 5}}
        return {"ui": {"text": [{1, 2}]}}


class KillWorker(OutputNode):
    """An exception in the worker itself, as from a bug in ComfyUI."""

    INPUTS = {"nonce": "STRING"}

    def run(self, nonce):
        import execution

        original = execution.PromptQueue.get_flags

        def get_flags(self, *args, **kwargs):
            execution.PromptQueue.get_flags = original
            raise RuntimeError("the worker ends")

        execution.PromptQueue.get_flags = get_flags
        return {"ui": {"text": ["done"]}}


NODE_CLASS_MAPPINGS = {"Endless": Endless, "Raises": Raises, "KillWorker": KillWorker}
