import subprocess
import sys
import threading
import time

import pytest
from comfyui_tenant import context
from comfyui_tenant.context import Tenant
from comfyui_tenant.prompt_thread import PromptThread, wait_forever
from comfyui_tenant.run import PromptEnded, Run
from comfyui_tenant.run_limits import INTERRUPTED, TIME_IS_UP, RunLimits
from comfyui_tenant.threads import working_for
from comfyui_tenant.worker import Worker

SLEEP = [sys.executable, "-c", "import time; time.sleep(100)"]
ALICE = Tenant("alice", "u-alice")


def test_only_what_the_prompt_started_is_killed():
    run = Run("p")
    own, other = subprocess.Popen(SLEEP), subprocess.Popen(SLEEP)
    try:
        run.add_process(own.pid)
        run.end_processes()
        own.wait(60)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_prompts_thread_is_ended_and_other_threads_continue():
    runs, ended, end = [Run("a"), Run("b")], [], threading.Event()
    ready = threading.Barrier(3)

    def work(run):
        try:
            with working_for(Tenant("alice", "u-alice", run=run)):
                ready.wait()
                while not end.is_set():
                    time.sleep(0.01)
        except PromptEnded:
            ended.append(run.prompt_id)

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    ready.wait()
    runs[0].end_threads()
    threads[0].join(60)
    end.set()
    threads[1].join(60)
    assert ended == ["a"]
    assert not runs[0].has_threads and not runs[1].has_threads


def test_ending_a_prompt_does_not_end_the_next_task_of_a_pools_thread():
    for _ in range(200):
        run = Run("p")
        try:
            with working_for(Tenant("alice", "u-alice", run=run)):
                run.end_threads()
        except PromptEnded:
            pass
        assert not run.has_threads
        assert sum(range(100)) == 4950


def ran(work, enter=lambda _tenant: None):
    running = PromptThread(ALICE, work, enter)
    running.start()
    wait_forever(running)
    return running


def test_a_prompts_thread_first_enters_and_has_its_user():
    seen = []
    assert ran(lambda: seen.append(context.current()), lambda tenant: seen.append(tenant)).error is None
    assert seen == [ALICE, ALICE]


def test_if_a_thread_cannot_be_confined_the_prompt_does_not_run():
    def refuse(_tenant):
        raise PermissionError("no sandbox")

    seen = []
    assert isinstance(ran(lambda: seen.append(1), refuse).error, PermissionError)
    assert seen == []


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), ValueError("x"), PromptEnded()])
def test_an_exception_of_a_prompt_is_reported(error):
    def work():
        raise error

    assert ran(work).error is error


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Waiting:
    """A prompt that never ends; each wait takes its full timeout."""

    error = None

    def __init__(self, tenant, clock):
        self.tenant, self.clock, self.waits = tenant, clock, []

    def wake(self):
        pass

    def wait(self, seconds):
        self.waits.append(seconds)
        self.clock.now += seconds
        return False


def test_a_prompt_is_interrupted_then_forced_then_abandoned(monkeypatch):
    clock, limits = Clock(), None
    limits = RunLimits(60, 10, clock)
    monkeypatch.setattr(limits, "_free_memory", lambda: None)
    monkeypatch.setattr("comfyui_tenant.run_limits._interrupt", lambda: None)
    waiting = Waiting(limits.begin(ALICE, "p"), clock)
    assert limits.watch(waiting) is False
    assert waiting.waits[:2] == [60, 10]
    run = waiting.tenant.run
    assert (run.reason, run.given_up, limits.times_given_up, limits.current) == (TIME_IS_UP, True, 1, None)
    assert clock.now == 75
    assert str(limits.explain(waiting)) == "stopped: a prompt may run for at most 60 s"


def test_the_first_reason_to_end_is_kept():
    run = Run("p", Clock())
    run.stop(INTERRUPTED)
    run.stop(TIME_IS_UP)
    assert run.reason == INTERRUPTED


def test_a_failed_worker_is_restarted_and_its_prompt_is_ended():
    worker, reported, calls = Worker(sleep=lambda _: None), [], []
    worker.on_death(reported.append)

    def prompt_worker():
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("x")

    thread = threading.Thread(target=prompt_worker)
    worker.adopt(thread)
    thread.start()
    thread.join(60)
    assert (worker.restarts, len(reported), len(calls), worker.alive) == (2, 2, 3, False)


def test_other_threads_are_left_alone():
    worker = Worker()
    thread = threading.Thread(target=time.sleep)
    worker.adopt(thread)
    assert worker.alive is False and thread._target is time.sleep
