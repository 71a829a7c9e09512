"""Pools of processes end without anyone waiting for their processes."""

import multiprocessing
import os
import signal
import struct
import threading
import time

import pytest
from comfyui_tenant import pool_endings
from comfyui_tenant.run import Run

FORK = multiprocessing.get_context("fork")
PATIENCE = 60


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def write_slowly(path):
    time.sleep(0.3)
    path.write_text("done")


@pytest.fixture
def pool_of_two():
    """Creates pools, and at the end kills their processes. Keeps no reference to the pools."""
    started = []

    def make():
        made = FORK.Pool(2)
        pool_endings.add(made)
        made.apply(os.getpid)
        started.append((list(made._pool), (made._worker_handler, made._task_handler, made._result_handler)))
        return made

    make.started = started
    yield make
    for workers, threads in started:
        end(workers)
        for thread in threads:
            thread.join(PATIENCE)


def end(workers):
    run = Run("p")
    for worker in workers:
        run.add_process(worker.pid)
    run.end_processes()


def test_killed_processes_are_not_replaced(pool_of_two):
    pool = pool_of_two()
    [(workers, threads)] = pool_of_two.started
    end(workers)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert not pool_endings.is_usable(pool)
    assert pool._pool == workers


@pytest.mark.parametrize("closing", [False, True])
def test_the_threads_of_a_pool_end_though_a_killed_process_holds_its_lock_for_results(pool_of_two, closing):
    box = [pool_of_two()]
    [(workers, threads)] = pool_of_two.started
    # As a process that is killed while it sends a result.
    box[0]._outqueue._wlock.acquire()
    if closing:
        handler = box[0]._worker_handler
        pool_endings.close_in_background(box.pop())
        # Then the thread that hands out tasks waits for the lock.
        handler.join(PATIENCE)
    end(workers)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_half_a_result_of_a_killed_process_holds_up_no_thread(pool_of_two):
    pool = pool_of_two()
    [(workers, threads)] = pool_of_two.started
    # The length of a message of 100 bytes, and one of them.
    os.write(pool._outqueue._writer.fileno(), struct.pack("!i", 100) + b"x")
    end(workers)
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_pool_that_lost_a_process_is_closed_without_waiting(pool_of_two):
    """Its processes take tasks under a lock, which a killed one never releases."""
    box, closed = [pool_of_two()], threading.Event()
    [(workers, _)] = pool_of_two.started
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    until(lambda: len(box[0]._pool) == 2 and not set(workers) & set(box[0]._pool))
    workers.extend(box[0]._pool)

    def close():
        pool_endings.close_in_background(box.pop())
        closed.set()

    threading.Thread(target=close, daemon=True).start()
    assert closed.wait(PATIENCE)


def test_a_closed_pool_finishes_its_tasks(pool_of_two, tmp_path):
    box = [pool_of_two()]
    for number in range(3):
        box[0].apply_async(write_slowly, (tmp_path / str(number),))
    pool_endings.close_in_background(box.pop())
    until(lambda: len(list(tmp_path.iterdir())) == 3)
    [(_, threads)] = pool_of_two.started
    until(lambda: not any(thread.is_alive() for thread in threads))
