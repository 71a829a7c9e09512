import threading
from types import SimpleNamespace

import pytest
from comfyui_tenant.durations import Durations, kind_of
from comfyui_tenant.ownership import OWNER
from comfyui_tenant.queue_statistics import QueueStatistics
from comfyui_tenant.shares import Shares
from comfyui_tenant.turns import turn
from comfyui_tenant.wait import wait_of


def graph(steps, text="a", seed=1):
    return {"1": {"class_type": "Sample", "inputs": {"steps": steps, "text": text, "seed": seed, "model": ["2", 0]}}}


def item(user, prompt, place=1):
    return (turn(1, place, kind_of(prompt)), f"{user}{place}", prompt, {OWNER: f"u-{user}"}, [])


def situation(running, waiting=(), known=(), started=100.0):
    statistics = QueueStatistics(Shares(3600.0), lambda: started)
    for prompt, seconds in known:
        statistics.durations.add(kind_of(prompt), seconds)
    statistics.start(running, 7, started)
    queue = SimpleNamespace(mutex=threading.RLock(), currently_running={7: running}, queue=list(waiting))
    return queue, statistics


def eta(now, *args, **kwargs):
    return wait_of(*situation(*args, **kwargs), "u-bob", now)["etaSeconds"]


BOBS = item("bob", graph(1), 3)


@pytest.mark.parametrize(
    ("now", "known", "expected"),
    [
        (101, [], None),
        (101, [(graph(1), 1.0)], None),
        (101, [(graph(20), 20.0)], 19.0),
        (115, [(graph(20), 20.0)], 5.0),
        # It has been running for longer than any known prompt.
        (125, [(graph(20), 20.0)], None),
        (101, [(graph(20, "b", 2), 20.0), (graph(20), 0.01)], 19.0),
        (105, [(graph(20), 20.0), (graph(1), 1.0)], 15.0),
    ],
)
def test_the_estimate_uses_the_longest_known_duration(now, known, expected):
    assert eta(now, item("alice", graph(20)), [BOBS], known) == expected


def test_all_prompts_ahead_are_part_of_the_estimate():
    carols = item("carol", graph(5), 2)
    known = [(graph(20), 20.0), (graph(5), 4.0)]
    assert eta(105, item("alice", graph(20)), [carols, BOBS], known) == 19.0
    assert eta(105, item("alice", graph(20)), [carols, BOBS], known[:1]) is None


def test_a_running_prompt_does_not_wait():
    assert eta(105, item("bob", graph(20))) == 0


def test_all_users_see_how_long_the_current_prompt_has_run():
    assert wait_of(*situation(item("alice", graph(20))), "u-bob", 112.34)["runningSeconds"] == 12.3


def test_a_limited_number_of_kinds_is_kept():
    durations = Durations()
    for kind in range(3000):
        durations.add(kind, 1.0)
    assert len(durations._known) == 1000


def test_users_see_their_prompts_and_how_many_are_ahead_but_nothing_about_those():
    queue, statistics = situation(
        item("alice", graph(20)), [item("bob", graph(1), 5), item("carol", graph(5), 2), item("bob", graph(1), 3)]
    )
    assert wait_of(queue, statistics, "u-bob", 112.34) == {
        "running": False,
        "ahead": 2,
        "mine": [
            {"promptId": "bob3", "state": "waiting", "ahead": 2},
            {"promptId": "bob5", "state": "waiting", "ahead": 3},
        ],
        "runningSeconds": 12.3,
        "etaSeconds": None,
    }
    assert wait_of(queue, statistics, "u-dave", 112.34) == {
        **{"running": False, "ahead": 4, "mine": [], "runningSeconds": 12.3, "etaSeconds": None}
    }


def test_a_running_prompt_is_the_users_first():
    queue, statistics = situation(item("bob", graph(20)), [item("bob", graph(1), 3)])
    assert wait_of(queue, statistics, "u-bob", 105.0) == {
        "running": True,
        "ahead": 0,
        "mine": [
            {"promptId": "bob1", "state": "running", "ahead": 0},
            {"promptId": "bob3", "state": "waiting", "ahead": 1},
        ],
        "runningSeconds": 5.0,
        "etaSeconds": 0,
    }


def test_an_idle_queue_makes_nobody_wait():
    queue = SimpleNamespace(mutex=threading.RLock(), currently_running={}, queue=[])
    expected = {"running": False, "ahead": 0, "mine": [], "runningSeconds": None, "etaSeconds": 0}
    assert wait_of(queue, QueueStatistics(Shares(3600.0), lambda: 0.0), "u-bob") == expected


def test_a_prompt_whose_start_is_unknown_has_run_for_no_time():
    queue, _ = situation(item("alice", graph(20)))
    assert wait_of(queue, QueueStatistics(Shares(3600.0), lambda: 0.0), "u-bob", 105.0)["runningSeconds"] == 0.0


def test_the_estimate_is_in_tenths_of_a_second():
    assert eta(105.04, item("alice", graph(20)), [BOBS], [(graph(20), 20.0)]) == 15.0
    assert eta(105.06, item("alice", graph(20)), [BOBS], [(graph(20), 20.0)]) == 14.9


def test_items_are_ordered_by_their_turn_only():
    same = [item("bob", graph(1), 3), item("carol", graph(5), 3)]
    queue, statistics = situation(item("alice", graph(20)), same)
    assert wait_of(queue, statistics, "u-carol", 105.0)["ahead"] == 2
