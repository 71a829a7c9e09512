import pytest
from comfyui_tenant.durations import KINDS, RUNS_OF_A_KIND, Durations, kind_of
from comfyui_tenant.queue_statistics import QueueStatistics
from comfyui_tenant.shares import Shares
from comfyui_tenant.turns import turn


def node(kind="Sample", **inputs):
    return {"class_type": kind, "inputs": inputs}


def test_a_seed_or_a_text_does_not_make_another_kind():
    assert kind_of({"1": node(steps=5, seed=1, noise_seed=2, text="a")}) == kind_of({"x": node(steps=5, seed=3, text="b")})


@pytest.mark.parametrize(
    "other",
    [
        {"1": node("Other", steps=5)},
        {"1": node(steps=6)},
        {"1": node(width=5)},
        {"1": node(steps=5), "2": node(steps=5)},
        {"1": node(steps=5), "2": node(steps=5), "3": node(steps=5)},
        {},
    ],
)
def test_another_node_number_or_count_makes_another_kind(other):
    assert kind_of({"1": node(steps=5)}) != kind_of(other)
    assert kind_of({"1": node(steps=5), "2": node(steps=5)}) != kind_of({"1": node(steps=5)})


def test_the_number_of_equal_nodes_counts():
    two, three = ({str(n): node(steps=5) for n in range(count)} for count in (2, 3))
    assert kind_of(two) != kind_of(three)


def test_a_node_without_inputs_has_a_kind():
    assert kind_of({"1": {"class_type": "A"}}) == kind_of({"2": {"class_type": "A", "inputs": {}}})


def test_the_longest_of_the_last_five_runs_counts():
    known = Durations()
    known.add(1, 100.0)
    for seconds in range(RUNS_OF_A_KIND - 1):
        known.add(1, float(seconds))
    assert known.remaining(1) == 100.0
    known.add(1, 7.0)
    assert known.remaining(1) == 7.0
    assert known.remaining(1, 3.0) == 4.0
    assert known.remaining(1, 7.0) is None
    assert known.remaining(2) is None


def test_a_run_of_less_than_a_second_is_known():
    known = Durations()
    known.add(1, 0.5)
    assert known.remaining(1) == 0.5


def test_an_unknown_kind_is_expected_to_take_the_mean_of_the_known_ones():
    known = Durations()
    assert known.expected(1, 9.0) == 9.0
    for kind, seconds in ((1, 2.0), (1, 4.0), (2, 8.0)):
        known.add(kind, seconds)
    assert [known.expected(kind, 9.0) for kind in (1, 2, 3)] == [4.0, 8.0, 6.0]
    for kind in range(KINDS):
        known.add(10 + kind, 1.0)
    assert known.expected(1, 9.0) == 1.0


def test_the_kind_that_ran_longest_ago_is_dropped_first():
    known = Durations()
    for kind in range(KINDS):
        known.add(kind, 1.0)
    assert known.remaining(0) == 1.0
    known.add(0, 2.0)
    known.add(KINDS, 3.0)
    assert (known.remaining(1), known.remaining(0), known.remaining(2), known.remaining(KINDS)) == (None, 2.0, 1.0, 3.0)


def statistics():
    return QueueStatistics(Shares(3600.0), lambda: 0.0)


def item(place):
    graph = {"1": node(steps=5)}
    return (turn(1, place, kind_of(graph)), f"p{place}", graph, {}, [])


def test_prompts_are_numbered_for_their_user_and_for_all():
    counted = statistics()
    made = [counted.arrive(user, {}, 1.0) for user in ("u-alice", "u-bob", "u-alice")]
    assert [(int(one), one.arrival) for one in made] == [(1, 1), (1, 2), (2, 3)]


def test_only_completed_prompts_are_measured():
    counted = statistics()
    kind = kind_of(item(1)[2])
    counted.start(item(1), 7, 100.0)
    assert (counted.started[7].at, counted.started[7].kind) == (100.0, kind)
    counted.end(7, 103.0, completed=False)
    assert (counted.started, counted.durations.remaining(kind)) == ({}, None)
    counted.start(item(2), 8, 200.0)
    counted.end(8, 203.0, completed=True)
    assert counted.durations.remaining(kind) == 3.0
    assert counted.end(9, 203.0, completed=True) is None
