"""What a forked process does not inherit from other threads."""

import os
import select
import signal
import subprocess
import sys
import threading
import warnings

import pytest
from comfyui_tenant import confinement, forks, processes

PATIENCE = 60


@pytest.fixture(scope="module", autouse=True)
def installed():
    forks.install()


@pytest.fixture
def forked():
    """Forks a process that does nothing."""
    pids = []

    def fork(work=lambda: None):
        with warnings.catch_warnings(action="ignore") if sys.version_info >= (3, 11) else warnings.catch_warnings():
            pid = os.fork()
        if pid == 0:
            try:
                work()
                signal.pause()
            finally:
                os._exit(1)
        pids.append(pid)
        return pid

    yield fork
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_the_pipes_of_a_thread_that_is_starting_a_program(forked):
    made, go_on, ends = threading.Event(), threading.Event(), []

    def starting(_self):
        ends.extend(os.pipe())
        made.set()
        go_on.wait(PATIENCE)

    start = processes._recording(starting, lambda *_: None)
    thread = threading.Thread(target=start, args=(None,))
    thread.start()
    assert made.wait(PATIENCE)
    forked()
    os.close(ends[1])
    assert select.select([ends[0]], [], [], PATIENCE)[0], "the forked process keeps the pipe open"
    go_on.set()
    thread.join()
    os.close(ends[0])


def test_its_own_pipes_are_inherited(forked):
    ends = []

    def starting(_self):
        ends.extend(os.pipe())
        forked(lambda: os.write(ends[1], b"hello"))

    processes._recording(starting, lambda *_: None)(None)
    assert select.select([ends[0]], [], [], PATIENCE)[0]
    assert os.read(ends[0], 5) == b"hello"
    for end in ends:
        os.close(end)


def test_the_input_of_another_users_program(forked, monkeypatch):
    monkeypatch.setattr(confinement, "confined_as", lambda: "u-alice")
    program = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    forks.started(program)
    monkeypatch.setattr(confinement, "confined_as", lambda: "u-bob")
    forked()
    program.stdin.close()
    assert program.wait(PATIENCE) == 0


def test_a_lock_that_another_thread_holds(forked):
    lock, held, release = forks.new_lock(), threading.Event(), threading.Event()
    ours, theirs = os.pipe()

    def hold():
        with lock:
            held.set()
            release.wait(PATIENCE)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(PATIENCE)
    forked(lambda: os.write(theirs, b"locked" if lock.acquire(blocking=False) else b"waits "))
    release.set()
    thread.join()
    assert os.read(ours, 6) == b"locked"
    os.close(ours)
    os.close(theirs)
